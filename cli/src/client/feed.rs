//! Fetches the status feed of an installation. What comes is judged by whoever asked for it.

use std::path::Path;
use std::time::Duration;

use ca_core::status::feed::{MAX_BODY, Place};

use super::{PublicSite, published, tls};
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;

/// The status that says that the ledger has no such place (RFC 9110 section 15.5.11, Gone).
const GONE: u16 = 410;

/// Where a feed is fetched.
#[derive(Debug)]
pub struct FeedClient(PublicSite);

/// What comes after a place.
#[derive(Debug)]
pub enum Following {
    /// A message.
    Message(Vec<u8>),
    /// The installation's history is another one: a snapshot is needed.
    OtherHistory,
}

impl FeedClient {
    /// Fetches from the installation at this address; over HTTPS, its certificate must lead to one in `trust`, PEM.
    ///
    /// # Errors
    /// It is HTTPS and nothing is trusted, or the file cannot be read.
    pub fn new(base: url::Url, trust: Option<&Path>, patience: Duration) -> Result<Self, Failure> {
        let anchors =
            trust.map(|trust| Anchors::parse(&files::read(trust, files::MAX_OBJECT)?)).transpose()?;
        Self::of(base, anchors.as_ref(), patience)
    }

    /// As [`Self::new`], with anchors that were read.
    ///
    /// # Errors
    /// It is HTTPS and nothing is trusted.
    pub fn of(base: url::Url, anchors: Option<&Anchors>, patience: Duration) -> Result<Self, Failure> {
        let tls = match (base.scheme(), anchors) {
            ("http", _) => tls::none()?,
            ("https", Some(anchors)) => tls::pinned(anchors, None)?,
            _ => {
                let cause =
                    format!("{base} is no http:// address, and https:// needs a CA certificate to trust");
                return Err(Failure::of(&catalogue::USAGE).cause(cause));
            }
        };
        PublicSite::over(tls, base, patience).map(Self)
    }

    /// The newest snapshot.
    ///
    /// # Errors
    /// No answer, or it is not published there.
    pub fn snapshot(&self) -> Result<Vec<u8>, Failure> {
        // The head is short beside the longest body.
        self.0.long_file("status/snapshot", MAX_BODY + files::MAX_OBJECT)
    }

    /// What comes after this place.
    ///
    /// # Errors
    /// No answer, or it is not published there.
    pub fn after(&self, place: &Place) -> Result<Following, Failure> {
        let path = format!("status/after/{}/{}", place.position, place.digest);
        let answer = self.0.get(&path)?;
        match answer.status {
            GONE => Ok(Following::OtherHistory),
            _ => published(&self.0.address(&path), answer).map(Following::Message),
        }
    }
}
