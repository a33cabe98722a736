//! How an online CA and an offline root talk: by signed files, each answer bound to its request by a nonce.
//!
//! The online side makes a [`Request`], signed with the new key (proof of possession), and keeps it as [`Pending`]. The
//! root answers with a [`Response`] in a ceremony. [`Pending::accept`] takes it once.

mod pending;
mod request;
mod response;

use time::OffsetDateTime;

use super::signed::SignedError;
use crate::clock::{EntropyError, in_words};
use crate::keys::KeyError;

pub use pending::{Accepted, Pending};
pub use request::{Request, RequestContent, Wish};
pub use response::{Answer, Response, ResponseContent};

/// A request or response was refused.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It is no such file, altered, or of another signer.
    #[error("the {what} is refused: {source}")]
    Signed {
        /// `request` or `response`.
        what: &'static str,
        /// Why.
        source: SignedError,
    },
    /// Its text has another form.
    #[error("the {what} is refused: {why}")]
    Form {
        /// `request` or `response`.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The request is too old.
    #[error("the request expired {}; make a new one", in_words(*.0))]
    Expired(OffsetDateTime),
    /// The request is of the future: a clock is wrong.
    #[error("the request was made {}, which is not yet: compare the clocks of both machines", in_words(*.0))]
    NotYet(OffsetDateTime),
    /// The response answers another request.
    #[error("the response answers another request: its nonce is not ours")]
    OtherNonce,
    /// The response carries our nonce and answers other words.
    #[error("the response answers another request: the digest is not ours")]
    OtherRequest,
    /// The request was answered before.
    #[error("the request was answered already, {}; a response is taken once", in_words(*.0))]
    Answered(OffsetDateTime),
    /// The response is not signed by the root that was asked.
    #[error("the response is not from the root that was asked: SHA-256 {expected} was expected")]
    WrongRoot {
        /// The fingerprint of the root that was asked.
        expected: String,
    },
    /// The certificate in it is not what was asked for.
    #[error("the certificate in the response is refused: {0}")]
    Certificate(String),
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Goes on with a file whose form is known; another is of another version.
fn must_be(what: &'static str, found: &str, expected: &str) -> Result<(), ExchangeError> {
    if found == expected {
        return Ok(());
    }
    Err(ExchangeError::Form {
        what,
        why: format!("it is of the form {found:?}, this npki knows {expected:?}"),
    })
}

#[cfg(test)]
mod tests;
