//! Answers for one issuing CA.

use std::sync::{Arc, PoisonError, RwLock};

use ca_core::clock::{Clock, whole_seconds};
use ca_core::keys::{KeyError, Signer};
use ca_core::lint::Findings;
use ca_core::serial::SerialNumber;
use ca_core::status::{Known, Revocation, RevocationReason, SerialStatus, StatusSource};
use ca_core::storage::StorageError;
use der::Encode;
use der::asn1::{Null, ObjectIdentifier, OctetString};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;

use super::answer::{Answer, Freshness};
use super::asn1::{
    ARCHIVE_CUTOFF, CertId, CertStatus, EXTENDED_REVOKED, ResponseData, RevokedInfo, SingleResponse,
    to_wire_time,
};
use super::cert_id::{self, IssuerNames};
use super::certificate::{Certificate, CertificateError, NotDelegated};
use super::credential::Credential;
use super::kept::{Kept, Question};
use super::request::StatusRequest;

/// For how long an answer is given to others who ask the same, at most; never for more than half of its validity.
///
/// X-Road refuses what is older than an hour, and caches on the way keep an answer for a while: thisUpdate is to stay under
/// 30 minutes.
const KEPT_FOR: Duration = Duration::minutes(25);

/// How a responder answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerPolicy {
    /// How long an answer may be used: nextUpdate less thisUpdate, whole seconds.
    pub validity: Duration,
    /// How many octets the answers may take that are kept for those who ask the same.
    pub kept_octets: usize,
    /// How answers name the responder.
    pub named_by: NamedBy,
    /// What is said of a serial number that the CA never issued.
    pub not_issued: NotIssued,
    /// Whether answers say since when revocations are known, beyond the end of certificates.
    pub archive_cutoff: ArchiveCutoff,
    /// What answers say that they are of, where the status may be told although nothing newer is heard.
    pub this_update: ThisUpdate,
}

/// What thisUpdate says where the status may be told although nothing newer is heard (RFC 6960 section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThisUpdate {
    /// "The most recent time at which the status being indicated is known by the responder to have been correct".
    #[default]
    Known,
    /// The moment of the answer: policy says for how long what is known counts as right.
    Now,
}

/// How answers name the responder (RFC 6960 section 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NamedBy {
    /// By a digest of its key: shorter, and after a rotation it still names one certificate.
    #[default]
    Key,
    /// By its name, for clients that look for that.
    Name,
}

/// What is said of a serial number that the CA never issued. Never good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotIssued {
    /// That it is unknown.
    #[default]
    Unknown,
    /// That it is revoked, for clients that take unknown for no answer (RFC 6960 sections 2.2 and 4.4.8).
    Revoked,
}

/// Whether answers say since when revocations are known (RFC 6960 section 4.4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArchiveCutoff {
    /// They do not.
    #[default]
    Unsaid,
    /// Since the CA began: npki forgets no revocation. As ETSI EN 319 411-2 section 6.3.10 has it for qualified certificates.
    SinceTheCaBegan,
}

impl Default for AnswerPolicy {
    /// An hour keeps relying parties working through a short outage, and is as long as X-Road accepts an answer. The answers
    /// to some 50 000 questions are kept.
    fn default() -> Self {
        Self {
            validity: Duration::hours(1),
            kept_octets: 64 * 1024 * 1024,
            named_by: NamedBy::default(),
            not_issued: NotIssued::default(),
            archive_cutoff: ArchiveCutoff::default(),
            this_update: ThisUpdate::default(),
        }
    }
}

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
    /// How it answers.
    pub policy: AnswerPolicy,
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
    policy: AnswerPolicy,
}

/// Whom a CA appointed to tell the status of its certificates (RFC 6960 section 4.2.2.2).
#[derive(Debug)]
pub(crate) struct AppointedSigner {
    /// SHA-256 of the CA's SubjectPublicKeyInfo, DER.
    pub(crate) issuer: [u8; 32],
    /// Its certificate, DER.
    pub(crate) issuer_certificate: Vec<u8>,
    /// The responder's certificate, DER.
    pub(crate) certificate: Vec<u8>,
    /// Its key.
    pub(crate) key: Arc<dyn Signer>,
    /// When the certificate ends, UTC.
    pub(crate) not_after: OffsetDateTime,
    /// The time, UTC.
    pub(crate) now: OffsetDateTime,
}

impl Responder {
    /// Puts a responder together.
    ///
    /// # Errors
    /// A certificate cannot be read, the responder's may not answer for the issuer at this time, or the key is not
    /// the certificate's.
    pub fn new(parts: ResponderParts) -> Result<Self, ResponderError> {
        let issuer = Certificate::parse(&parts.issuer).map_err(ResponderError::Issuer)?;
        let room = parts.policy.kept_octets;
        let credential =
            Credential::admit(&parts.certificate, parts.signer, &issuer, parts.clock.now(), room)?;
        Ok(Self {
            names: IssuerNames::of(&issuer),
            issuer,
            credential: RwLock::new(Arc::new(credential)),
            status: parts.status,
            clock: parts.clock,
            policy: parts.policy,
        })
    }

    /// Goes over to a new responder certificate and key; the old ones serve on when the new are refused.
    ///
    /// # Errors
    /// As for [`Responder::new`].
    pub fn rotate(&self, certificate: &[u8], signer: Arc<dyn Signer>) -> Result<(), ResponderError> {
        let room = self.policy.kept_octets;
        let fresh = Arc::new(Credential::admit(certificate, signer, &self.issuer, self.clock.now(), room)?);
        *self.credential.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// When the responder's certificate ends, UTC. After that every answer is internalError.
    pub fn certificate_ends(&self) -> OffsetDateTime {
        self.credential().not_after()
    }

    /// Who signs for it now what is told of certificates in another form than OCSP.
    pub(crate) fn appointed_signer(&self) -> AppointedSigner {
        let credential = self.credential();
        AppointedSigner {
            issuer: self.issuer.key_sha256(),
            issuer_certificate: self.issuer.der().to_vec(),
            certificate: credential.certificate_der().to_vec(),
            key: credential.key(),
            not_after: credential.not_after(),
            now: self.clock.now(),
        }
    }

    /// Answers one request. Never fails: what goes wrong is told as an OCSP error.
    pub fn respond(&self, request: &[u8]) -> Answer {
        match StatusRequest::parse(request) {
            Ok(request) if request.cert_ids.iter().any(|id| self.serves(id)) => {
                self.kept(&request).unwrap_or_else(|| self.answer(&request))
            }
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
        self.names.hash_of(id).is_some()
    }

    /// Answers a request of which at least one CertID is [served](Self::serves) here. May wait for a store, or for a key.
    pub(super) fn answer(&self, request: &StatusRequest) -> Answer {
        let credential = self.credential();
        // The time is taken before the status is read: the answer never claims to be newer than it is.
        let now = whole_seconds(self.clock.now());
        let known = request.cert_ids.iter().map(|id| self.known(id)).collect::<Result<Vec<_>, _>>();
        Self::told(known.and_then(|known| self.signed_answer(request, &known, &credential, now)))
    }

    /// The same, where all that it takes is in memory; waits for nothing.
    pub(super) fn answer_at_once(&self, request: &StatusRequest) -> Option<Answer> {
        let credential = self.credential();
        if !credential.signs_at_once() {
            return None;
        }
        // As above.
        let now = whole_seconds(self.clock.now());
        let known = request.cert_ids.iter().map(|id| self.at_hand(id)).collect::<Option<Vec<_>>>()?;
        Some(Self::told(self.signed_answer(request, &known, &credential, now)))
    }

    fn told(answer: Result<Answer, Unanswered>) -> Answer {
        answer.unwrap_or_else(|cause| {
            tracing::error!(%cause, "an OCSP request was not answered");
            match cause {
                // RFC 6960 section 2.3: tryLater, "operational but unable to return the status". Never good.
                Unanswered::Storage(_) | Unanswered::Silence => Answer::try_later(),
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
        self.credential().is_in_force(self.clock.now())
    }

    /// The answer that is kept for this request, if it still holds. Waits for nothing.
    pub(super) fn kept(&self, request: &StatusRequest) -> Option<Answer> {
        let question = self.question(request)?;
        let edition = self.status.edition(&question.serial)?;
        self.credential().kept.find(&question, edition, self.clock.now())
    }

    /// What others may ask, too: about one certificate, and without a nonce, which binds an answer to its request (RFC 9654
    /// section 2.1).
    fn question(&self, request: &StatusRequest) -> Option<Question> {
        let ([id], None) = (request.cert_ids.as_slice(), &request.nonce) else { return None };
        let null = match &id.hash_algorithm.parameters {
            None => false,
            Some(parameters) if parameters.is_null() => true,
            Some(_) => return None,
        };
        Some(Question { hash: self.names.hash_of(id)?, null, serial: cert_id::serial(id)? })
    }

    /// Signs at this moment what is known of each CertID.
    fn signed_answer(
        &self,
        request: &StatusRequest,
        known: &[Known],
        credential: &Credential,
        now: OffsetDateTime,
    ) -> Result<Answer, Unanswered> {
        if !credential.is_in_force(now) {
            return Err(Unanswered::CertificateNotInForce);
        }
        let freshness = self.freshness(known, now, credential.not_after());
        if freshness.next_update <= now {
            return Err(Unanswered::Silence);
        }
        let data = self.response_data(request, known, credential, (now, freshness))?;
        let answer = Answer::signed(credential.sign(&data)?, request.nonce.is_none().then_some(freshness));
        if let (Some(question), [known]) = (self.question(request), known) {
            keep(credential, question, known, &answer, freshness);
        }
        Ok(answer)
    }

    /// Of when an answer is, and by when there is a newer one.
    fn freshness(&self, known: &[Known], now: OffsetDateTime, certificate_ends: OffsetDateTime) -> Freshness {
        let as_of = known.iter().filter_map(|known| known.as_of).min();
        let until = known.iter().filter_map(|known| known.until).min().map(whole_seconds);
        let this_update = match (as_of, until, self.policy.this_update) {
            (None, ..) | (_, Some(_), ThisUpdate::Now) => now,
            (Some(as_of), ..) => whole_seconds(as_of).min(now),
        };
        // Where nothing newer is heard, an answer serves as long as any other, and never for longer than what it says.
        let next_update = match until {
            None => this_update.saturating_add(self.policy.validity),
            Some(until) => now.saturating_add(self.policy.validity).min(until),
        };
        // An answer is of no use beyond the certificate that it is verified with.
        Freshness { this_update, next_update: next_update.min(certificate_ends) }
    }

    fn known(&self, id: &CertId) -> Result<Known, Unanswered> {
        match self.asked(id) {
            Some(serial) => Ok(self.status.known(&serial)?),
            None => Ok(NOBODY_KNOWS),
        }
    }

    fn at_hand(&self, id: &CertId) -> Option<Known> {
        match self.asked(id) {
            Some(serial) => self.status.at_hand(&serial),
            None => Some(NOBODY_KNOWS),
        }
    }

    /// The serial number that is asked about, where this responder may speak of it.
    ///
    /// RFC 6960 section 2.2: unknown, "usually because the request indicates an unrecognized issuer". Section 4.2.2.2: this
    /// responder's key may speak for this issuer only, so that an issuer served by another responder of ours is unknown here,
    /// too.
    fn asked(&self, id: &CertId) -> Option<SerialNumber> {
        if self.serves(id) { cert_id::serial(id) } else { None }
    }

    fn response_data(
        &self,
        request: &StatusRequest,
        known: &[Known],
        credential: &Credential,
        (produced_at, freshness): (OffsetDateTime, Freshness),
    ) -> Result<ResponseData, Unanswered> {
        let asked = || request.cert_ids.iter().zip(known);
        let responses = asked().map(|(id, known)| self.single(id, known, freshness));
        let mut extensions: Vec<Extension> = request.nonce.clone().into_iter().collect();
        // RFC 6960 section 4.4.8: an answer that says revoked of what was not issued says that it does.
        if asked().any(|(id, known)| self.is_revoked_unissued(id, known)) {
            extensions.push(extension(EXTENDED_REVOKED, &Null)?);
        }
        Ok(ResponseData {
            version: None,
            responder: credential.responder_id(self.policy.named_by)?,
            produced_at: to_wire_time(produced_at)?,
            responses: responses.collect::<Result<_, _>>()?,
            extensions: (!extensions.is_empty()).then_some(extensions),
        })
    }

    fn single(&self, id: &CertId, known: &Known, freshness: Freshness) -> der::Result<SingleResponse> {
        let status = match &known.status {
            SerialStatus::Good => CertStatus::Good(Null),
            SerialStatus::Revoked(revocation) => CertStatus::Revoked(revoked_info(revocation)?),
            SerialStatus::Unknown if self.is_revoked_unissued(id, known) => {
                CertStatus::Revoked(revoked_info(&NEVER_ISSUED)?)
            }
            SerialStatus::Unknown => CertStatus::Unknown(Null),
        };
        let says_since = self.policy.archive_cutoff == ArchiveCutoff::SinceTheCaBegan;
        let known = known.status != SerialStatus::Unknown;
        Ok(SingleResponse {
            cert_id: id.clone(),
            status,
            this_update: to_wire_time(freshness.this_update)?,
            next_update: Some(to_wire_time(freshness.next_update)?),
            extensions: if says_since && known {
                Some(vec![extension(ARCHIVE_CUTOFF, &to_wire_time(self.issuer.not_before())?)?])
            } else {
                None
            },
        })
    }

    /// Whether it is said to be revoked although this CA, of which it is asked, never issued it.
    fn is_revoked_unissued(&self, id: &CertId, known: &Known) -> bool {
        self.policy.not_issued == NotIssued::Revoked
            && known.status == SerialStatus::Unknown
            && self.serves(id)
    }
}

/// Keeps an answer for those who ask the same. Not that a serial number is unknown: anybody can make up as many as there is
/// room for.
fn keep(credential: &Credential, question: Question, known: &Known, answer: &Answer, freshness: Freshness) {
    let Freshness { this_update, next_update } = freshness;
    let (Some(edition), true) = (known.edition, known.status != SerialStatus::Unknown) else { return };
    let until = this_update + KEPT_FOR.min((next_update - this_update) / 2);
    credential.kept.keep(question, Kept { answer: answer.clone(), edition, from: this_update, until });
}

/// What is known of what this responder may not speak of.
const NOBODY_KNOWS: Known = Known { status: SerialStatus::Unknown, as_of: None, edition: None, until: None };

/// RFC 6960 section 2.2: what is said of a certificate that was never issued.
const NEVER_ISSUED: Revocation = Revocation {
    at: OffsetDateTime::UNIX_EPOCH,
    reason: RevocationReason::CertificateHold,
    invalid_since: None,
};

/// An extension, not critical, as all of them are in answers (RFC 6960 section 4.4).
fn extension(extn_id: ObjectIdentifier, value: &impl Encode) -> der::Result<Extension> {
    Ok(Extension { extn_id, critical: false, extn_value: OctetString::new(value.to_der()?)? })
}

fn revoked_info(revocation: &Revocation) -> der::Result<RevokedInfo> {
    Ok(RevokedInfo {
        revocation_time: to_wire_time(revocation.at)?,
        reason: Some(CrlReason::try_from(u32::from(revocation.reason.code()))?),
    })
}

/// Why a well-formed request got no signed answer. Ours to mend; never told to clients.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("nothing was heard from the store for longer than an answer is valid")]
    Silence,
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
