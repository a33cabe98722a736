//! What stands where a signature or a time stamp is to be put: a new one must not take the place of somebody else's, and who signs
//! ten thousand files once more after a power cut does not want all of them signed again.

use std::path::Path;

use ocsp_responder::signature::jades::{JwsContent, JwsSignature, is_jws};
use ocsp_responder::signature::pades::verify_pdf;
use ocsp_responder::signature::{
    SignatureLevel, SignatureVerdict, StampedPart, carries_evidence, verify_signed_file,
};
use ocsp_responder::timestamp::verify_timestamp;
use ocsp_responder::validation::Basis;
use ocsp_responder::validation::certificate::Certificate;
use time::OffsetDateTime;

use super::evidence::StatusEvidence;
use crate::failure::Failure;
use crate::files;

/// What stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Nothing,
    /// A signature over this very file by this very certificate, with the parts of this level. Whether all of them hold is not
    /// asked: that takes a trust anchor.
    Own(SignatureLevel),
    /// Something else.
    Other,
}

/// Looks for a signature over `document` by `signer` at this place.
///
/// # Errors
/// What stands there cannot be read.
pub fn signature_at(
    place: &Path,
    document: &[u8],
    signer: &Certificate,
    at: OffsetDateTime,
) -> Result<Existing, Failure> {
    if place.symlink_metadata().is_err() {
        return Ok(Existing::Nothing);
    }
    let found = files::read(place, files::MAX_DOCUMENT)?;
    let evidence = StatusEvidence::Offline;
    let basis = Basis { anchors: &[], intermediates: &[], evidence: &evidence, ocsp: &evidence, at };
    let own = hex::encode(signer.sha256());
    let level = if found.starts_with(b"%PDF-") {
        level_of_pdf(&found, document, &own, &basis)
    } else {
        level_of_signature(&found, document, &own, &basis)
    };
    Ok(level.map_or(Existing::Other, Existing::Own))
}

/// Whether the value of a signature verifies with the key of this certificate.
fn is_by(verdict: &SignatureVerdict, signer: &str) -> bool {
    let path = verdict.certificate.as_ref().map(|certificate| certificate.path.as_slice());
    let first = path.unwrap_or_default().first();
    verdict.form.is_some() && first.is_some_and(|first| first.certificate.sha256 == signer)
}

fn level_of_signature(
    signature: &[u8],
    document: &[u8],
    signer: &str,
    basis: &Basis<'_>,
) -> Option<SignatureLevel> {
    let (verdict, carries) = if is_jws(signature) {
        let read = JwsSignature::parse(signature);
        let carries = read.as_ref().is_ok_and(JwsSignature::carries_evidence);
        (JwsSignature::judge(read, JwsContent::Octets(document), basis), carries)
    } else {
        (verify_signed_file(signature, document, basis).ok()?, carries_evidence(signature))
    };
    let is_over = |part| verdict.timestamps.iter().any(|stamp| stamp.over == part);
    let parts = [is_over(StampedPart::Signature), carries, is_over(StampedPart::Archive)];
    is_by(&verdict, signer).then(|| level(parts))
}

/// The signed document begins with the document as it was.
fn level_of_pdf(signed: &[u8], document: &[u8], signer: &str, basis: &Basis<'_>) -> Option<SignatureLevel> {
    let added = signed.strip_prefix(document)?;
    let verdict = verify_pdf(signed, basis).ok()??;
    let own = verdict.signatures.iter().rev().find(|signature| is_by(&signature.verdict, signer))?;
    let has = |word: &[u8]| added.windows(word.len()).any(|part| part == word);
    Some(level([!own.verdict.timestamps.is_empty(), has(b"/DSS"), !verdict.timestamps.is_empty()]))
}

/// The level that a signature has with a time stamp, with what it is judged by, and with a time stamp over that.
const fn level(parts: [bool; 3]) -> SignatureLevel {
    match parts {
        [_, true, true] => SignatureLevel::Lta,
        [true, true, false] => SignatureLevel::Lt,
        [true, false, _] => SignatureLevel::T,
        [false, ..] => SignatureLevel::B,
    }
}

/// Whether a time stamp over `document` stands at this place; nothing where nothing stands there.
///
/// # Errors
/// What stands there cannot be read.
pub fn is_stamped_at(place: &Path, document: &[u8], at: OffsetDateTime) -> Result<Option<bool>, Failure> {
    if place.symlink_metadata().is_err() {
        return Ok(None);
    }
    let found = files::read(place, files::MAX_OBJECT)?;
    let evidence = StatusEvidence::Offline;
    let basis = Basis { anchors: &[], intermediates: &[], evidence: &evidence, ocsp: &evidence, at };
    // What it states is told once its signature is verified over the file.
    let stamp = verify_timestamp(&found, document, &basis);
    Ok(Some(stamp.is_ok_and(|verdict| verdict.statement.is_some())))
}
