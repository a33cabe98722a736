//! The status of one certificate from the evidence at hand. No network here: the caller fetched, this verifies.

use ca_core::fingerprint::fingerprint;
use ca_core::status::RevocationReason;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::certificate::Certificate;
use super::crl::list::RevocationList;
use super::crl::point::Reasons;
use super::crl::{CrlFinding, CrlRefusal, Signers, examine};
use super::signers::PathSigners;
use super::{Inquiry, path::ValidPath};
use crate::ocsp::client;

/// The most pieces of evidence that are looked at for one certificate and kind: each costs a signature check, and
/// whoever serves them may be hostile.
pub const MAX_EVIDENCE: usize = 8;

/// Where CRLs and OCSP responses come from. What it gives is not trusted.
pub trait RevocationEvidence {
    /// DER CRLs that may cover `certificate`, issued by `issuer`.
    fn crls(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>>;

    /// DER OCSP responses that may answer for `certificate`, issued by `issuer`.
    fn ocsp_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>>;

    /// What whoever gives the evidence vouches for: the CA of its own certificates, a holder of a snapshot that is verified.
    /// `None` from whoever does not speak for this issuer.
    fn vouched(&self, _: &Certificate, _: &Certificate, _: OffsetDateTime) -> Option<Vouched> {
        None
    }
}

/// What somebody vouches for, who is believed: there is nothing left to verify.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// By what.
    pub source: EvidenceSource,
    /// What they say, or why they cannot at present.
    pub finding: Result<Finding, String>,
}

/// No evidence at all: every status is then undetermined.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEvidence;

impl RevocationEvidence for NoEvidence {
    fn crls(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn ocsp_responses(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// The same evidence for every certificate; what does not belong to one is refused when it is looked at.
#[derive(Debug, Clone, Default)]
pub struct GatheredEvidence {
    /// DER CRLs.
    pub crls: Vec<Vec<u8>>,
    /// DER OCSP responses.
    pub ocsp_responses: Vec<Vec<u8>>,
}

impl RevocationEvidence for GatheredEvidence {
    fn crls(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        self.crls.clone()
    }

    fn ocsp_responses(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        self.ocsp_responses.clone()
    }
}

/// Verifies an OCSP response. Closures of this shape are such verifiers.
pub trait OcspVerifier {
    /// What the DER OCSP `response` says of `certificate`, issued by `issuer`, at the moment `at`.
    ///
    /// # Errors
    /// Why the response cannot be used, in words for the verdict's reader.
    fn ocsp_status(
        &self,
        response: &[u8],
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Finding, String>;
}

impl<F> OcspVerifier for F
where
    F: Fn(&[u8], &Certificate, &Certificate, OffsetDateTime) -> Result<Finding, String>,
{
    fn ocsp_status(
        &self,
        response: &[u8],
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Finding, String> {
        self(response, certificate, issuer, at)
    }
}

/// Refuses every OCSP response: for callers that look at CRLs alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrlOnly;

impl OcspVerifier for CrlOnly {
    fn ocsp_status(
        &self,
        _: &[u8],
        _: &Certificate,
        _: &Certificate,
        _: OffsetDateTime,
    ) -> Result<Finding, String> {
        Err("OCSP responses are not looked at here".to_owned())
    }
}

/// What one verified piece of evidence says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The status it reports.
    pub status: ReportedStatus,
    /// When that was known to be so.
    pub this_update: OffsetDateTime,
    /// When newer evidence will be there; an OCSP response may leave it out.
    pub next_update: Option<OffsetDateTime>,
}

/// A status as an issuer reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum ReportedStatus {
    /// Not revoked.
    Good,
    /// Revoked or on hold.
    Revoked {
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Why; `None` when the issuer gave no reason that npki names.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(value_type = Option<String>)]
        reason: Option<RevocationReason>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceSource {
    /// A certificate revocation list.
    Crl,
    /// An OCSP response.
    Ocsp,
    /// The CA's own records.
    Records,
    /// A snapshot of the CA's records, signed and held.
    Snapshot,
    /// A compact filter of the CA, carried here.
    Filter,
}

impl std::fmt::Display for EvidenceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Crl => "CRL",
            Self::Ocsp => "OCSP",
            Self::Records => "the CA's records",
            Self::Snapshot => "a snapshot of the CA's records",
            Self::Filter => "a status filter of the CA",
        })
    }
}

/// The status of one certificate, as a verdict states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum CertificateStatus {
    /// The trust anchor itself: nobody above it speaks of its status.
    TrustAnchor,
    /// Verified evidence says that it is not revoked.
    Good,
    /// It ends before a revocation could matter, and says that nobody tells of one (RFC 9608).
    NoRevocation,
    /// Verified evidence says that it is revoked or on hold.
    Revoked {
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Why; `None` when the issuer gave no reason that npki names.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schema(value_type = Option<String>)]
        reason: Option<RevocationReason>,
    },
    /// A responder says that it does not know the certificate. Never good.
    Unknown,
    /// There is no evidence that could be used. Neither good nor revoked.
    Undetermined,
}

/// What one piece of evidence contributed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceReport {
    /// Its kind.
    pub source: EvidenceSource,
    /// SHA-256 of the CRL (the complete one, where a delta amends it) or of the OCSP response that could be used, lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// What it says, when it could be used.
    #[serde(flatten, skip_serializing_if = "Option::is_none", default)]
    pub reported: Option<ReportedStatus>,
    /// When that was known to be so.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub this_update: Option<OffsetDateTime>,
    /// When newer evidence will be there.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub next_update: Option<OffsetDateTime>,
    /// The reasons for revocation that it speaks of, when those are not all: good is then good for these alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub reasons_covered: Option<Vec<RevocationReason>>,
    /// Why it could not be used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
}

impl EvidenceReport {
    fn new(source: EvidenceSource, outcome: Result<Finding, String>) -> Self {
        match outcome {
            Ok(finding) => Self {
                source,
                sha256: None,
                reported: Some(finding.status),
                this_update: Some(finding.this_update),
                next_update: finding.next_update,
                reasons_covered: None,
                refusal: None,
            },
            Err(refusal) => Self {
                source,
                sha256: None,
                reported: None,
                this_update: None,
                next_update: None,
                reasons_covered: None,
                refusal: Some(refusal),
            },
        }
    }

    fn of_crl(outcome: Result<CrlFinding, String>) -> Self {
        let reasons =
            outcome.as_ref().ok().map(|found| found.reasons).filter(|reasons| *reasons != Reasons::ALL);
        let sha256 = outcome.as_ref().ok().map(|found| found.sha256.clone());
        let report = Self::new(EvidenceSource::Crl, outcome.map(|found| found.finding));
        Self { reasons_covered: reasons.map(Reasons::named), sha256, ..report }
    }

    fn of_response(response: &[u8], outcome: Result<Finding, String>) -> Self {
        let sha256 = outcome.is_ok().then(|| fingerprint(response));
        Self { sha256, ..Self::new(EvidenceSource::Ocsp, outcome) }
    }
}

/// A certificate's status and all that was looked at to find it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusReport {
    /// The status.
    #[serde(flatten)]
    pub status: CertificateStatus,
    /// What it rests on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<EvidenceSource>,
    /// Each piece of evidence, used or refused.
    pub evidence: Vec<EvidenceReport>,
}

/// Finds the status of the certificate at `position` of a path, its end entity at zero.
///
/// When pieces of evidence differ, the worst counts: revoked before unknown before good. `evidence` in the answer
/// shows the difference. RFC 9608 section 4: where the certificate says so, none is needed; what there is all the same
/// counts.
pub(super) fn find_status(
    path: &ValidPath,
    position: usize,
    inquiry: &Inquiry<'_>,
    signers: &PathSigners<'_>,
) -> StatusReport {
    let pair = (path.certificates().get(position), path.certificates().get(position + 1));
    let (Some(certificate), Some(issuer)) = pair else {
        return StatusReport { status: CertificateStatus::TrustAnchor, source: None, evidence: Vec::new() };
    };
    let (evidence, at) = (signers.evidence(certificate, issuer), inquiry.at);
    let (mut reports, mut covered) = (Vec::new(), Reasons::NONE);
    if let Some(Vouched { source, finding }) = inquiry.evidence.vouched(certificate, issuer, at) {
        if finding.is_ok() {
            covered = Reasons::ALL;
        }
        reports.push(EvidenceReport::new(source, finding));
    }
    for response in &evidence.ocsp_responses {
        let moment = spoken_at(client::produced_at(response), certificate, inquiry);
        let outcome = inquiry.ocsp.ocsp_status(response, certificate, issuer, moment);
        if outcome.is_ok() {
            covered = Reasons::ALL;
        }
        reports.push(EvidenceReport::of_response(response, outcome));
    }
    for outcome in crl_outcomes(&evidence.crls, certificate, &signers.at(path, position), inquiry) {
        if let Ok(found) = &outcome {
            covered = covered.or(found.reasons);
        }
        reports.push(EvidenceReport::of_crl(outcome.map_err(|refusal| refusal.to_string())));
    }
    let report = conclude(reports, covered, inquiry.known.map(|_| at));
    if report.status == CertificateStatus::Undetermined && certificate.is_never_revoked() {
        return StatusReport { status: CertificateStatus::NoRevocation, ..report };
    }
    report
}

/// The moment at which a piece of evidence is judged: that of the inquiry, or for a moment in the past, when the evidence was
/// made, if that was later. Then the key that signed it counted, and it is of no earlier moment than the one in question.
fn spoken_at(
    made: Option<OffsetDateTime>,
    certificate: &Certificate,
    inquiry: &Inquiry<'_>,
) -> OffsetDateTime {
    let Some(known) = inquiry.known else { return inquiry.at };
    let latest = known.min(certificate.not_after()).max(inquiry.at);
    made.unwrap_or(inquiry.at).clamp(inquiry.at, latest)
}

/// What CRLs say. For a moment in the past each complete one is judged for itself, with the delta CRLs, as of when they were made.
fn crl_outcomes(
    crls: &[Vec<u8>],
    certificate: &Certificate,
    signers: &dyn Signers,
    inquiry: &Inquiry<'_>,
) -> Vec<Result<CrlFinding, CrlRefusal>> {
    if inquiry.known.is_none() {
        return examine(crls, certificate, signers, inquiry.at);
    }
    let read = |crl: &Vec<u8>| {
        let list = RevocationList::read(crl).ok()?;
        Some((list.is_delta(), list.this_update, list.next_update))
    };
    let delta = |crl: &&Vec<u8>| matches!(read(crl), Some((true, ..)));
    let deltas: Vec<Vec<u8>> = crls.iter().filter(delta).cloned().collect();
    let mut outcomes = Vec::new();
    for complete in crls.iter().filter(|crl| !delta(crl)) {
        let group = [std::slice::from_ref(complete), &deltas].concat();
        let until = read(complete).and_then(|(_, _, next_update)| next_update);
        let made = group.iter().filter_map(|crl| Some(read(crl)?.1));
        let made = made.filter(|made| until.is_none_or(|until| *made <= until)).max();
        let moment = spoken_at(made, certificate, inquiry);
        outcomes.extend(examine(&group, certificate, signers, moment));
    }
    outcomes
}

/// RFC 5280 section 6.3.3: not revoked for the reasons that were covered is good when all are.
///
/// Asked about the past, revoked after that moment is good at it; the evidence tells.
fn conclude(evidence: Vec<EvidenceReport>, covered: Reasons, past: Option<OffsetDateTime>) -> StatusReport {
    // Records answer for the moment itself, by the day since which a key was in wrong hands.
    let dated = |source| matches!(source, EvidenceSource::Crl | EvidenceSource::Ocsp);
    let later = |source, revoked| past.is_some_and(|past| revoked > past && dated(source));
    let said = |report: &EvidenceReport| match report.reported.clone() {
        Some(ReportedStatus::Revoked { at, .. }) if later(report.source, at) => Some(ReportedStatus::Good),
        reported => reported,
    };
    let weight = |report: &&EvidenceReport| match said(report) {
        Some(ReportedStatus::Revoked { .. }) => 2,
        Some(ReportedStatus::Unknown) => 1,
        _ => 0,
    };
    let decisive = evidence.iter().filter(|report| report.reported.is_some()).max_by_key(weight);
    let status = match decisive.and_then(said) {
        None => CertificateStatus::Undetermined,
        Some(ReportedStatus::Good) if covered != Reasons::ALL => CertificateStatus::Undetermined,
        Some(ReportedStatus::Good) => CertificateStatus::Good,
        Some(ReportedStatus::Unknown) => CertificateStatus::Unknown,
        Some(ReportedStatus::Revoked { at, reason }) => CertificateStatus::Revoked { at, reason },
    };
    let source = decisive.map(|report| report.source).filter(|_| status != CertificateStatus::Undetermined);
    StatusReport { status, source, evidence }
}
