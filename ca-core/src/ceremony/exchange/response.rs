//! The root's answer to a request.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{ExchangeError, Request, must_be};
use crate::ceremony::signed::Signed;
use crate::certificate::CaId;
use crate::keys::Signer;
use crate::keys::sealed::passphrase::as_base64;

pub(super) const WHAT: &str = "response";
/// The form of the text.
const FORMAT: &str = "npki-ca-response/1";

/// The text of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseContent {
    format: String,
    /// The request's nonce.
    pub nonce: String,
    /// SHA-256 of the request's text, hex.
    pub request_sha256: String,
    /// The hierarchy.
    pub hierarchy: String,
    /// The CA that asked.
    pub ca: CaId,
    /// Its certificate, DER.
    #[serde(with = "as_base64")]
    pub certificate: Vec<u8>,
    /// The root's certificate, DER.
    #[serde(with = "as_base64")]
    pub root: Vec<u8>,
    /// The root's newest CRL, DER.
    #[serde(with = "as_base64")]
    pub crl: Vec<u8>,
    /// The ceremony in which it was made.
    pub ceremony: String,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub answered_at: OffsetDateTime,
}

/// What a response is made from besides its request.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// The CA's certificate, DER.
    pub certificate: &'a [u8],
    /// The root's certificate, DER.
    pub root: &'a [u8],
    /// The root's newest CRL, DER.
    pub crl: &'a [u8],
    /// The ceremony.
    pub ceremony: &'a str,
    /// When, UTC.
    pub at: OffsetDateTime,
}

/// A response as read. What it says counts once [`Pending::accept`](super::Pending::accept) has taken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) signed: Signed,
    pub(super) content: ResponseContent,
}

impl Response {
    /// Answers a request; `root` signs.
    ///
    /// # Errors
    /// The key could not be used.
    pub fn make(request: &Request, answer: &Answer<'_>, root: &dyn Signer) -> Result<Self, ExchangeError> {
        let asked = request.content();
        let content = ResponseContent {
            format: FORMAT.to_owned(),
            nonce: asked.nonce.clone(),
            request_sha256: request.digest(),
            hierarchy: asked.hierarchy.clone(),
            ca: asked.ca.clone(),
            certificate: answer.certificate.to_vec(),
            root: answer.root.to_vec(),
            crl: answer.crl.to_vec(),
            ceremony: answer.ceremony.to_owned(),
            answered_at: answer.at,
        };
        let body = serde_json::to_string(&content)
            .map_err(|error| ExchangeError::Form { what: WHAT, why: error.to_string() })?;
        Ok(Self { signed: Signed::sign(body, "root", root)?, content })
    }

    /// Reads a response. Nothing in it is proven yet.
    ///
    /// # Errors
    /// It is no response.
    pub fn parse(file: &[u8]) -> Result<Self, ExchangeError> {
        let refused = |source| ExchangeError::Signed { what: WHAT, source };
        let signed = Signed::parse(file).map_err(refused)?;
        let content: ResponseContent = serde_json::from_str(&signed.body)
            .map_err(|error| ExchangeError::Form { what: WHAT, why: error.to_string() })?;
        must_be(WHAT, &content.format, FORMAT)?;
        Ok(Self { signed, content })
    }

    /// What it says.
    pub const fn content(&self) -> &ResponseContent {
        &self.content
    }

    /// SHA-256 of its text, hex.
    pub fn digest(&self) -> String {
        self.signed.digest()
    }

    /// The file.
    pub fn to_file(&self) -> String {
        self.signed.to_file()
    }
}
