//! Answers for one issuing CA.

use std::sync::{Arc, PoisonError, RwLock};

use ca_core::clock::{Clock, whole_seconds};
use ca_core::keys::{KeyError, Signer};
use ca_core::lint::{self, Findings};
use ca_core::status::{Revocation, SerialStatus, StatusSource};
use ca_core::storage::StorageError;
use der::asn1::{Any, BitString, Null, OctetString};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::CrlReason;

use super::answer::{Answer, Freshness};
use super::asn1::{
    BASIC, BasicResponse, CertId, CertStatus, OcspResponse, ResponderId, ResponseBytes, ResponseData,
    RevokedInfo, SingleResponse, WireStatus, to_wire_time,
};
use super::cert_id::{self, IssuerNames};
use super::certificate::{Certificate, CertificateError, Delegate, NotDelegated};
use super::request::StatusRequest;

/// How long an answer may be used: nextUpdate less thisUpdate.
///
/// Every answer is made when it is asked for, so thisUpdate is always the present; an hour keeps relying parties
/// working through a short outage and is as long as X-Road accepts an answer.
pub const DEFAULT_VALIDITY: Duration = Duration::hours(1);

/// What a [`Responder`] is put together from.
#[derive(Debug)]
pub struct ResponderParts {
    /// The certificate of the CA answered for, DER.
    pub issuer: Vec<u8>,
    /// The responder's own certificate, issued by that CA, DER.
    pub certificate: Vec<u8>,
    /// The responder's key. P-256 is much the fastest.
    pub signer: Arc<dyn Signer>,
    /// What the CA says of serial numbers.
    pub status: Arc<dyn StatusSource>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// nextUpdate less thisUpdate, whole seconds; see [`DEFAULT_VALIDITY`].
    pub validity: Duration,
}

/// Answers for one issuing CA, with a delegated responder certificate.
#[derive(Debug)]
pub struct Responder {
    issuer: Certificate,
    names: IssuerNames,
    /// Replaced as a whole when the responder certificate is renewed; answers under way keep the one they took.
    credential: RwLock<Arc<Credential>>,
    status: Arc<dyn StatusSource>,
    clock: Arc<dyn Clock>,
    validity: Duration,
}

/// A responder certificate and its key, which belong together.
#[derive(Debug)]
struct Credential {
    delegate: Delegate,
    certificate: Any,
    key_hash: OctetString,
    algorithm: AlgorithmIdentifierOwned,
    signer: Arc<dyn Signer>,
}

impl Credential {
    fn admit(
        certificate: &[u8],
        signer: Arc<dyn Signer>,
        issuer: &Certificate,
        at: OffsetDateTime,
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
        })
    }
}

impl Responder {
    /// Puts a responder together.
    ///
    /// # Errors
    /// A certificate cannot be read, the responder's may not answer for the issuer at this time, or the key is not
    /// the certificate's.
    pub fn new(parts: ResponderParts) -> Result<Self, ResponderError> {
        let issuer = Certificate::parse(&parts.issuer).map_err(ResponderError::Issuer)?;
        let credential = Credential::admit(&parts.certificate, parts.signer, &issuer, parts.clock.now())?;
        Ok(Self {
            names: IssuerNames::of(&issuer),
            issuer,
            credential: RwLock::new(Arc::new(credential)),
            status: parts.status,
            clock: parts.clock,
            validity: parts.validity,
        })
    }

    /// Goes over to a new responder certificate and key; the old ones serve on when the new are refused.
    ///
    /// # Errors
    /// As for [`Responder::new`].
    pub fn rotate(&self, certificate: &[u8], signer: Arc<dyn Signer>) -> Result<(), ResponderError> {
        let fresh = Arc::new(Credential::admit(certificate, signer, &self.issuer, self.clock.now())?);
        *self.credential.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// When the responder's certificate ends, UTC. After that every answer is internalError.
    pub fn certificate_ends(&self) -> OffsetDateTime {
        self.credential().delegate.certificate().not_after()
    }

    /// Answers one request. Never fails: what goes wrong is told as an OCSP error.
    pub fn respond(&self, request: &[u8]) -> Answer {
        match StatusRequest::parse(request) {
            Ok(request) if request.cert_ids.iter().any(|id| self.serves(id)) => self.answer(&request),
            // RFC 5019 section 2.2.3: unauthorized where the server cannot answer authoritatively.
            Ok(_) => Answer::unauthorized(),
            Err(fault) => {
                tracing::debug!(%fault, "malformed OCSP request");
                Answer::malformed_request()
            }
        }
    }

    /// Whether `id` is of this responder's issuer.
    pub(super) fn serves(&self, id: &CertId) -> bool {
        self.names.include(id)
    }

    /// Answers a request of which at least one CertID is [served](Self::serves) here.
    pub(super) fn answer(&self, request: &StatusRequest) -> Answer {
        self.signed_answer(request).unwrap_or_else(|cause| {
            tracing::error!(%cause, "an OCSP request was not answered");
            match cause {
                // RFC 6960 section 2.3: tryLater, "operational but unable to return the status". Never good.
                Unanswered::Storage(_) => Answer::try_later(),
                Unanswered::CertificateNotInForce
                | Unanswered::Key(_)
                | Unanswered::Lint(_)
                | Unanswered::Encoding(_) => Answer::internal_error(),
            }
        })
    }

    fn credential(&self) -> Arc<Credential> {
        Arc::clone(&self.credential.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the responder could answer now.
    pub(super) fn is_in_force(&self) -> bool {
        self.credential().delegate.certificate().is_in_force(self.clock.now())
    }

    fn signed_answer(&self, request: &StatusRequest) -> Result<Answer, Unanswered> {
        let credential = self.credential();
        // The time is taken before the status is read: the answer never claims to be newer than it is.
        let freshness = self.freshness(&credential)?;
        let data = self.response_data(request, &credential, freshness)?;
        let der = sign(&data, &credential)?;
        // RFC 9654 section 2.1 binds an answer to its request's nonce: it is for that asker alone.
        Ok(Answer::signed(der, request.nonce.is_none().then_some(freshness)))
    }

    fn freshness(&self, credential: &Credential) -> Result<Freshness, Unanswered> {
        let now = self.clock.now();
        let certificate = credential.delegate.certificate();
        if !certificate.is_in_force(now) {
            return Err(Unanswered::CertificateNotInForce);
        }
        let this_update = whole_seconds(now);
        // An answer is of no use beyond the certificate that it is verified with.
        let next_update = this_update.saturating_add(self.validity).min(certificate.not_after());
        Ok(Freshness { this_update, next_update })
    }

    fn response_data(
        &self,
        request: &StatusRequest,
        credential: &Credential,
        freshness: Freshness,
    ) -> Result<ResponseData, Unanswered> {
        let responses: Result<Vec<_>, Unanswered> =
            request.cert_ids.iter().map(|id| self.single(id, freshness)).collect();
        Ok(ResponseData {
            version: None,
            // RFC 6960 section 4.2.1 leaves name or key hash to the responder; a key hash is shorter, and after a
            // rotation it still names one certificate.
            responder: ResponderId::ByKey(credential.key_hash.clone()),
            produced_at: to_wire_time(freshness.this_update)?,
            responses: responses?,
            extensions: request.nonce.clone().map(|nonce| vec![nonce]),
        })
    }

    fn single(&self, id: &CertId, freshness: Freshness) -> Result<SingleResponse, Unanswered> {
        Ok(SingleResponse {
            cert_id: id.clone(),
            status: self.cert_status(id)?,
            this_update: to_wire_time(freshness.this_update)?,
            next_update: Some(to_wire_time(freshness.next_update)?),
            extensions: None,
        })
    }

    fn cert_status(&self, id: &CertId) -> Result<CertStatus, Unanswered> {
        // RFC 6960 section 2.2: unknown, "usually because the request indicates an unrecognized issuer".
        // Section 4.2.2.2: this responder's key may speak for this issuer only, so that an issuer served by another
        // responder of ours is unknown here, too.
        if !self.serves(id) {
            return Ok(CertStatus::Unknown(Null));
        }
        let Some(serial) = cert_id::serial(id) else {
            return Ok(CertStatus::Unknown(Null));
        };
        Ok(match self.status.status(&serial)? {
            SerialStatus::Good => CertStatus::Good(Null),
            SerialStatus::Revoked(revocation) => CertStatus::Revoked(revoked_info(&revocation)?),
            SerialStatus::Unknown => CertStatus::Unknown(Null),
        })
    }
}

fn revoked_info(revocation: &Revocation) -> der::Result<RevokedInfo> {
    Ok(RevokedInfo {
        revocation_time: to_wire_time(revocation.at)?,
        reason: Some(CrlReason::try_from(u32::from(revocation.reason.code()))?),
    })
}

fn sign(data: &ResponseData, credential: &Credential) -> Result<Vec<u8>, Unanswered> {
    let data = data.to_der()?;
    let signature = credential.signer.sign(lint::ocsp::lint(&data)?.as_bytes())?;
    let basic = BasicResponse {
        data: Any::from_der(&data)?,
        algorithm: credential.algorithm.clone(),
        signature: BitString::from_bytes(&signature)?,
        certificates: Some(vec![credential.certificate.clone()]),
    };
    let response = OcspResponse {
        status: WireStatus::Successful,
        bytes: Some(ResponseBytes { response_type: BASIC, response: OctetString::new(basic.to_der()?)? }),
    };
    Ok(response.to_der()?)
}

/// Why a well-formed request got no signed answer. Ours to mend; never told to clients.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the responder's certificate is not in force")]
    CertificateNotInForce,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the answer breaks a rule of OCSP: {0}")]
    Lint(#[from] Findings),
    #[error("the answer could not be encoded: {0}")]
    Encoding(#[from] der::Error),
}

/// A responder could not be put together. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ResponderError {
    /// The issuer's certificate cannot be read.
    #[error("the issuer's certificate: {0}")]
    Issuer(CertificateError),
    /// The responder's certificate cannot be read.
    #[error("the responder's certificate: {0}")]
    Certificate(CertificateError),
    /// The responder's certificate holds another key.
    #[error("the responder's key does not belong to its certificate")]
    WrongKey,
    /// The responder's certificate may not answer for the issuer.
    #[error(transparent)]
    NotDelegated(#[from] NotDelegated),
    /// The certificate cannot be carried in an answer.
    #[error("the responder's certificate cannot be encoded: {0}")]
    Encoding(#[from] der::Error),
}
