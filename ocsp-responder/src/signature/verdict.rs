//! The whole answer about a signed file: format, cryptography, path and status.

use std::io::Read;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use x509_cert::ext::pkix::KeyUsages;

use super::content::{ContentDigest, Digests};
use super::counter;
use super::error::SignatureError;
use super::marks::SignatureMarks;
use super::material::{Material, judged};
use super::policy::SignaturePolicy;
use super::signatory::{Signatory, SignatureKind};
use super::stamps::{self, Proof, StampVerdict, StampedPart};
use super::verify::{SignatureForm, SignedFile, VerifiedSignature};
use crate::validation::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::validation::certificate::Certificate;
use crate::validation::verdict::Question;
use crate::validation::{Answer, Basis, Indication, SubIndication, Verdict};

/// A level of baseline signatures (EN 319 122-1 clause 6.1, and as the other forms have it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum SignatureLevel {
    /// The signer's certificate is bound, and a time is claimed.
    #[serde(rename = "B-B")]
    B,
    /// A time stamp proves when it existed.
    #[serde(rename = "B-T")]
    T,
    /// What it is judged by is inside.
    #[serde(rename = "B-LT")]
    Lt,
    /// An archive time stamp keeps all of it.
    #[serde(rename = "B-LTA")]
    Lta,
}

impl SignatureLevel {
    /// Its name in the standards.
    pub const fn name(self) -> &'static str {
        match self {
            Self::B => "B-B",
            Self::T => "B-T",
            Self::Lt => "B-LT",
            Self::Lta => "B-LTA",
        }
    }
}

/// The answer about a signed file. See the [module](super) for how to show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignatureVerdict {
    /// The plain answer: valid, invalid (`TOTAL-FAILED`), or cannot tell (`INDETERMINATE`: not accepted).
    pub answer: Answer,
    /// EN 319 102-1 main indication.
    pub indication: Indication,
    /// EN 319 102-1 sub-indication; `None` when valid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_indication: Option<SubIndication>,
    /// Why not, in words; empty when valid.
    pub reasons: Vec<String>,
    /// The signature's form, once it could be verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub form: Option<SignatureForm>,
    /// Whether somebody signed or an organisation sealed, as the certificate says, once it could be verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<SignatureKind>,
    /// What it is signed with, once it could be verified: `ecdsa-with-sha256` and the like.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub algorithm: Option<String>,
    /// Its level, as far as what was added to it holds; `None` for what is no baseline signature.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<SignatureLevel>,
    /// When it is proven to have existed at the latest: the oldest of its time stamps that hold.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub proven_time: Option<OffsetDateTime>,
    /// Its time stamps.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub timestamps: Vec<StampVerdict>,
    /// When the signer claims to have signed. Nothing proves it.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub claimed_signing_time: Option<OffsetDateTime>,
    /// The policy that its signer states, once it could be verified. One that is named leaves the answer at "cannot tell"
    /// (`SIGNATURE_POLICY_NOT_AVAILABLE`), and only that: who knows its rules can judge by them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<SignaturePolicy>,
    /// Counter-signatures: signatures over this one, and not over what it signs. The answer about it rests on none of them. Those over
    /// counter-signatures are not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schema(no_recursion)]
    pub countersignatures: Vec<SignatureVerdict>,
    /// The answer about the signer's certificate at the proven time, else at `checked_at`, once the signature could be verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate: Option<Verdict>,
    /// What it is, once it could be read: for reports.
    #[serde(skip)]
    pub marks: Option<SignatureMarks>,
    /// The moment that was asked about, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
}

/// Verifies a `signature` over `content`. What the signature carries is used besides what `basis` has.
///
/// # Errors
/// The content could not be read. A bad signature is an answer, not an error.
pub fn verify_signed_file(
    signature: &[u8],
    content: impl Read,
    basis: &Basis<'_>,
) -> std::io::Result<SignatureVerdict> {
    verify_reading(signature, content, None, basis)
}

/// Verifies a `signature` over `content` that stands in a container which keeps more of it.
///
/// # Errors
/// The content could not be read.
pub(super) fn verify_kept_file(
    signature: &[u8],
    content: impl Read,
    kept: Kept<'_>,
    basis: &Basis<'_>,
) -> std::io::Result<SignatureVerdict> {
    verify_reading(signature, content, Some(kept), basis)
}

fn verify_reading(
    signature: &[u8],
    content: impl Read,
    kept: Option<Kept<'_>>,
    basis: &Basis<'_>,
) -> std::io::Result<SignatureVerdict> {
    let signed = match SignedFile::parse(signature) {
        Ok(signed) => signed,
        Err(error) => return Ok(refused(&error, basis.at)),
    };
    let mut algorithms = stamps::algorithms(signed.message());
    algorithms.push(signed.digest_algorithm());
    let digests = Digests::read(content, &algorithms)?;
    Ok(verify_over(signed, &digests, kept, basis))
}

/// Verifies a `signature` over the content that `digest` gives the digest of, by the algorithm that the signature asks for. An
/// archive time stamp that asks for another one proves nothing then, unless the signature carries the content.
///
/// # Errors
/// That of `digest`.
pub fn verify_signature<E>(
    signature: &[u8],
    digest: impl FnOnce(DigestAlgorithm) -> Result<ContentDigest, E>,
    basis: &Basis<'_>,
) -> Result<SignatureVerdict, E> {
    let signed = match SignedFile::parse(signature) {
        Ok(signed) => signed,
        Err(error) => return Ok(refused(&error, basis.at)),
    };
    let given = digest(signed.digest_algorithm())?;
    let digests = Digests::given(given, signed.attached(), &stamps::algorithms(signed.message()));
    Ok(verify_over(signed, &digests, None, basis))
}

/// What is kept of a signature outside of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    /// What it can be judged by besides what it carries.
    pub(super) material: &'a Material,
    /// Since when at the latest it has existed; the moment of asking where nothing shows it.
    pub(super) known: OffsetDateTime,
}

/// Verifies a signature over the content that it carries.
pub fn verify_attached(signature: &[u8], basis: &Basis<'_>) -> SignatureVerdict {
    let signed = match SignedFile::parse(signature) {
        Ok(signed) => signed,
        Err(error) => return refused(&error, basis.at),
    };
    let Some(content) = signed.attached() else { return refused(&SignatureError::Detached, basis.at) };
    let own = ContentDigest::of(content, signed.digest_algorithm());
    let digests = Digests::given(own, Some(content), &stamps::algorithms(signed.message()));
    verify_over(signed, &digests, None, basis)
}

/// Verifies a signature that stands in a document which keeps more of it.
pub(super) fn verify_kept(
    signed: Result<SignedFile, SignatureError>,
    digest: impl FnOnce(DigestAlgorithm) -> ContentDigest,
    kept: Kept<'_>,
    basis: &Basis<'_>,
) -> SignatureVerdict {
    match signed {
        Ok(signed) => {
            let given = digest(signed.digest_algorithm());
            let digests = Digests::given(given, signed.attached(), &stamps::algorithms(signed.message()));
            verify_over(signed, &digests, Some(kept), basis)
        }
        Err(error) => refused(&error, basis.at),
    }
}

fn verify_over(
    signed: SignedFile,
    content: &Digests,
    kept: Option<Kept<'_>>,
    basis: &Basis<'_>,
) -> SignatureVerdict {
    let Some(digest) = content.with(signed.digest_algorithm()).cloned() else {
        return refused(&SignatureError::Detached, basis.at);
    };
    let marks = signed.marks(&digest);
    let verdict = match signed.verify(digest) {
        Ok(verified) => judge(&verified, content, kept, basis),
        Err(error) => refused(&error, basis.at),
    };
    SignatureVerdict { marks, ..verdict }
}

fn judge(
    verified: &VerifiedSignature,
    content: &Digests,
    kept: Option<Kept<'_>>,
    basis: &Basis<'_>,
) -> SignatureVerdict {
    let mut material = stamps::material(&verified.message);
    if let Some(kept) = kept {
        material.add(kept.material);
    }
    let known = kept.map_or(basis.at, |kept| kept.known);
    let proof = stamps::prove(&verified.message, content, &material, known, basis);
    let (form, claimed) = (verified.form, verified.claimed_signing_time);
    let attested = Attested { signer: &verified.signer, algorithm: verified.algorithm, form, claimed };
    let verdict = judge_signer(&attested, proof, &material, basis);
    let level = match (kept, verdict.level) {
        (Some(_), Some(level)) => {
            Some(level.max(level_kept(&verdict, material.has_evidence(), known < basis.at)))
        }
        (_, level) => level,
    };
    let countersignatures = counter::judged(verified, &material, basis);
    SignatureVerdict { level, countersignatures, ..verdict }.under(verified.policy.clone())
}

/// The level of EN 319 142-1 clause 6, where what is kept for longer stands in the document (clause 5.4), and so do the time stamps over
/// that; of EN 319 162-1 clause 4.4.4 in containers.
fn level_kept(verdict: &SignatureVerdict, carries: bool, is_archived: bool) -> SignatureLevel {
    let stamped = verdict.timestamps.iter().any(|stamp| stamp.verdict.answer == Answer::Valid);
    match (stamped || is_archived, carries, is_archived) {
        (false, ..) => SignatureLevel::B,
        (true, false, _) => SignatureLevel::T,
        (true, true, false) => SignatureLevel::Lt,
        (true, true, true) => SignatureLevel::Lta,
    }
}

/// A signature whose value verifies with its signer's key.
pub(super) struct Attested<'a> {
    pub(super) signer: &'a Certificate,
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) form: SignatureForm,
    /// When the signer claims to have signed.
    pub(super) claimed: Option<OffsetDateTime>,
}

/// What is left to be judged of it: time stamps, path and status.
pub(super) fn judge_signer(
    attested: &Attested<'_>,
    proof: Proof,
    material: &Material,
    basis: &Basis<'_>,
) -> SignatureVerdict {
    // EN 319 102-1 clauses 5.5.4 and 5.6.3.4: with a proven time, the certificate is judged as of that.
    let certificate = judged(attested.signer, proof.best, material, basis);
    let question = if proof.best < basis.at { Question::ProvenSignature } else { Question::Signature };
    let mut reasons: Vec<_> = certificate.reasons.iter().map(ToString::to_string).collect();
    let mut sub_indication = certificate.reasons.first().map(|reason| reason.sub_indication(question));
    // RFC 5280 section 4.2.1.3: a key that signs files has digitalSignature or nonRepudiation.
    if !attested.signer.key_may(&[KeyUsages::DigitalSignature, KeyUsages::NonRepudiation]) {
        reasons.push("the signer's certificate does not allow its key to sign files".to_owned());
        sub_indication.get_or_insert(SubIndication::ChainConstraintsFailure);
    }
    if sub_indication.is_some() {
        // A time stamp that does not hold proves nothing, and may be why.
        let fallen = proof.stamps.iter().flat_map(|stamp| stamp.verdict.reasons.iter());
        reasons
            .extend(fallen.map(|reason| format!("a time stamp of the signature does not count: {reason}")));
    }
    let level = level(attested.form, &proof.stamps, material.has_evidence());
    SignatureVerdict {
        form: Some(attested.form),
        kind: Some(Signatory::of(attested.signer).kind()),
        algorithm: Some(attested.algorithm.name().to_owned()),
        level,
        claimed_signing_time: attested.claimed,
        proven_time: Some(proof.best).filter(|best| *best < basis.at),
        timestamps: proof.stamps,
        certificate: Some(certificate),
        ..conclude(sub_indication, reasons, basis.at)
    }
}

/// The level of EN 319 122-1 clause 6 that a signature has, by the time stamps that hold.
fn level(form: SignatureForm, stamps: &[StampVerdict], carries: bool) -> Option<SignatureLevel> {
    let holds = |over| stamps.iter().any(|stamp| stamp.over == over && stamp.verdict.answer == Answer::Valid);
    match form {
        SignatureForm::Cms | SignatureForm::Jws | SignatureForm::Xades => None,
        _ if !holds(StampedPart::Signature) => Some(SignatureLevel::B),
        // What is kept for longer stands in the document.
        SignatureForm::PadesBaselineB => Some(SignatureLevel::T),
        _ if !carries => Some(SignatureLevel::T),
        _ if !holds(StampedPart::Archive) => Some(SignatureLevel::Lt),
        _ => Some(SignatureLevel::Lta),
    }
}

impl SignatureVerdict {
    /// One of a signature that cannot be judged, or must not be believed.
    pub(super) fn refusing(why: SubIndication, reason: String, checked_at: OffsetDateTime) -> Self {
        conclude(Some(why), vec![reason], checked_at)
    }
}

pub(super) fn refused(error: &SignatureError, checked_at: OffsetDateTime) -> SignatureVerdict {
    conclude(Some(error.sub_indication()), vec![error.to_string()], checked_at)
}

fn conclude(
    sub_indication: Option<SubIndication>,
    reasons: Vec<String>,
    checked_at: OffsetDateTime,
) -> SignatureVerdict {
    let indication = sub_indication.map_or(Indication::TotalPassed, SubIndication::indication);
    SignatureVerdict {
        answer: indication.answer(),
        indication,
        sub_indication,
        reasons,
        form: None,
        kind: None,
        algorithm: None,
        level: None,
        proven_time: None,
        timestamps: Vec::new(),
        claimed_signing_time: None,
        policy: None,
        countersignatures: Vec::new(),
        certificate: None,
        marks: None,
        checked_at,
    }
}
