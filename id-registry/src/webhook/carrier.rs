//! Who carries messages to receivers: the domain knows no HTTP.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Address, Message};
use crate::words::words;

/// Carries messages. It follows no redirection, and bounds how long a receiver may take.
pub trait Carrier: fmt::Debug + Send + Sync {
    /// Hands a message to the receiver at an address.
    ///
    /// # Errors
    /// The receiver did not say in time that it has it.
    fn carry(&self, address: &Address, message: &Message) -> Result<(), Undelivered>;
}

words! {
    /// Why a message was not taken.
    Why {
        /// There was no connection, or it broke off.
        Unreachable = "unreachable",
        /// The receiver's certificate does not lead to what is trusted.
        Untrusted = "untrusted",
        /// No answer came in time.
        TimedOut = "timed-out",
        /// It wants to be somewhere else; a new address is entered, not followed.
        Redirected = "redirected",
        /// It does not take the message.
        Refused = "refused",
        /// It is there no more (410): nothing is tried again.
        Gone = "gone",
        /// It failed.
        Failed = "failed",
    }
}

/// A message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undelivered {
    /// Why.
    pub why: Why,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl Undelivered {
    /// No answer came.
    pub const fn unanswered(why: Why) -> Self {
        Self { why, status: None }
    }

    /// What an answer means that is not 2xx.
    pub const fn answered(status: u16) -> Self {
        let why = match status {
            300..=399 => Why::Redirected,
            410 => Why::Gone,
            500..=599 => Why::Failed,
            _ => Why::Refused,
        };
        Self { why, status: Some(status) }
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} ({status})", self.why),
            None => self.why.fmt(f),
        }
    }
}
