//! Judging an answer (RFC 6960 section 3.2, RFC 5019 sections 2.2.4 and 4).

use ca_core::status::RevocationReason;
use der::{Decode, Encode};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::Extension;

use super::query::Query;
use crate::ocsp::answer::ResponseStatus;
use crate::ocsp::asn1::{
    BASIC, BasicResponse, CertStatus, NONCE, OcspResponse, ResponderId, ResponseData, RevokedInfo,
    SingleResponse, WireStatus, from_wire_time,
};
use crate::ocsp::cert_id;
use crate::ocsp::certificate::{Certificate, Delegate, NotDelegated};
use crate::ocsp::signature;

/// How far clocks may differ, and how old an answer may be that does not say itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// By how much the clocks of responder and relying party may differ.
    pub skew: Duration,
    /// The greatest age of an answer without nextUpdate.
    pub maximum_age: Duration,
}

impl Default for Tolerance {
    /// Five minutes of skew, as openssl allows; an hour of age, as X-Road allows.
    fn default() -> Self {
        Self { skew: Duration::minutes(5), maximum_age: Duration::hours(1) }
    }
}

/// A certificate's status as an authorised responder signed it, recent enough at the moment it was verified for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStatus {
    /// The status.
    pub status: CertificateStatus,
    /// When the answer was signed, UTC.
    pub produced_at: OffsetDateTime,
    /// The moment the status was known to be right, UTC.
    pub this_update: OffsetDateTime,
    /// By when there is a newer answer, UTC.
    pub next_update: Option<OffsetDateTime>,
    /// Who signed.
    pub responder: SignedBy,
}

/// What the responder says of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Not revoked. Says nothing about expiry.
    Good,
    /// Revoked or on hold.
    Revoked {
        /// When, UTC.
        at: OffsetDateTime,
        /// Why, where the responder says.
        reason: Option<ReasonCode>,
    },
    /// The responder does not know this certificate.
    Unknown,
}

/// A CRLReason, of npki's or of another CA's (RFC 5280 section 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonCode(u8);

impl ReasonCode {
    /// The number.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "unspecified",
            8 => "remove-from-crl",
            10 => "aa-compromise",
            code => RevocationReason::ALL
                .into_iter()
                .find(|reason| reason.code() == code)
                .map_or("unspecified", RevocationReason::name),
        }
    }
}

impl std::fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose key signed an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// The issuing CA itself.
    Issuer,
    /// A responder that the issuing CA appointed.
    Delegate {
        /// Its subject, to be read by people.
        subject: String,
        /// When its certificate ends, UTC.
        not_after: OffsetDateTime,
        /// Its certificate, DER.
        certificate: Vec<u8>,
    },
}

impl Query {
    /// Judges `response` (DER) as it stands at the moment `at`.
    ///
    /// # Errors
    /// Why it proves nothing: never take an error for good, nor for revoked.
    pub fn verify(
        &self,
        response: &[u8],
        at: OffsetDateTime,
        tolerance: Tolerance,
    ) -> Result<VerifiedStatus, Untrusted> {
        let basic = basic_response(response)?;
        // The very bytes that were signed: see the note on `Any` in `asn1`.
        let signed = basic.data.to_der().map_err(|_| Untrusted::Malformed)?;
        let data = ResponseData::from_der(&signed).map_err(|_| Untrusted::Malformed)?;
        let responder = self.verify_signature(&basic, &signed, &data.responder, at)?;
        refuse_unknown(&data)?;
        self.verify_nonce(data.extensions.as_deref().unwrap_or_default())?;
        let produced_at = from_wire_time(data.produced_at).ok_or(Untrusted::Malformed)?;
        if produced_at > at.saturating_add(tolerance.skew) {
            return Err(Untrusted::FromTheFuture);
        }
        let single = self.own(&data.responses)?;
        let (this_update, next_update) = verify_times(single, at, tolerance)?;
        Ok(VerifiedStatus {
            status: status(&single.status)?,
            produced_at,
            this_update,
            next_update,
            responder,
        })
    }

    /// Whether a response speaks of what is asked about. Nothing of it is verified.
    pub(crate) fn is_answered_by(&self, response: &[u8]) -> bool {
        unverified(response).is_some_and(|data| self.own(&data.responses).is_ok())
    }

    /// RFC 6960 section 4.2.2.2: signed by the issuer itself or by a responder the issuer appointed.
    fn verify_signature(
        &self,
        basic: &BasicResponse,
        signed: &[u8],
        responder: &ResponderId,
        at: OffsetDateTime,
    ) -> Result<SignedBy, Untrusted> {
        let signature = basic.signature.as_bytes().ok_or(Untrusted::Malformed)?;
        let algorithm = basic.algorithm.to_der().map_err(|_| Untrusted::Malformed)?;
        let verify = |signer: &Certificate| {
            signature::verify(signer.public_key_info(), &algorithm, signed, signature)
                .map_err(|_| Untrusted::Signature)
        };
        if is_named(responder, &self.issuer) {
            verify(&self.issuer)?;
            return Ok(SignedBy::Issuer);
        }
        let delegate = Delegate::admit(named_certificate(basic, responder)?, &self.issuer, at)?;
        verify(delegate.certificate())?;
        Ok(SignedBy::Delegate {
            subject: delegate.certificate().subject_text().to_owned(),
            not_after: delegate.certificate().not_after(),
            certificate: delegate.certificate().der().to_vec(),
        })
    }

    /// RFC 9654 section 2.1: the response carries the request's nonce. An answer without one may be a replay.
    fn verify_nonce(&self, extensions: &[Extension]) -> Result<(), Untrusted> {
        let Some(asked) = &self.nonce else { return Ok(()) };
        let asked = asked.extension().map_err(|_| Untrusted::Malformed)?;
        let mut told = extensions.iter().filter(|extension| extension.extn_id == NONCE).peekable();
        if told.peek().is_none() {
            return Err(Untrusted::NonceMissing);
        }
        if told.any(|extension| extension.extn_value != asked.extn_value) {
            return Err(Untrusted::OtherNonce);
        }
        Ok(())
    }

    /// The one entry about the certificate that was asked about.
    fn own<'a>(&self, responses: &'a [SingleResponse]) -> Result<&'a SingleResponse, Untrusted> {
        let mut own = responses.iter().filter(|single| cert_id::same(&single.cert_id, &self.cert_id));
        match (own.next(), own.next()) {
            (Some(single), None) => Ok(single),
            (None, _) => Err(Untrusted::OtherCertificate),
            (Some(_), Some(_)) => Err(Untrusted::Contradictory),
        }
    }
}

/// When a response says that it was made. Nothing of it is verified.
pub(crate) fn produced_at(response: &[u8]) -> Option<OffsetDateTime> {
    from_wire_time(unverified(response)?.produced_at)
}

fn unverified(response: &[u8]) -> Option<ResponseData> {
    let signed = basic_response(response).ok()?.data.to_der().ok()?;
    ResponseData::from_der(&signed).ok()
}

fn basic_response(response: &[u8]) -> Result<BasicResponse, Untrusted> {
    let response = OcspResponse::from_der(response).map_err(|_| Untrusted::Malformed)?;
    let refused = match response.status {
        WireStatus::Successful => {
            let bytes = response.bytes.ok_or(Untrusted::Malformed)?;
            if bytes.response_type != BASIC {
                return Err(Untrusted::Malformed);
            }
            return BasicResponse::from_der(bytes.response.as_bytes()).map_err(|_| Untrusted::Malformed);
        }
        WireStatus::MalformedRequest => ResponseStatus::MalformedRequest,
        WireStatus::InternalError => ResponseStatus::InternalError,
        WireStatus::TryLater => ResponseStatus::TryLater,
        WireStatus::SigRequired => ResponseStatus::SignatureRequired,
        WireStatus::Unauthorized => ResponseStatus::Unauthorized,
    };
    Err(Untrusted::Refused(refused))
}

fn is_named(responder: &ResponderId, certificate: &Certificate) -> bool {
    match responder {
        ResponderId::ByName(name) => name.to_der().is_ok_and(|name| name == certificate.subject()),
        ResponderId::ByKey(hash) => hash.as_bytes() == cert_id::key_hash(certificate),
    }
}

fn named_certificate(basic: &BasicResponse, responder: &ResponderId) -> Result<Certificate, Untrusted> {
    let sent = basic.certificates.as_deref().unwrap_or_default().iter();
    sent.filter_map(|any| any.to_der().ok().and_then(|der| Certificate::parse(&der).ok()))
        .find(|certificate| is_named(responder, certificate))
        .ok_or(Untrusted::UnknownResponder)
}

/// RFC 6960 section 4.2.1 knows v1 only; section 4.4: what is critical and not understood is not accepted.
fn refuse_unknown(data: &ResponseData) -> Result<(), Untrusted> {
    let singles = data.responses.iter().filter_map(|single| single.extensions.as_ref()).flatten();
    let mut all = data.extensions.iter().flatten().chain(singles);
    if data.version.is_some() || all.any(|extension| extension.critical && extension.extn_id != NONCE) {
        return Err(Untrusted::CriticalExtension);
    }
    Ok(())
}

/// RFC 6960 section 3.2 points 5 and 6: recent enough, and not past the time of a newer answer.
fn verify_times(
    single: &SingleResponse,
    at: OffsetDateTime,
    tolerance: Tolerance,
) -> Result<(OffsetDateTime, Option<OffsetDateTime>), Untrusted> {
    let this_update = from_wire_time(single.this_update).ok_or(Untrusted::Malformed)?;
    let next_update = match single.next_update {
        Some(moment) => Some(from_wire_time(moment).ok_or(Untrusted::Malformed)?),
        None => None,
    };
    if this_update > at.saturating_add(tolerance.skew) {
        return Err(Untrusted::FromTheFuture);
    }
    let until = next_update.unwrap_or_else(|| this_update.saturating_add(tolerance.maximum_age));
    if at.saturating_sub(tolerance.skew) > until {
        return Err(Untrusted::Stale { until });
    }
    Ok((this_update, next_update))
}

fn status(status: &CertStatus) -> Result<CertificateStatus, Untrusted> {
    Ok(match status {
        CertStatus::Good(_) => CertificateStatus::Good,
        CertStatus::Revoked(RevokedInfo { revocation_time, reason }) => CertificateStatus::Revoked {
            at: from_wire_time(*revocation_time).ok_or(Untrusted::Malformed)?,
            // RFC 5280 section 5.3.1: 0 to 10, so that the cast loses nothing.
            reason: reason.map(|reason| ReasonCode(reason as u8)),
        },
        CertStatus::Unknown(_) => CertificateStatus::Unknown,
    })
}

/// Why an answer proves nothing about the certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Not the DER of a basic OCSP response.
    #[error("the answer is not an OCSP response")]
    Malformed,
    /// The responder refused to answer; refusals are not signed.
    #[error("the responder refused to answer: {0}")]
    Refused(ResponseStatus),
    /// The answer names a responder whose certificate it does not carry.
    #[error("the answer does not carry its responder's certificate")]
    UnknownResponder,
    /// The responder may not speak for the issuer.
    #[error(transparent)]
    NotDelegated(#[from] NotDelegated),
    /// The signature is wrong or of an unknown kind.
    #[error("the answer's signature is wrong")]
    Signature,
    /// It carries something critical that npki does not understand.
    #[error("the answer has a critical extension that is not understood")]
    CriticalExtension,
    /// A nonce was sent and none came back.
    #[error("the answer does not carry the request's nonce: it may be a replay")]
    NonceMissing,
    /// Another nonce came back.
    #[error("the answer was made for another request")]
    OtherNonce,
    /// It says nothing about this certificate.
    #[error("the answer is about another certificate")]
    OtherCertificate,
    /// It speaks of this certificate more than once.
    #[error("the answer speaks of the certificate more than once")]
    Contradictory,
    /// It claims to be made later than now.
    #[error("the answer is dated in the future: compare the clocks")]
    FromTheFuture,
    /// A newer answer should be there by now.
    #[error("the answer is too old: it was good until {until}")]
    Stale {
        /// Until when it could be used, UTC.
        until: OffsetDateTime,
    },
}
