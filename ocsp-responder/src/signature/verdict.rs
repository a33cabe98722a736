//! The whole answer about a signed file: format, cryptography, path and status.

use std::io::Read;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use x509_cert::ext::pkix::KeyUsages;

use super::content::ContentDigest;
use super::error::SignatureError;
use super::verify::{SignatureForm, SignedFile, VerifiedSignature};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::verdict::Question;
use crate::validation::{Answer, Basis, Indication, SubIndication, Verdict, validate};

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
    /// When the signer claims to have signed. Nothing proves it.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub claimed_signing_time: Option<OffsetDateTime>,
    /// The answer about the signer's certificate at `checked_at`, once the signature could be verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate: Option<Verdict>,
    /// The moment that was asked about, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
}

/// Verifies a detached `signature` over `content`. Certificates in the signature are used besides those of `basis`.
///
/// # Errors
/// The content could not be read. A bad signature is an answer, not an error.
pub fn verify_signed_file(
    signature: &[u8],
    content: impl Read,
    basis: &Basis<'_>,
) -> std::io::Result<SignatureVerdict> {
    verify_signature(signature, |algorithm| ContentDigest::read(content, algorithm), basis)
}

/// Verifies a detached `signature` over the content that `digest` gives the digest of, by the algorithm that the signature asks
/// for.
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
    let digest = digest(signed.digest_algorithm())?;
    Ok(match signed.verify(digest) {
        Ok(verified) => judge(&verified, basis),
        Err(error) => refused(&error, basis.at),
    })
}

fn judge(verified: &VerifiedSignature, basis: &Basis<'_>) -> SignatureVerdict {
    let intermediates = [verified.embedded.as_slice(), basis.intermediates].concat();
    let certificate = validate(&verified.signer, &Basis { intermediates: &intermediates, ..*basis });
    let mut reasons: Vec<_> = certificate.reasons.iter().map(ToString::to_string).collect();
    let mut sub_indication =
        certificate.reasons.first().map(|reason| reason.sub_indication(Question::Signature));
    // RFC 5280 section 4.2.1.3: a key that signs files has digitalSignature or nonRepudiation.
    if !verified.signer.key_may(&[KeyUsages::DigitalSignature, KeyUsages::NonRepudiation]) {
        reasons.push("the signer's certificate does not allow its key to sign files".to_owned());
        sub_indication.get_or_insert(SubIndication::ChainConstraintsFailure);
    }
    SignatureVerdict {
        form: Some(verified.form),
        claimed_signing_time: verified.claimed_signing_time,
        certificate: Some(certificate),
        ..conclude(sub_indication, reasons, basis.at)
    }
}

fn refused(error: &SignatureError, checked_at: OffsetDateTime) -> SignatureVerdict {
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
        claimed_signing_time: None,
        certificate: None,
        checked_at,
    }
}
