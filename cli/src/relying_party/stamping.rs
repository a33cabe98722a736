//! Asking a time-stamping unit, over `ocsp_responder::timestamp`.

use ca_core::clock::Entropy;
use ocsp_responder::signature::ContentDigest;
use ocsp_responder::timestamp::{Answered, TimestampQuery};
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use serde::Serialize;
use time::OffsetDateTime;

use crate::client::Publications;
use crate::failure::{Failure, catalogue};

/// A time stamp that answers the question it was asked with.
#[derive(Debug, Clone, Serialize)]
pub struct Stamp {
    /// When it was, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The token's number, lower-case hex.
    pub serial: String,
    /// The policy that it was given under.
    pub policy: String,
    /// Who stamped.
    pub unit: String,
    /// The unit's reply, DER.
    #[serde(skip)]
    pub reply: Vec<u8>,
    /// The token alone, DER.
    #[serde(skip)]
    pub token: Vec<u8>,
}

/// Has a file stamped, by its SHA-256 alone: the file itself stays here.
///
/// # Errors
/// The unit cannot be reached, refuses, or answers something else.
pub fn stamp_file(
    document: &[u8],
    unit: &url::Url,
    publications: &Publications,
    entropy: &dyn Entropy,
) -> Result<Stamp, Failure> {
    stamp(ContentDigest::of(document, DigestAlgorithm::Sha256), unit, publications, entropy)
}

/// Has stamped what has this digest.
///
/// # Errors
/// As [`stamp_file`].
pub fn stamp(
    digest: ContentDigest,
    unit: &url::Url,
    publications: &Publications,
    entropy: &dyn Entropy,
) -> Result<Stamp, Failure> {
    let refused = |cause: String| {
        Failure::of(&catalogue::NO_TIMESTAMP).what(format!("{unit} gave no time stamp")).cause(cause)
    };
    let query = TimestampQuery::about(digest, None, entropy).map_err(|error| refused(error.to_string()))?;
    let reply = publications.ask_for_timestamp(unit, query.der().to_vec())?;
    let Answered { token, verified } = query.read(&reply).map_err(|error| refused(error.to_string()))?;
    Ok(Stamp {
        at: verified.statement.at,
        serial: verified.statement.serial,
        policy: verified.statement.policy.to_string(),
        unit: verified.signer.subject(),
        reply,
        token,
    })
}
