//! The whole answer about a signed PDF: each of its signatures, and what came after it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::changes::changed;
use super::places::{Covered, Filled, PdfError, Place, places};
use super::restrictions::Restrictions;
use super::revision::Revision;
use super::store;
use crate::signature::content::ContentDigest;
use crate::signature::material::Material;
use crate::signature::stamps::{judge_stamp, take_token};
use crate::signature::verdict::{Kept, SignatureVerdict, verify_kept};
use crate::signature::verify::SignedFile;
use crate::timestamp::{TimestampToken, TimestampVerdict, TokenError, VerifiedToken};
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
    /// Each signature, the first that was made first. None where the document is stamped alone; one without both has no verdict.
    pub signatures: Vec<EmbeddedSignature>,
    /// Each time stamp over the document, the first that was made first (level B-LTA).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub timestamps: Vec<DocumentStamp>,
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
    /// What it lets others do to the document afterwards, as the document says it; nothing is restricted where this is left out. What the
    /// answer is when somebody did something else is told by it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restrictions: Option<Restrictions>,
    /// The answer about it.
    #[serde(flatten)]
    pub verdict: SignatureVerdict,
}

/// A time stamp over a document as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentStamp {
    /// The name of its field.
    pub field: String,
    /// Whether it covers the document as it stands.
    pub covers_all: bool,
    /// The answer about it, at the moment until which it is known to have existed.
    #[serde(flatten)]
    pub verdict: TimestampVerdict,
}

/// Judges every signature and time stamp of a PDF; `None` where it has none.
///
/// # Errors
/// It is no PDF, is encrypted, cannot be read without repairing it, or is larger than any that is read.
pub fn verify_pdf(octets: &[u8], basis: &Basis<'_>) -> Result<Option<PdfVerdict>, PdfError> {
    let whole = Revision::read(octets)?;
    let document = whole.document();
    let places = places(octets, document)?;
    if places.is_empty() {
        return Ok(None);
    }
    let inspection = Inspection { octets, whole: &whole, basis };
    let (stamps, signatures): (Vec<_>, Vec<_>) =
        places.iter().partition(|place| place.filled == Filled::TimeStamp);
    let mut material = store::material(document);
    for stamp in stamps.iter().filter_map(|place| place.covered.as_ref().ok()) {
        take_token(&mut material, &stamp.message);
    }
    let (stamps, holding) = inspection.stamps(&stamps, &material);
    let judge = |place: &&Place| EmbeddedSignature {
        field: place.field.clone(),
        covers_all: inspection.is_whole(place),
        claimed: place.claimed,
        restrictions: place.restrictions.as_ref().ok().filter(|said| !said.is_empty()).cloned(),
        verdict: inspection.signature(place, &material, &holding),
    };
    Ok(Some(concluded(signatures.iter().map(judge).collect(), stamps, basis.at)))
}

/// Time stamps that hold: the octets in front of their holes, which they cover, and when that was.
type Holding = Vec<(usize, OffsetDateTime)>;

struct Inspection<'a> {
    octets: &'a [u8],
    whole: &'a Revision<'a>,
    basis: &'a Basis<'a>,
}

impl Inspection<'_> {
    fn is_whole(&self, place: &Place) -> bool {
        place.covered.as_ref().is_ok_and(|covered| covered.end == self.octets.len())
    }

    /// The newest first: each older one is judged as of the moment that a newer one proves (EN 319 102-1 clause 5.6.2.4).
    fn stamps(&self, places: &[&Place], material: &Material) -> (Vec<DocumentStamp>, Holding) {
        let (mut told, mut holding) = (Vec::new(), Holding::new());
        for place in places.iter().rev() {
            let known = self.known(place, &holding);
            let token = self.token(place);
            let verdict = judge_stamp(&token, known, material, self.basis);
            let proven = verdict.statement.as_ref().map(|statement| statement.at);
            if let (Ok(covered), Some(at), Answer::Valid) = (&place.covered, proven, verdict.answer) {
                holding.push((covered.hole.start, at));
            }
            let covers_all = self.is_whole(place);
            told.push(DocumentStamp { field: place.field.clone(), covers_all, verdict });
        }
        told.reverse();
        (told, holding)
    }

    /// Since when at the latest a place has been filled.
    fn known(&self, place: &Place, holding: &Holding) -> OffsetDateTime {
        let end = place.covered.as_ref().map_or(usize::MAX, |covered| covered.end);
        let covering = holding.iter().filter(|(covers, _)| end <= *covers);
        covering.map(|(_, at)| *at).min().unwrap_or(self.basis.at)
    }

    fn token(&self, place: &Place) -> Result<VerifiedToken, TokenError> {
        let covered = place.covered.as_ref().map_err(|error| TokenError::Document(error.to_string()))?;
        let token = TimestampToken::parse(&covered.message)?.verify()?;
        token.statement.verify_about(&digest_of(self.octets, covered, token.statement.digest))?;
        later_changes(self.whole, place, covered).map_err(|error| TokenError::Document(error.to_string()))?;
        Ok(token)
    }

    fn signature(&self, place: &Place, material: &Material, holding: &Holding) -> SignatureVerdict {
        let covered = match &place.covered {
            Ok(covered) => covered,
            Err(error) => return refused(error, self.basis.at),
        };
        let digest = |algorithm| digest_of(self.octets, covered, algorithm);
        let signed = SignedFile::parse(&covered.message).map(SignedFile::within_pdf);
        let kept = Kept { material, known: self.known(place, holding) };
        let verdict = verify_kept(signed, digest, kept, self.basis);
        // What is not intact needs no further reason.
        if verdict.indication == Indication::TotalFailed {
            return verdict;
        }
        match later_changes(self.whole, place, covered) {
            Ok(()) => verdict,
            Err(error) => {
                let SignatureVerdict { reasons, .. } = verdict.clone();
                let refusal = refused(&error, self.basis.at);
                let reasons = [refusal.reasons, reasons].concat();
                let (answer, indication, sub_indication) =
                    (refusal.answer, refusal.indication, refusal.sub_indication);
                SignatureVerdict { answer, indication, sub_indication, reasons, ..verdict }
            }
        }
    }
}

fn digest_of(octets: &[u8], covered: &Covered, algorithm: DigestAlgorithm) -> ContentDigest {
    let before = octets.get(..covered.hole.start).unwrap_or_default();
    let behind = octets.get(covered.hole.end..covered.end).unwrap_or_default();
    ContentDigest::of_parts(&[before, behind], algorithm)
}

/// What came after a signature is nothing but further signatures, and none that it forbids.
fn later_changes(whole: &Revision<'_>, place: &Place, covered: &Covered) -> Result<(), PdfError> {
    // What cannot be told cannot be kept to, also where nothing came yet.
    let restrictions = place.restrictions.as_ref().map_err(Clone::clone)?;
    let octets = whole.octets();
    let added = octets.get(covered.end..).unwrap_or_default();
    if added.trim_ascii().is_empty() {
        return Ok(());
    }
    let signed = Revision::earlier(octets.get(..covered.end).unwrap_or_default(), whole)
        .map_err(|_| PdfError::Changed("its signed revision cannot be read".to_owned()))?;
    // The signature that was judged is the one that the signed revision had.
    if signed.object(place.id) != whole.object(place.id) {
        return Err(PdfError::Changed("the signature itself".to_owned()));
    }
    changed(&signed, whole, restrictions).map_or(Ok(()), |change| Err(PdfError::Changed(change)))
}

fn refused(error: &PdfError, checked_at: OffsetDateTime) -> SignatureVerdict {
    SignatureVerdict::refusing(error.sub_indication(), error.to_string(), checked_at)
}

type Conclusion = (Answer, Indication, Option<SubIndication>);

/// The signatures decide; a time stamp over them that does not hold proves nothing, and where it was needed a signature says so.
/// Where there are none, the time stamps decide.
fn concluded(
    signatures: Vec<EmbeddedSignature>,
    timestamps: Vec<DocumentStamp>,
    checked_at: OffsetDateTime,
) -> PdfVerdict {
    let weight = |one: &Conclusion| match one.0 {
        Answer::Invalid => 0,
        Answer::CannotTell => 1,
        Answer::Valid => 2,
    };
    let of_signatures = signatures.iter().map(|signature| {
        let verdict = &signature.verdict;
        (verdict.answer, verdict.indication, verdict.sub_indication)
    });
    let of_stamps = timestamps.iter().map(|stamp| {
        let verdict = &stamp.verdict;
        (verdict.answer, verdict.indication, verdict.sub_indication)
    });
    let decisive = of_signatures.min_by_key(weight).or_else(|| of_stamps.min_by_key(weight));
    let (answer, indication, sub_indication) =
        decisive.unwrap_or((Answer::CannotTell, Indication::Indeterminate, None));
    let named = |field: &str, reasons: &[String]| -> Vec<String> {
        reasons.iter().map(|reason| format!("{field}: {reason}")).collect()
    };
    let reasons = signatures.iter().flat_map(|signature| named(&signature.field, &signature.verdict.reasons));
    let counts = signatures.is_empty() || answer != Answer::Valid;
    let fallen =
        timestamps.iter().filter(|_| counts).flat_map(|stamp| named(&stamp.field, &stamp.verdict.reasons));
    let reasons = reasons.chain(fallen).collect();
    PdfVerdict { answer, indication, sub_indication, reasons, signatures, timestamps, checked_at }
}
