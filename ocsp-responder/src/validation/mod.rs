//! Is this certificate valid? RFC 5280 path validation with revocation, offline: the caller brings everything.
//!
//! [`validate`] takes an end entity, untrusted intermediates, trust anchors, evidence of status and a moment, and
//! answers with a [`Verdict`]. Lacking evidence is never "good" and never "revoked": the answer is then
//! [`Answer::CannotTell`].
//!
//! Paths are built and processed in `path/` (RFC 5280 section 6.1), CRLs in `crl/` (section 6.3); signatures are verified
//! where all of them are, in `ca_core::algorithm`. NIST's PKITS judges both: `tests/pkits`.

pub mod algorithm;
pub mod certificate;
pub mod crl;
pub(crate) mod der;
mod extensions;
#[cfg(test)]
pub(crate) mod fixture;
pub mod given;
pub(crate) mod names;
pub mod path;
pub mod records;
mod signers;
pub(crate) mod statements;
pub mod status;
#[cfg(test)]
mod tests;
pub mod verdict;

use time::OffsetDateTime;

use ca_core::status::RevocationReason;

use algorithm::AlgorithmError;
use certificate::Certificate;
use path::{Demands, PathFailure, PathFault, Pool, ValidPath, Visit};
use signers::PathSigners;
use status::{CertificateStatus, OcspVerifier, RevocationEvidence, find_status};
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

/// What an answer rests on, for whoever asks about many certificates: the pool keeps what it has verified.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    /// Trust anchors, and untrusted certificates that may stand between.
    pub pool: &'a Pool,
    /// What is asked of a path.
    pub demands: &'a Demands,
    /// CRLs and OCSP responses. Not trusted.
    pub evidence: &'a dyn RevocationEvidence,
    /// Verifies OCSP responses.
    pub ocsp: &'a dyn OcspVerifier,
    /// The moment to answer for.
    pub at: OffsetDateTime,
    /// For a moment in the past: up to when evidence may be of. `None`: of the moment itself.
    pub known: Option<OffsetDateTime>,
}

impl std::fmt::Debug for Inquiry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inquiry").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Answers whether `certificate` is valid.
pub fn validate(certificate: &Certificate, basis: &Basis<'_>) -> Verdict {
    validate_for(certificate, &Demands::NONE, basis)
}

/// Answers whether `certificate` is valid, for a relying party that asks this of its path.
pub fn validate_for(certificate: &Certificate, demands: &Demands, basis: &Basis<'_>) -> Verdict {
    let pool = Pool::new(basis.intermediates, basis.anchors);
    let (evidence, ocsp, at) = (basis.evidence, basis.ocsp, basis.at);
    judge(certificate, &Inquiry { pool: &pool, demands, evidence, ocsp, at, known: None })
}

/// Answers whether `certificate` was valid at a moment before that of `basis`, by what is known at the latter: revoked later is
/// not revoked then (ETSI EN 319 102-1 clause 5.5.4). Evidence of after that moment is used while the certificate had not
/// run out: of what has, an issuer need not speak any more.
pub(crate) fn validate_at(certificate: &Certificate, basis: &Basis<'_>, at: OffsetDateTime) -> Verdict {
    if at >= basis.at {
        return validate(certificate, basis);
    }
    let pool = Pool::new(basis.intermediates, basis.anchors);
    let (evidence, ocsp, known) = (basis.evidence, basis.ocsp, Some(basis.at));
    judge(certificate, &Inquiry { pool: &pool, demands: &Demands::NONE, evidence, ocsp, at, known })
}

/// Answers whether `certificate` is valid. Where several paths lead to a trust anchor, one whose certificates are all
/// of good status will do; where none is, the likeliest one's verdict is given.
pub fn judge(certificate: &Certificate, inquiry: &Inquiry<'_>) -> Verdict {
    let signers = PathSigners::new(inquiry);
    let mut verdict: Option<Verdict> = None;
    let outcome = inquiry.pool.visit_paths(certificate, inquiry.demands, inquiry.at, &mut |path| {
        let judged = judge_status(&path, inquiry, &signers);
        let valid = judged.answer == Answer::Valid;
        // A revocation of the certificate itself stands, whoever is above.
        let is_final = valid || judged.reasons.iter().any(Reason::is_revocation_of_the_certificate);
        if is_final || verdict.is_none() {
            verdict = Some(judged);
        }
        if is_final { Visit::Enough } else { Visit::Another }
    });
    match (outcome, verdict) {
        (_, Some(verdict)) => verdict,
        (Err(failure), None) => refuse(certificate, *failure, inquiry.at),
        (Ok(()), None) => refuse(certificate, PathFailure::NotFound, inquiry.at),
    }
}

fn judge_status(path: &ValidPath, inquiry: &Inquiry<'_>, signers: &PathSigners<'_>) -> Verdict {
    let mut reasons = Vec::new();
    let mut elements = Vec::new();
    for (position, certificate) in path.certificates().iter().enumerate() {
        let report = find_status(path, position, inquiry, signers);
        reasons.extend(reason_of(position, &report.status));
        elements.push(PathElement { certificate: certificate.summary(), status: Some(report) });
    }
    let policies = path.policies().dotted();
    Verdict { policies, ..Verdict::conclude(reasons, elements, inquiry.at) }
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
