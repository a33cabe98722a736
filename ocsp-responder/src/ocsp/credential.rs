//! A responder certificate with its key, and the answers that were signed with it.

use std::sync::Arc;

use ca_core::keys::Signer;
use ca_core::lint;
use der::asn1::{Any, BitString, OctetString};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use time::OffsetDateTime;

use super::asn1::{BASIC, BasicResponse, OcspResponse, ResponderId, ResponseBytes, ResponseData, WireStatus};
use super::cert_id;
use super::certificate::{Certificate, Delegate};
use super::kept::KeptAnswers;
use super::responder::{NamedBy, ResponderError, Unanswered};

/// A responder certificate and its key, which belong together.
#[derive(Debug)]
pub(super) struct Credential {
    delegate: Delegate,
    certificate: Any,
    key_hash: OctetString,
    algorithm: AlgorithmIdentifierOwned,
    signer: Arc<dyn Signer>,
    /// They go when the certificate does.
    pub(super) kept: KeptAnswers,
}

impl Credential {
    /// Takes a certificate that may answer for `issuer` at this moment; keeps answers within so many octets.
    pub(super) fn admit(
        certificate: &[u8],
        signer: Arc<dyn Signer>,
        issuer: &Certificate,
        at: OffsetDateTime,
        room: usize,
    ) -> Result<Self, ResponderError> {
        let certificate = Certificate::parse(certificate).map_err(ResponderError::Certificate)?;
        if certificate.public_key_info() != signer.public_key_info() {
            return Err(ResponderError::WrongKey);
        }
        let delegate = Delegate::admit(certificate, issuer, at)?;
        let certificate = delegate.certificate();
        Ok(Self {
            certificate: Any::from_der(certificate.der())?,
            key_hash: OctetString::new(cert_id::key_hash(certificate))?,
            algorithm: AlgorithmIdentifierOwned::from_der(signer.signature_algorithm().identifier())?,
            signer,
            delegate,
            kept: KeptAnswers::within(room),
        })
    }

    pub(super) fn certificate_der(&self) -> &[u8] {
        self.delegate.certificate().der()
    }

    pub(super) fn key(&self) -> Arc<dyn Signer> {
        Arc::clone(&self.signer)
    }

    pub(super) fn is_in_force(&self, at: OffsetDateTime) -> bool {
        self.delegate.certificate().is_in_force(at)
    }

    pub(super) const fn not_after(&self) -> OffsetDateTime {
        self.delegate.certificate().not_after()
    }

    /// Whether it signs with nothing to wait for.
    pub(super) fn signs_at_once(&self) -> bool {
        self.signer.signs_at_once()
    }

    /// How answers name the responder.
    pub(super) fn responder_id(&self, by: NamedBy) -> der::Result<ResponderId> {
        Ok(match by {
            NamedBy::Key => ResponderId::ByKey(self.key_hash.clone()),
            NamedBy::Name => ResponderId::ByName(Any::from_der(self.delegate.certificate().subject())?),
        })
    }

    /// Lints and signs an answer.
    pub(super) fn sign(&self, data: &ResponseData) -> Result<Vec<u8>, Unanswered> {
        let data = data.to_der()?;
        let signature = self.signer.sign(lint::ocsp::lint(&data)?.as_bytes())?;
        let basic = BasicResponse {
            data: Any::from_der(&data)?,
            algorithm: self.algorithm.clone(),
            signature: BitString::from_bytes(&signature)?,
            certificates: Some(vec![self.certificate.clone()]),
        };
        let response = OcspResponse {
            status: WireStatus::Successful,
            bytes: Some(ResponseBytes { response_type: BASIC, response: OctetString::new(basic.to_der()?)? }),
        };
        Ok(response.to_der()?)
    }
}
