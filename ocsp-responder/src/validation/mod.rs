//! Is this certificate valid? RFC 5280 path validation with revocation, offline: the caller brings everything.
//!
//! [`validate`] takes an end entity, untrusted intermediates, trust anchors, evidence of status and a moment, and
//! answers with a [`Verdict`]. Lacking evidence is never "good" and never "revoked": the answer is then
//! [`Answer::CannotTell`].
//!
//! Section 6.1 of RFC 5280 is processed by certval; path building, signatures (ring) and CRLs are our own.

pub mod algorithm;
pub mod certificate;
pub mod crl;
pub mod delta;
#[cfg(test)]
pub(crate) mod fixture;
pub mod path;
pub mod status;
#[cfg(test)]
mod tests;
pub mod verdict;

use time::OffsetDateTime;

use ca_core::status::RevocationReason;

use algorithm::AlgorithmError;
use certificate::Certificate;
use path::{PathFailure, PathFault, ValidPath, find_path};
use status::{CertificateStatus, OcspVerifier, RevocationEvidence, StatusReport, find_status};
pub use verdict::{Answer, Indication, PathElement, Reason, SubIndication, Verdict};

/// What an answer rests on, besides the certificate asked about.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// Trust anchors: self-signed roots that the relying party has chosen to trust.
    pub anchors: &'a [Certificate],
    /// Further certificates that may stand between. Not trusted.
    pub intermediates: &'a [Certificate],
    /// CRLs and OCSP responses. Not trusted.
    pub evidence: &'a dyn RevocationEvidence,
    /// Verifies OCSP responses.
    pub ocsp: &'a dyn OcspVerifier,
    /// The moment to answer for.
    pub at: OffsetDateTime,
}

impl std::fmt::Debug for Basis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Basis").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Answers whether `certificate` is valid.
pub fn validate(certificate: &Certificate, basis: &Basis<'_>) -> Verdict {
    match find_path(certificate, basis.intermediates, basis.anchors, basis.at) {
        Ok(path) => judge_status(&path, basis),
        Err(failure) => refuse(certificate, *failure, basis.at),
    }
}

fn judge_status(path: &ValidPath, basis: &Basis<'_>) -> Verdict {
    let certificates = path.certificates();
    let mut reasons = Vec::new();
    let mut elements = Vec::new();
    for (position, certificate) in certificates.iter().enumerate() {
        let report = match certificates.get(position + 1) {
            Some(issuer) => find_status(certificate, issuer, basis.evidence, basis.ocsp, basis.at),
            None => {
                StatusReport { status: CertificateStatus::TrustAnchor, source: None, evidence: Vec::new() }
            }
        };
        reasons.extend(reason_of(position, &report.status));
        elements.push(PathElement { certificate: certificate.summary(), status: Some(report) });
    }
    Verdict::conclude(reasons, elements, basis.at)
}

fn reason_of(certificate: usize, status: &CertificateStatus) -> Option<Reason> {
    match status {
        CertificateStatus::TrustAnchor | CertificateStatus::Good | CertificateStatus::NoRevocation => None,
        CertificateStatus::Revoked { at, reason: Some(RevocationReason::CertificateHold) } => {
            Some(Reason::OnHold { certificate, at: *at })
        }
        CertificateStatus::Revoked { at, reason } => {
            Some(Reason::Revoked { certificate, at: *at, reason: *reason })
        }
        CertificateStatus::Unknown => Some(Reason::StatusUnknown { certificate }),
        CertificateStatus::Undetermined => Some(Reason::StatusUndetermined { certificate }),
    }
}

fn refuse(certificate: &Certificate, failure: PathFailure, at: OffsetDateTime) -> Verdict {
    let mut path = vec![certificate.clone()];
    let reason = match failure {
        PathFailure::Refused { path: found, index, fault } => {
            path = found;
            refused(&path, index, fault)
        }
        PathFailure::NotFound => Reason::NoPath,
        PathFailure::NotSignedByNamedIssuer => Reason::NotSignedByIssuer,
        PathFailure::WeakAlgorithm(detail) => {
            Reason::WeakAlgorithm { detail: AlgorithmError::to_string(&detail) }
        }
        PathFailure::LimitReached => Reason::SearchLimit,
    };
    let elements = path
        .iter()
        .map(|certificate| PathElement { certificate: certificate.summary(), status: None })
        .collect();
    Verdict::conclude(vec![reason], elements, at)
}

fn refused(path: &[Certificate], index: usize, fault: PathFault) -> Reason {
    match (fault, path.get(index)) {
        (PathFault::NotYetValid, Some(found)) => {
            Reason::NotYetValid { certificate: index, not_before: found.not_before() }
        }
        (PathFault::Expired, Some(found)) => {
            Reason::Expired { certificate: index, not_after: found.not_after() }
        }
        _ => Reason::PathRefused { certificate: index, fault },
    }
}
