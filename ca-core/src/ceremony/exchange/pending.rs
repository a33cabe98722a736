//! The online side of an exchange: a request that waits for its answer, and takes one.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::response::WHAT;
use super::{ExchangeError, Request, Response};
use crate::ceremony::fingerprint;
use crate::ceremony::signed::{Signed, SignedError, verifies};

/// A request that was made, and whether it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    request: Signed,
    answered: Option<Answered>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    response_sha256: String,
}

/// What a response that was taken brings. To be made durable together with the [`Pending`] that took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The CA's certificate, DER.
    pub certificate: Vec<u8>,
    /// The root's certificate, DER.
    pub root: Vec<u8>,
    /// The root's newest CRL, DER.
    pub crl: Vec<u8>,
}

impl Pending {
    /// A request that is not answered yet.
    pub fn new(request: &Request) -> Self {
        Self { request: request.signed().clone(), answered: None }
    }

    /// Reads what [`Pending::to_file`] wrote.
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(file: &[u8]) -> Result<Self, ExchangeError> {
        serde_json::from_slice(file)
            .map_err(|error| ExchangeError::Form { what: "pending request", why: error.to_string() })
    }

    /// The file.
    pub fn to_file(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The request.
    ///
    /// # Errors
    /// It was altered.
    pub fn request(&self) -> Result<Request, ExchangeError> {
        Request::of(self.request.clone())
    }

    /// When it was answered.
    pub fn answered_at(&self) -> Option<OffsetDateTime> {
        self.answered.as_ref().map(|answered| answered.at)
    }

    /// Takes a response, once.
    ///
    /// # Errors
    /// The request was answered before or expired; the response is from another root, altered, or answers another
    /// request; or its certificate is not what was asked for.
    pub fn accept(&mut self, file: &[u8], now: OffsetDateTime) -> Result<Accepted, ExchangeError> {
        if let Some(answered) = &self.answered {
            return Err(ExchangeError::Answered(answered.at));
        }
        let (request, response) = (self.request()?, Response::parse(file)?);
        let (asked, content) = (request.content(), response.content());
        from_root(&response, &asked.root_sha256)?;
        if content.nonce != asked.nonce {
            return Err(ExchangeError::OtherNonce);
        }
        if content.request_sha256 != request.digest()
            || (&content.hierarchy, &content.ca) != (&asked.hierarchy, &asked.ca)
        {
            return Err(ExchangeError::OtherRequest);
        }
        if content.answered_at > asked.expires_at || now > asked.expires_at {
            return Err(ExchangeError::Expired(asked.expires_at));
        }
        certifies(&content.certificate, &content.root, &request, now)?;
        self.answered = Some(Answered { at: now, response_sha256: response.digest() });
        let Response { content, .. } = response;
        Ok(Accepted { certificate: content.certificate, root: content.root, crl: content.crl })
    }
}

/// The response carries the very root that was asked, and that root's key signed it.
fn from_root(response: &Response, root_sha256: &str) -> Result<(), ExchangeError> {
    let wrong = || ExchangeError::WrongRoot { expected: root_sha256.to_owned() };
    let root = &response.content.root;
    let (_, parsed) = X509Certificate::from_der(root).map_err(|_| wrong())?;
    match response.signed.must_be_signed_by(parsed.public_key().raw) {
        Err(SignedError::OtherSigner) => return Err(wrong()),
        Err(source) => return Err(ExchangeError::Signed { what: WHAT, source }),
        Ok(_) => {}
    }
    if fingerprint(root) == root_sha256 { Ok(()) } else { Err(wrong()) }
}

/// The certificate is for our key, a CA's, under our name, in force, and signed by the root.
fn certifies(der: &[u8], root: &[u8], request: &Request, now: OffsetDateTime) -> Result<(), ExchangeError> {
    let refused = |why: &str| ExchangeError::Certificate(why.to_owned());
    let read = |der| X509Certificate::from_der(der).map_err(|error| refused(&error.to_string()));
    let ((_, certificate), (_, root)) = (read(der)?, read(root)?);
    if certificate.public_key().raw != request.content().public_key {
        return Err(refused("it is for another key"));
    }
    let signed = certificate.tbs_certificate.as_ref();
    if !verifies(root.public_key().raw, signed, &certificate.signature_value.data) {
        return Err(refused("the root did not sign it"));
    }
    if !certificate.is_ca() {
        return Err(refused("it is not a CA's"));
    }
    let name = &request.content().name.common_name;
    let mut names = certificate.subject().iter_common_name();
    if !names.any(|found| found.as_str().is_ok_and(|found| found == name)) {
        return Err(refused("it is for another name"));
    }
    let ends = certificate.validity().not_after.to_datetime();
    if now > ends { Err(refused("it has expired")) } else { Ok(()) }
}
