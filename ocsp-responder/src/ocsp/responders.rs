//! Several issuers behind one address.

use std::sync::{Arc, PoisonError, RwLock};

use time::OffsetDateTime;

use super::answer::Answer;
use super::request::StatusRequest;
use super::responder::Responder;

/// The responders of one installation, each for an issuer of its own. Further ones may come while they answer.
#[derive(Debug, Default)]
pub struct Responders(RwLock<Arc<Vec<Arc<Responder>>>>);

impl Responders {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a responder for one more issuer. The caller may keep a share of it, to rotate its certificate.
    #[must_use]
    pub fn with(self, responder: Arc<Responder>) -> Self {
        self.add(responder);
        self
    }

    /// Adds a responder for one more issuer, from the next request on.
    pub fn add(&self, responder: Arc<Responder>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut all).push(responder);
    }

    /// Those there are now.
    fn all(&self) -> Arc<Vec<Arc<Responder>>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads one request, and answers it where that needs neither store nor key. Never fails: what goes wrong is told as an
    /// OCSP error.
    ///
    /// One answer has one signer, and a delegated responder may sign for one issuer only (RFC 6960 section 4.2.2.2):
    /// the responder of the first CertID that anyone here serves answers all of it, and says unknown to the rest.
    pub fn hear(&self, request: &[u8]) -> Heard {
        let request = match StatusRequest::parse(request) {
            Ok(request) => request,
            Err(fault) => {
                tracing::debug!(%fault, "malformed OCSP request");
                return Heard::Answered(Answer::malformed_request());
            }
        };
        let all = self.all();
        let serving = request.cert_ids.iter().find_map(|id| all.iter().find(|one| one.serves(id)));
        let Some(responder) = serving else {
            // RFC 5019 section 2.2.3: unauthorized where the server cannot answer authoritatively.
            return Heard::Answered(Answer::unauthorized());
        };
        match responder.kept(&request) {
            Some(answer) => Heard::Answered(answer),
            None => Heard::ToSign(Unsigned { responder: Arc::clone(responder), request }),
        }
    }

    /// Answers one request. Never fails: what goes wrong is told as an OCSP error.
    pub fn respond(&self, request: &[u8]) -> Answer {
        match self.hear(request) {
            Heard::Answered(answer) => answer,
            Heard::ToSign(unsigned) => unsigned.answer(),
        }
    }

    /// When the first of the responders' certificates ends, UTC; `None` where there is no responder.
    pub fn first_end(&self) -> Option<OffsetDateTime> {
        self.all().iter().map(|responder| responder.certificate_ends()).min()
    }

    /// Whether every responder could answer now.
    ///
    /// # Errors
    /// One could not.
    pub fn check_ready(&self) -> Result<(), NotReady> {
        if self.all().iter().all(|responder| responder.is_in_force()) { Ok(()) } else { Err(NotReady) }
    }
}

/// A request that was read.
#[derive(Debug)]
pub enum Heard {
    /// It is answered.
    Answered(Answer),
    /// Its answer is to be signed.
    ToSign(Unsigned),
}

/// A request whose answer is to be signed.
#[derive(Debug)]
pub struct Unsigned {
    responder: Arc<Responder>,
    request: StatusRequest,
}

impl Unsigned {
    /// Answers it, where key and status are in memory and nothing is waited for.
    pub fn answer_at_once(&self) -> Option<Answer> {
        self.responder.answer_at_once(&self.request)
    }

    /// Answers it. May wait for a store, or for a key that is elsewhere.
    pub fn answer(&self) -> Answer {
        self.responder.answer(&self.request)
    }
}

/// A responder's certificate has expired or is not valid yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an OCSP responder's certificate is not in force")]
pub struct NotReady;
