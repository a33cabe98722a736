//! An answer on its way out: bytes, and what a cache may know about them.

use std::sync::{Arc, OnceLock};

use ring::digest;
use time::OffsetDateTime;

/// How a responder ended (RFC 6960 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    /// A signed answer.
    Successful,
    /// The client's fault: the request cannot be read.
    MalformedRequest,
    /// Ours: the responder is not in a state to answer.
    InternalError,
    /// Ours, and it will pass: the status could not be read.
    TryLater,
    /// The responder never answers unsigned requests.
    SignatureRequired,
    /// The responder does not answer for this issuer, or not this client.
    Unauthorized,
}

impl ResponseStatus {
    /// The name in RFC 6960 section 4.2.1.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Successful => "successful",
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::SignatureRequired => "sigRequired",
            Self::Unauthorized => "unauthorized",
        }
    }
}

impl std::fmt::Display for ResponseStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// An OCSP response, ready to be sent. Copies share its octets.
#[derive(Debug, Clone)]
pub struct Answer {
    octets: Arc<Octets>,
    status: ResponseStatus,
    freshness: Option<Freshness>,
}

#[derive(Debug)]
struct Octets {
    der: Vec<u8>,
    /// Computed when first asked for, once for all who are given the answer.
    sha256: OnceLock<String>,
}

impl Octets {
    fn of(der: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { der, sha256: OnceLock::new() })
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.der()
    }
}

/// From when until when an answer may be used again for the same question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// The moment the answer speaks of, UTC, whole seconds.
    pub this_update: OffsetDateTime,
    /// The moment by which there is a newer one, UTC, whole seconds.
    pub next_update: OffsetDateTime,
}

impl Answer {
    /// A signed answer; `freshness` only where it may serve others who ask the same.
    pub(super) fn signed(der: Vec<u8>, freshness: Option<Freshness>) -> Self {
        Self { octets: Octets::of(der), status: ResponseStatus::Successful, freshness }
    }

    /// The request cannot be read.
    pub fn malformed_request() -> Self {
        Self::unsigned(ResponseStatus::MalformedRequest, 1)
    }

    /// The responder is not in a state to answer.
    pub fn internal_error() -> Self {
        Self::unsigned(ResponseStatus::InternalError, 2)
    }

    /// The status cannot be read at present.
    pub fn try_later() -> Self {
        Self::unsigned(ResponseStatus::TryLater, 3)
    }

    /// The responder does not answer for any issuer asked about.
    pub fn unauthorized() -> Self {
        Self::unsigned(ResponseStatus::Unauthorized, 6)
    }

    /// `OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED }`, written out: an error answer must not itself fail.
    fn unsigned(status: ResponseStatus, code: u8) -> Self {
        Self { octets: Octets::of(vec![0x30, 3, 0x0a, 1, code]), status, freshness: None }
    }

    /// The DER of the OCSPResponse.
    pub fn der(&self) -> &[u8] {
        &self.octets.der
    }

    /// SHA-256 of the DER, lower-case hex.
    pub fn sha256(&self) -> &str {
        self.octets.sha256.get_or_init(|| hex::encode(digest::digest(&digest::SHA256, self.der())))
    }

    /// How it ended.
    pub const fn status(&self) -> ResponseStatus {
        self.status
    }

    /// How long it may be kept for others; `None` when it may not: errors, and answers to a nonce, which are bound to
    /// their request (RFC 9654 section 2.1).
    pub const fn freshness(&self) -> Option<Freshness> {
        self.freshness
    }
}
