//! OCSP questions and their answers, over `ocsp_responder::ocsp::client`.

use ca_core::clock::Entropy;
use ocsp_responder::ocsp::CertIdHash;
use ocsp_responder::ocsp::client::{CertificateStatus, Nonce, Query, Tolerance};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::standing::{Said, Status};
use crate::failure::{Failure, catalogue};

/// An OCSP request and what is needed to judge its answer.
#[derive(Debug)]
pub struct OcspQuestion(Query);

impl OcspQuestion {
    /// A question about a certificate, with a fresh nonce.
    ///
    /// # Errors
    /// The certificates cannot be read or do not belong together, or there is no randomness.
    pub fn about(
        certificate: &CertificateDer<'_>,
        issuer: &CertificateDer<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Self, Failure> {
        let nonce = Nonce::draw(entropy)?;
        Query::about(certificate, issuer, CertIdHash::default(), Some(nonce))
            .map(Self)
            .map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))
    }

    /// The request, DER.
    pub fn request(&self) -> &[u8] {
        self.0.der()
    }

    /// Verifies an answer and reads it.
    ///
    /// # Errors
    /// Its signature, responder, nonce or times do not hold.
    pub fn read(&self, answer: &[u8], at: OffsetDateTime) -> Result<Said, Failure> {
        let verified = self
            .0
            .verify(answer, at, Tolerance::default())
            .map_err(|error| Failure::of(&catalogue::UNPROVEN).cause(error.to_string()))?;
        let status = match verified.status {
            CertificateStatus::Good => Status::Good,
            CertificateStatus::Revoked { at, reason } => {
                Status::Revoked { at, reason: reason.map(|reason| reason.name().to_owned()) }
            }
            CertificateStatus::Unknown => Status::Unknown,
        };
        Ok(Said { status, this_update: verified.this_update, next_update: verified.next_update })
    }
}
