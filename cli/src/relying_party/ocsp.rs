//! OCSP questions and their answers, over `ocsp_responder::ocsp::client`.

use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::standing::Said;
use crate::failure::{Failure, catalogue};

/// An OCSP request and what is needed to check its answer.
#[derive(Debug)]
pub struct OcspQuestion {
    request: Vec<u8>,
}

impl OcspQuestion {
    /// A question about a certificate, with a fresh nonce.
    ///
    /// # Errors
    /// The certificates cannot be read, or there is no randomness.
    pub fn about(certificate: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Result<Self, Failure> {
        let _ = (certificate, issuer);
        Err(Failure::of(&catalogue::NOT_LINKED))
    }

    /// The request, DER.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Verifies an answer and reads it.
    ///
    /// # Errors
    /// Its signature, responder, nonce or times do not hold.
    pub fn read(&self, answer: &[u8], now: OffsetDateTime) -> Result<Said, Failure> {
        let _ = (answer, now);
        Err(Failure::of(&catalogue::NOT_LINKED))
    }
}
