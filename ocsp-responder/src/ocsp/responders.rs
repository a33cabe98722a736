//! Several issuers behind one address.

use std::sync::Arc;

use super::answer::Answer;
use super::request::StatusRequest;
use super::responder::Responder;

/// The responders of one installation, each for an issuer of its own.
#[derive(Debug, Default)]
pub struct Responders(Vec<Arc<Responder>>);

impl Responders {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a responder for one more issuer. The caller may keep a share of it, to rotate its certificate.
    #[must_use]
    pub fn with(mut self, responder: Arc<Responder>) -> Self {
        self.0.push(responder);
        self
    }

    /// Answers one request. Never fails: what goes wrong is told as an OCSP error.
    ///
    /// One answer has one signer, and a delegated responder may sign for one issuer only (RFC 6960 section 4.2.2.2):
    /// the responder of the first CertID that anyone here serves answers all of it, and says unknown to the rest.
    pub fn respond(&self, request: &[u8]) -> Answer {
        let request = match StatusRequest::parse(request) {
            Ok(request) => request,
            Err(fault) => {
                tracing::debug!(%fault, "malformed OCSP request");
                return Answer::malformed_request();
            }
        };
        let serving = request.cert_ids.iter().find_map(|id| self.0.iter().find(|one| one.serves(id)));
        match serving {
            Some(responder) => responder.answer(&request),
            // RFC 5019 section 2.2.3: unauthorized where the server cannot answer authoritatively.
            None => Answer::unauthorized(),
        }
    }

    /// Whether every responder could answer now.
    ///
    /// # Errors
    /// One could not.
    pub fn check_ready(&self) -> Result<(), NotReady> {
        if self.0.iter().all(|responder| responder.is_in_force()) { Ok(()) } else { Err(NotReady) }
    }
}

/// A responder's certificate has expired or is not valid yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an OCSP responder's certificate is not in force")]
pub struct NotReady;
