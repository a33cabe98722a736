//! Verdicts about certificates, signed files and time stamps, over `ocsp_responder::validation` and `ocsp_responder::signature`.

use ca_core::clock::in_words;
use ocsp_responder::signature::asic::ContainerVerdict;
use ocsp_responder::signature::jades::{JwsContent, JwsSignature, is_jws};
use ocsp_responder::signature::pades::{EmbeddedSignature, PdfVerdict, verify_pdf};
use ocsp_responder::signature::{
    SignatureDemands, SignatureForm, SignatureKind, SignatureLevel, SignaturePolicy, SignatureVerdict,
    verify_attached, verify_signed_file,
};
use ocsp_responder::timestamp::{StatementView, verify_timestamp};
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::path::{Demands as PathDemands, PathFailure, Policies, find_path};
use ocsp_responder::validation::status::CertificateStatus;
use ocsp_responder::validation::{
    Answer, Basis, PathElement, SubIndication, Verdict as CertificateVerdict, validate_for,
};
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::evidence::StatusEvidence;
use super::material::Chain;
use crate::context::Anchors;
use crate::failure::{Exit, Failure, catalogue};

/// What a verdict rests on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whom the relying party trusts.
    pub anchors: &'a Anchors,
    /// The moment to judge for.
    pub at: OffsetDateTime,
    /// Where the status comes from.
    pub evidence: &'a StatusEvidence<'a>,
    /// What is asked of a signature besides.
    pub demands: &'a SignatureDemands,
}

/// A verdict about a certificate or a signed file.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// The verdict: valid, invalid or undetermined.
    pub verdict: Verdict,
    /// The verdict and its main reason, in one sentence.
    pub summary: String,
    /// What was judged one by one, for people: each signature of a container.
    #[serde(skip)]
    pub parts: Vec<String>,
    /// The path that was judged, for people: the end entity first.
    #[serde(skip)]
    pub path: Vec<String>,
    /// When the signer claims to have signed.
    #[serde(skip)]
    pub claimed: Option<OffsetDateTime>,
    /// The level of a signature, for people.
    #[serde(skip)]
    pub level: Option<String>,
    /// What signatures let others do to the document afterwards, for people.
    #[serde(skip)]
    pub afterwards: Vec<String>,
    /// The moment that a time stamp states, for people.
    #[serde(skip)]
    pub stamped: Option<String>,
    /// The verdict itself, for reports.
    #[serde(skip)]
    pub judged: Judged,
    /// What could not be asked, where that matters.
    pub unreachable: Vec<String>,
    /// The steps that led to it.
    pub details: Value,
}

/// What was judged.
#[derive(Debug, Clone, Default)]
pub enum Judged {
    /// No signature: a certificate, or a time stamp.
    #[default]
    Other,
    /// A signature over a file.
    Signature(Box<SignatureVerdict>),
    /// The signatures of a PDF document.
    Pdf(Box<PdfVerdict>),
    /// Those of a container.
    Container(Box<ContainerVerdict>),
}

/// The three verdicts (ETSI EN 319 102-1 section 5.1.3: TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Valid,
    /// No.
    Invalid,
    /// Cannot tell.
    Undetermined,
}

impl Verdict {
    const fn of(answer: Answer) -> Self {
        match answer {
            Answer::Valid => Self::Valid,
            Answer::Invalid => Self::Invalid,
            Answer::CannotTell => Self::Undetermined,
        }
    }

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Invalid => "NOT VALID",
            Self::Undetermined => "CANNOT TELL",
        }
    }

    /// The code left to the shell.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Valid => Exit::Done,
            Self::Invalid => Exit::No,
            Self::Undetermined => Exit::CannotTell,
        }
    }
}

/// Accepts a found issuer only when it leads to a trust anchor.
///
/// # Errors
/// It does not.
pub fn trusted_issuer(
    found: &CertificateDer<'_>,
    chain: &Chain,
    anchors: &Anchors,
    now: OffsetDateTime,
) -> Result<CertificateDer<'static>, Failure> {
    let issuer = certificate(found)?;
    let found_path = find_path(&issuer, &others(chain)?, &trusted(anchors)?, now);
    if found_path.is_err() {
        return Err(Failure::of(&catalogue::NO_ISSUER)
            .cause(format!("no valid path leads from {} to a trust anchor", issuer.subject())));
    }
    Ok(CertificateDer::from(found.to_vec()))
}

/// Accepts a certificate only when a path leads from it to a trust anchor that is valid at this moment, its own period included.
///
/// # Errors
/// None does; which is all there is to know of a certificate that nobody can be asked about.
pub fn demand_path(chain: &Chain, anchors: &Anchors, at: OffsetDateTime) -> Result<(), Failure> {
    let certificate = certificate(&chain.certificate)?;
    let Err(failure) = find_path(&certificate, &others(chain)?, &trusted(anchors)?, at) else {
        return Ok(());
    };
    let why = match *failure {
        PathFailure::Refused { path, index, fault } => {
            let subject = path.get(index).map(Certificate::subject).unwrap_or_default();
            format!("{subject} {fault}")
        }
        PathFailure::NotSignedByNamedIssuer => "the key of the issuer it names did not sign it".to_owned(),
        _ => format!("no valid path leads from {} to a trust anchor", certificate.subject()),
    };
    Err(Failure::of(&catalogue::NO_ISSUER).what("the certificate does not lead to a trust anchor").cause(why))
}

/// Judges a certificate at a moment: its path, then its status.
///
/// # Errors
/// Something given cannot be read; a verdict of no is no error.
pub fn judge_certificate(chain: &Chain, asked: &Asked<'_>) -> Result<Judgement, Failure> {
    let Asked { anchors, at, evidence, demands } = *asked;
    if demands.level.is_some() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("a certificate has no level: signatures have")
            .fix("leave --level out"));
    }
    let (anchors, intermediates) = (trusted(anchors)?, others(chain)?);
    let basis = Basis { anchors: &anchors, intermediates: &intermediates, evidence, ocsp: evidence, at };
    let wanted = PathDemands {
        policies: if demands.policies.is_empty() {
            Policies::Any
        } else {
            Policies::of(demands.policies.iter().copied())
        },
        require_explicit_policy: !demands.policies.is_empty(),
        ..PathDemands::NONE
    };
    let own = certificate(&chain.certificate)?;
    let verdict = validate_for(&own, &wanted, &basis);
    let reason = verdict.reasons.first().map(ToString::to_string);
    // Somebody else's certificate is a plain no, whatever else it is.
    let other = demands.other_signer(&own.summary());
    let answer = if other.is_some() { Answer::Invalid } else { verdict.answer };
    let reason = reason.or(other);
    let judged = judgement(answer, reason, "the certificate is valid and not revoked", &verdict, evidence)?;
    Ok(Judgement { path: stations(&verdict), ..judged })
}

/// Judges a signature (CMS, CAdES baseline; JWS, JAdES baseline) at a moment: over a document, or over what it carries where there is none.
///
/// # Errors
/// Something given cannot be read; a verdict of no is no error.
pub fn judge_signature(
    document: Option<&[u8]>,
    signature: &[u8],
    asked: &Asked<'_>,
) -> Result<Judgement, Failure> {
    let Asked { anchors, at, evidence, demands } = *asked;
    let anchors = trusted(anchors)?;
    let basis = Basis { anchors: &anchors, intermediates: &[], evidence, ocsp: evidence, at };
    let verdict = match document {
        given if is_jws(signature) => {
            let content = given.map_or(JwsContent::Inside, JwsContent::Octets);
            JwsSignature::judge(JwsSignature::parse(signature), content, &basis)
        }
        Some(document) => verify_signed_file(signature, document, &basis)
            .map_err(|error| Failure::of(&catalogue::UNREADABLE).cause(error.to_string()))?,
        None => verify_attached(signature, &basis),
    };
    let verdict = demands.of_signature(verdict);
    let proven_older = verdict.sub_indication != Some(SubIndication::RevokedNoPoe);
    let older = if proven_older { "" } else { ", and nothing proves that the signature is older" };
    let reason = verdict.reasons.first().map(|reason| format!("{reason}{older}"));
    let signer = verdict.certificate.as_ref().and_then(|certificate| certificate.path.first());
    let signer = signer.map_or("its signer", |signer| signer.certificate.subject.as_str());
    let act = act(verdict.kind);
    let was = if verdict.proven_time.is_some() {
        "was valid and not revoked then"
    } else {
        "is valid and not revoked"
    };
    let valid = format!("unchanged since it was {act} by {signer}; the certificate {was}");
    let judged = judgement(verdict.answer, reason, &valid, &verdict, evidence)?;
    let path = verdict.certificate.as_ref().map(stations).unwrap_or_default();
    let stamped = verdict.proven_time.map(existed);
    let level = level_of(verdict.form, verdict.level);
    let claimed = verdict.claimed_signing_time;
    let parts = besides(&verdict);
    let verdict = Judged::Signature(Box::new(verdict));
    Ok(Judgement { parts, path, claimed, stamped, level, judged: verdict, ..judged })
}

/// The word for what was done.
pub(super) const fn act(kind: Option<SignatureKind>) -> &'static str {
    match kind {
        Some(SignatureKind::Seal) => "sealed",
        Some(SignatureKind::Signature) | None => "signed",
    }
}

/// What a signature has besides: a policy that its signer names, and signatures over it.
pub(super) fn besides(verdict: &SignatureVerdict) -> Vec<String> {
    let policy = verdict.policy.as_ref().map(|policy| match policy {
        SignaturePolicy::Implied => "policy   implied by what was signed".to_owned(),
        SignaturePolicy::Explicit { identifier, address } => {
            let address = address.as_ref().map(|address| format!(" ({address})")).unwrap_or_default();
            format!("policy   {identifier}{address}")
        }
    });
    let counters = verdict.countersignatures.iter().map(|counter| {
        let signer = counter.certificate.as_ref().and_then(|certificate| certificate.path.first());
        let signer = signer.map_or("somebody", |signer| signer.certificate.subject.as_str());
        let said = match counter.answer {
            Answer::Valid => "valid".to_owned(),
            _ => format!("does not count, {}", counter.reasons.join("; ")),
        };
        format!("counter-signed by {signer}: {said}")
    });
    policy.into_iter().chain(counters).collect()
}

/// What a proven time says.
fn existed(proven: OffsetDateTime) -> String {
    format!("{}: it has existed since then at the latest", in_words(proven))
}

/// The name of a level, such as CAdES B-LT.
pub(super) fn level_of(form: Option<SignatureForm>, level: Option<SignatureLevel>) -> Option<String> {
    Some(format!("{} {}", form?.standard()?, level?.name()))
}

/// Judges the signatures in a PDF document at a moment.
///
/// # Errors
/// It has none, or cannot be read; a verdict of no is no error.
pub fn judge_pdf(document: &[u8], asked: &Asked<'_>) -> Result<Judgement, Failure> {
    let Asked { anchors, at, evidence, demands } = *asked;
    let anchors = trusted(anchors)?;
    let basis = Basis { anchors: &anchors, intermediates: &[], evidence, ocsp: evidence, at };
    let verdict = verify_pdf(document, &basis)
        .map_err(|error| Failure::of(&catalogue::NOT_VERIFIABLE).cause(error.to_string()))?;
    let verdict = verdict.ok_or_else(|| {
        Failure::of(&catalogue::NOT_VERIFIABLE)
            .cause("the document carries no signature, and no signature file stands beside it")
    })?;
    let verdict = demands.of_pdf(verdict);
    let signer = |signature: &EmbeddedSignature| {
        let path = signature.verdict.certificate.as_ref().map(|certificate| certificate.path.first());
        let signer = path.flatten().map_or("somebody", |signer| signer.certificate.subject.as_str());
        format!("{} by {signer}", act(signature.verdict.kind))
    };
    let signers: Vec<String> = verdict.signatures.iter().map(signer).collect();
    let valid = match signers.as_slice() {
        [] => "unchanged since it was stamped; nobody signed it".to_owned(),
        signers => format!("unchanged since it was {}", signers.join(" and ")),
    };
    let judged = judgement(verdict.answer, verdict.reasons.first().cloned(), &valid, &verdict, evidence)?;
    let last = verdict.signatures.last();
    let path = last.and_then(|signature| signature.verdict.certificate.as_ref()).map(stations);
    let claimed = last.and_then(|signature| signature.claimed);
    let proven = last.and_then(|signature| signature.verdict.proven_time);
    let stamped = proven.map(existed);
    let level = last.and_then(|signature| level_of(signature.verdict.form, signature.verdict.level));
    let path = path.unwrap_or_default();
    let said = |one: &EmbeddedSignature| Some(format!("{}: {}", one.field, one.restrictions.as_ref()?));
    let afterwards = verdict.signatures.iter().filter_map(said).collect();
    let verdict = Judged::Pdf(Box::new(verdict));
    Ok(Judgement { path, claimed, stamped, level, afterwards, judged: verdict, ..judged })
}

/// Judges a time stamp over a document at a moment.
///
/// # Errors
/// Something given cannot be read; a verdict of no is no error.
pub fn judge_timestamp(document: &[u8], stamp: &[u8], asked: &Asked<'_>) -> Result<Judgement, Failure> {
    let Asked { anchors, at, evidence, .. } = *asked;
    let anchors = trusted(anchors)?;
    let basis = Basis { anchors: &anchors, intermediates: &[], evidence, ocsp: evidence, at };
    let verdict = verify_timestamp(stamp, document, &basis)
        .map_err(|error| Failure::of(&catalogue::UNREADABLE).cause(error.to_string()))?;
    let stated = verdict.statement.as_ref();
    let valid = stated.map(|stated| format!("this very file was there on {}", in_words(stated.at)));
    let reason = verdict.reasons.first().cloned();
    let judged = judgement(verdict.answer, reason, &valid.unwrap_or_default(), &verdict, evidence)?;
    let path = verdict.certificate.as_ref().map(stations).unwrap_or_default();
    Ok(Judgement { path, stamped: stated.map(stamped), ..judged })
}

/// The moment of a time stamp with how exact it is.
fn stamped(stated: &StatementView) -> String {
    let exact = stated.accuracy_milliseconds.map_or_else(
        || format!("as exact as policy {} says", stated.policy),
        |accuracy| {
            format!("to {:.3} s", std::time::Duration::from_millis(accuracy.unsigned_abs()).as_secs_f64())
        },
    );
    format!("{}, {exact}, number {}", in_words(stated.at), stated.serial)
}

/// The certificates of a path with their status, a line each.
pub(super) fn stations(verdict: &CertificateVerdict) -> Vec<String> {
    let station = |element: &PathElement| {
        let status = element.status.as_ref().map(|report| (&report.status, report.source));
        let said = match status {
            None => String::new(),
            Some((CertificateStatus::TrustAnchor, _)) => "  (trust anchor)".to_owned(),
            Some((status, source)) => {
                let word = match status {
                    CertificateStatus::Good => "good",
                    CertificateStatus::NoRevocation => "short-lived, never revoked",
                    CertificateStatus::Revoked { .. } => "revoked",
                    CertificateStatus::Unknown => "unknown to its issuer",
                    _ => "status not known",
                };
                source.map_or_else(|| format!("  ({word})"), |source| format!("  ({word}, {source})"))
            }
        };
        format!("{}{said}", element.certificate.subject)
    };
    verdict.path.iter().map(station).collect()
}

/// Puts an answer into words; `valid` is said where there is no reason against it.
pub(super) fn judgement(
    answer: Answer,
    reason: Option<String>,
    valid: &str,
    details: &impl Serialize,
    evidence: &StatusEvidence<'_>,
) -> Result<Judgement, Failure> {
    let details = serde_json::to_value(details)
        .map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))?;
    let verdict = Verdict::of(answer);
    Ok(Judgement {
        verdict,
        summary: reason.unwrap_or_else(|| valid.to_owned()),
        parts: Vec::new(),
        judged: Judged::default(),
        path: Vec::new(),
        claimed: None,
        level: None,
        afterwards: Vec::new(),
        stamped: None,
        // Whoever got an answer need not hear which of two sources was silent.
        unreachable: if verdict == Verdict::Undetermined { evidence.unreachable() } else { Vec::new() },
        details,
    })
}

/// Reads a certificate for judging it.
///
/// # Errors
/// It is none.
pub fn certificate(der: &CertificateDer<'_>) -> Result<Certificate, Failure> {
    Certificate::from_der(der).map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))
}

/// Reads the others of a chain.
///
/// # Errors
/// One is no certificate.
pub fn others(chain: &Chain) -> Result<Vec<Certificate>, Failure> {
    chain.others.iter().map(certificate).collect()
}

/// Reads the trust anchors for judging by them.
///
/// # Errors
/// One cannot be read.
pub fn trusted(anchors: &Anchors) -> Result<Vec<Certificate>, Failure> {
    anchors.iter().map(|anchor| certificate(anchor.der())).collect()
}
