//! The whole answer about a signed PDF: each of its signatures, and what came after it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::changes::changed;
use super::places::{Covered, PdfError, Place, places, read};
use crate::signature::content::ContentDigest;
use crate::signature::verdict::{SignatureVerdict, verify_read};
use crate::signature::verify::SignedFile;
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::{Answer, Basis, Indication, SubIndication};

/// The answer about a signed PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PdfVerdict {
    /// Valid where every signature is; invalid where one is; else nobody can tell.
    pub answer: Answer,
    /// EN 319 102-1 main indication.
    pub indication: Indication,
    /// EN 319 102-1 sub-indication of the first signature that is not valid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_indication: Option<SubIndication>,
    /// Why not, in words; empty when valid.
    pub reasons: Vec<String>,
    /// Each signature, the first that was made first. Never none: a document without signatures has no verdict.
    pub signatures: Vec<EmbeddedSignature>,
    /// The moment that was asked about, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
}

/// One signature of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmbeddedSignature {
    /// The name of its field.
    pub field: String,
    /// Whether it covers the document as it stands; otherwise something was added later, which was looked at.
    pub covers_all: bool,
    /// When the signer claims to have signed, as the document says it. Nothing proves it.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub claimed: Option<OffsetDateTime>,
    /// The answer about it.
    #[serde(flatten)]
    pub verdict: SignatureVerdict,
}

/// Judges every signature of a PDF; `None` where it has none.
///
/// # Errors
/// It is no PDF, is encrypted, cannot be read without repairing it, or is larger than any that is read.
pub fn verify_pdf(octets: &[u8], basis: &Basis<'_>) -> Result<Option<PdfVerdict>, PdfError> {
    let document = read(octets)?;
    let places = places(octets, &document)?;
    if places.is_empty() {
        return Ok(None);
    }
    let judge = |place: &Place| EmbeddedSignature {
        field: place.field.clone(),
        covers_all: place.covered.as_ref().is_ok_and(|covered| covered.end == octets.len()),
        claimed: place.claimed,
        verdict: judged(octets, &document, place, basis),
    };
    Ok(Some(concluded(places.iter().map(judge).collect(), basis.at)))
}

fn judged(octets: &[u8], document: &lopdf::Document, place: &Place, basis: &Basis<'_>) -> SignatureVerdict {
    let covered = match &place.covered {
        Ok(covered) => covered,
        Err(error) => return refused(error, basis.at),
    };
    let digest = |algorithm| Ok::<_, std::convert::Infallible>(digest_of(octets, covered, algorithm));
    let signed = SignedFile::parse(&covered.message).map(SignedFile::within_pdf);
    let Ok(verdict) = verify_read(signed, digest, basis);
    // What is not intact needs no further reason.
    if verdict.indication == Indication::TotalFailed {
        return verdict;
    }
    match later_changes(octets, document, place, covered) {
        Ok(()) => verdict,
        Err(error) => {
            let SignatureVerdict { reasons, .. } = verdict.clone();
            let refusal = refused(&error, basis.at);
            let reasons = [refusal.reasons, reasons].concat();
            let (answer, indication, sub_indication) =
                (refusal.answer, refusal.indication, refusal.sub_indication);
            SignatureVerdict { answer, indication, sub_indication, reasons, ..verdict }
        }
    }
}

fn digest_of(octets: &[u8], covered: &Covered, algorithm: DigestAlgorithm) -> ContentDigest {
    let before = octets.get(..covered.hole.start).unwrap_or_default();
    let behind = octets.get(covered.hole.end..covered.end).unwrap_or_default();
    ContentDigest::of_parts(&[before, behind], algorithm)
}

/// What came after a signature is nothing but further signatures.
fn later_changes(
    octets: &[u8],
    document: &lopdf::Document,
    place: &Place,
    covered: &Covered,
) -> Result<(), PdfError> {
    let added = octets.get(covered.end..).unwrap_or_default();
    if added.trim_ascii().is_empty() {
        return Ok(());
    }
    let signed = read(octets.get(..covered.end).unwrap_or_default())
        .map_err(|_| PdfError::Changed("its signed revision cannot be read".to_owned()))?;
    // The signature that was judged is the one that the signed revision had.
    if signed.objects.get(&place.id) != document.objects.get(&place.id) {
        return Err(PdfError::Changed("the signature itself".to_owned()));
    }
    changed(&signed, document).map_or(Ok(()), |change| Err(PdfError::Changed(change)))
}

fn refused(error: &PdfError, checked_at: OffsetDateTime) -> SignatureVerdict {
    SignatureVerdict::refusing(error.sub_indication(), error.to_string(), checked_at)
}

fn concluded(signatures: Vec<EmbeddedSignature>, checked_at: OffsetDateTime) -> PdfVerdict {
    let weight = |signature: &&EmbeddedSignature| match signature.verdict.answer {
        Answer::Invalid => 0,
        Answer::CannotTell => 1,
        Answer::Valid => 2,
    };
    let decisive = signatures.iter().min_by_key(weight).map(|signature| &signature.verdict);
    let (answer, indication, sub_indication) = decisive
        .map_or((Answer::CannotTell, Indication::Indeterminate, None), |verdict| {
            (verdict.answer, verdict.indication, verdict.sub_indication)
        });
    let reason = |signature: &EmbeddedSignature| {
        let reasons = signature.verdict.reasons.clone();
        let field = signature.field.clone();
        reasons.into_iter().map(move |reason| format!("{field}: {reason}"))
    };
    let reasons = signatures.iter().flat_map(reason).collect();
    PdfVerdict { answer, indication, sub_indication, reasons, signatures, checked_at }
}
