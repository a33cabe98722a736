//! What is asked of a time-stamping unit (RFC 3161 section 2.4.1).

use der::Decode;
use der::asn1::{Int, ObjectIdentifier};

use super::asn1::{MessageImprint, TimeStampReq};
use super::refusal::Refusal;
use crate::validation::algorithm::{AlgorithmError, read_digest};

/// The most octets of a request: one with SHA-512, a policy and a long nonce has less than 200.
pub const MAX_REQUEST: usize = 8 * 1024;
/// The most octets of a nonce. RFC 3161 section 2.4.1 speaks of 64 bits.
const MAX_NONCE: usize = 64;

/// A request as read: a digest of an accepted algorithm, and what is wished besides.
#[derive(Debug, Clone)]
pub struct TimestampRequest {
    pub(super) imprint: MessageImprint,
    pub(super) policy: Option<ObjectIdentifier>,
    pub(super) nonce: Option<Int>,
    pub(super) certificate_wanted: bool,
}

impl TimestampRequest {
    /// Reads one request and nothing after it.
    ///
    /// # Errors
    /// Which refusal answers it.
    pub fn parse(der: &[u8]) -> Result<Self, Refusal> {
        if der.len() > MAX_REQUEST {
            return Err(Refusal::BadDataFormat);
        }
        let read = TimeStampReq::from_der(der).map_err(|_| Refusal::BadDataFormat)?;
        // Section 2.4.1: version 1 is the only one.
        if read.version != 1 {
            return Err(Refusal::BadRequest);
        }
        verify_imprint(&read.imprint)?;
        if read.nonce.as_ref().is_some_and(|nonce| nonce.as_bytes().len() > MAX_NONCE) {
            return Err(Refusal::BadRequest);
        }
        // Section 2.4.1: a token that leaves an extension aside, critical or not, is never given.
        if read.extensions.is_some() {
            return Err(Refusal::UnacceptedExtension);
        }
        Ok(Self {
            imprint: read.imprint,
            policy: read.policy,
            nonce: read.nonce,
            certificate_wanted: read.certificate_wanted,
        })
    }
}

/// What a request says, for display: nothing is judged.
#[derive(Debug)]
pub(crate) struct RequestOutline {
    /// Dotted number of the digest's algorithm.
    pub(crate) digest_algorithm: String,
    /// Lower-case hex.
    pub(crate) digest: String,
    pub(crate) policy: Option<String>,
    /// Lower-case hex.
    pub(crate) nonce: Option<String>,
    pub(crate) certificate_wanted: bool,
}

impl RequestOutline {
    /// `None`: it is no request.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let read = TimeStampReq::from_der(der).ok()?;
        Some(Self {
            digest_algorithm: read.imprint.algorithm.oid.to_string(),
            digest: hex::encode(read.imprint.digest.as_bytes()),
            policy: read.policy.map(|policy| policy.to_string()),
            nonce: read.nonce.map(|nonce| hex::encode(nonce.as_bytes())),
            certificate_wanted: read.certificate_wanted,
        })
    }
}

/// Section 2.4.1: the digest is of an algorithm known to be strong enough, and of its length.
fn verify_imprint(imprint: &MessageImprint) -> Result<(), Refusal> {
    let algorithm = read_digest(&imprint.algorithm).map_err(|error| match error {
        AlgorithmError::NotAccepted(_) => Refusal::BadAlgorithm,
        _ => Refusal::BadDataFormat,
    })?;
    if imprint.digest.as_bytes().len() == algorithm.ring().output_len() {
        Ok(())
    } else {
        Err(Refusal::BadDataFormat)
    }
}
