//! OCSP responses that somebody else asked for: they came without the question.

use ca_core::status::RevocationReason;
use time::OffsetDateTime;

use super::certificate::Certificate;
use super::status::{Finding, OcspVerifier, ReportedStatus};
use crate::ocsp::CertIdHash;
use crate::ocsp::client::{CertificateStatus, Query, Tolerance, VerifiedStatus};

/// Verifies OCSP responses without their questions: whatever digest they name the certificate with, and with or without a nonce.
/// When they are of, their signer says; that is all there is against an answer that was kept for long.
#[derive(Debug, Clone, Copy, Default)]
pub struct GivenAnswers;

impl OcspVerifier for GivenAnswers {
    fn ocsp_status(
        &self,
        response: &[u8],
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Finding, String> {
        let mut questions = questions(certificate, issuer).into_iter();
        let query = questions.find(|query| query.is_answered_by(response));
        let query = query.ok_or("it speaks of another certificate")?;
        let verified = query.verify(response, at, Tolerance::default()).map_err(|error| error.to_string())?;
        Ok(finding(&verified))
    }
}

/// The questions that a response may answer which was made for somebody else: that one may have named the issuer by any digest.
pub(crate) fn questions(certificate: &Certificate, issuer: &Certificate) -> Vec<Query> {
    let query = |hash| Query::about(certificate.der(), issuer.der(), hash, None).ok();
    CertIdHash::ALL.into_iter().filter_map(query).collect()
}

fn finding(verified: &VerifiedStatus) -> Finding {
    let status = match &verified.status {
        CertificateStatus::Good => ReportedStatus::Good,
        CertificateStatus::Unknown => ReportedStatus::Unknown,
        CertificateStatus::Revoked { at, reason } => {
            let known = |code: u8| RevocationReason::ALL.into_iter().find(|reason| reason.code() == code);
            ReportedStatus::Revoked { at: *at, reason: reason.and_then(|reason| known(reason.code())) }
        }
    };
    Finding { status, this_update: verified.this_update, next_update: verified.next_update }
}
