//! Where the signatures of a document are, and what octets each of them covers.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};
use time::OffsetDateTime;
use time::macros::format_description;

use super::restrictions::{Certification, Restrictions, Said};
use crate::validation::verdict::SubIndication;

/// The most octets of a document that are read.
pub(super) const MAX_DOCUMENT: usize = 256 * 1024 * 1024;
/// The most fields of a form that are looked at.
const MAX_FIELDS: usize = 10_000;
/// The most signatures of a document that are judged.
pub(super) const MAX_SIGNATURES: usize = 64;
/// The most octets of a field's whole name (ISO 32000-2 section 12.7.4.2).
const MAX_NAME: usize = 4096;
/// The most letters of it that are shown.
const MAX_SHOWN: usize = 200;
/// How deep fields may stand within fields.
const MAX_DEPTH: usize = 32;

/// A document, or a signature in it, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// Larger than any that is read.
    #[error("the document is larger than any npki reads")]
    TooLarge,
    /// No PDF, or one whose table of objects does not lead to them.
    #[error("the document is no PDF that can be read without repairing it")]
    Malformed,
    /// Encrypted.
    #[error("the document is encrypted; what its signatures cover cannot be seen")]
    Encrypted,
    /// More signatures or fields than are judged.
    #[error("the document has more fields or signatures than are looked at")]
    TooMany,
    /// A form of signature that is not judged.
    #[error("the signature is of the kind {0}, which is not judged")]
    OtherKind(String),
    /// The range of octets is not one that a signature may have.
    #[error("the signature does not cover its revision of the document: {0}")]
    Range(&'static str),
    /// The signature's octets are no DER with zeros behind it.
    #[error("what stands in the signature's place is no signature")]
    Contents,
    /// What the signature lets others do to the document is not said as it must be.
    #[error("what may be done to the document after the signature cannot be told: {0}")]
    Restrictions(&'static str),
    /// What came afterwards changes what the signer saw, or is what the signer forbade.
    #[error("the document was changed after it was signed: {0}")]
    Changed(String),
}

impl PdfError {
    /// The sub-indication of EN 319 102-1.
    pub(super) const fn sub_indication(&self) -> SubIndication {
        match self {
            // What was signed is known and intact; what is shown is something else.
            Self::Changed(_) => SubIndication::HashFailure,
            _ => SubIndication::FormatFailure,
        }
    }
}

/// What stands in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// A CMS signature.
    Signature,
    /// A time stamp over the document (EN 319 142-1 section 5.4.3).
    TimeStamp,
}

/// A signature, or a time stamp, as it stands in the document.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) filled: Filled,
    /// The field's name.
    pub(super) field: String,
    /// The signature dictionary's object.
    pub(super) id: ObjectId,
    /// What the signer claims, UTC.
    pub(super) claimed: Option<OffsetDateTime>,
    /// What it lets others do to the document afterwards. A time stamp forbids nothing.
    pub(super) restrictions: Result<Restrictions, PdfError>,
    /// The octets that it covers, and the CMS message in their hole; or why not.
    pub(super) covered: Result<Covered, PdfError>,
}

/// What a signature covers: all octets before the hole and all behind it, to the end of its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covered {
    pub(super) hole: std::ops::Range<usize>,
    pub(super) end: usize,
    /// The CMS message or the token, DER.
    pub(super) message: Vec<u8>,
}

/// The signature fields of a document that are signed or stamped, in the order in which they were.
pub(super) fn places(octets: &[u8], document: &Document) -> Result<Vec<Place>, PdfError> {
    let mut found = Vec::new();
    for FilledField { name, field, id, signature, filled, .. } in filled(document)? {
        let claimed = signature.get(b"M").and_then(Object::as_str).ok().and_then(moment);
        let covered = covered(octets, kind(signature), signature);
        let said = match filled {
            Filled::Signature => Said::read(document, field.1, signature),
            Filled::TimeStamp => Ok(Said::default()),
        };
        let restrictions = Ok(Restrictions::default());
        found.push((Place { filled, field: name, id, claimed, restrictions, covered }, said));
    }
    if found.len() > MAX_SIGNATURES {
        return Err(PdfError::TooMany);
    }
    found.sort_by_key(|(place, _)| place.covered.as_ref().map_or(usize::MAX, |covered| covered.end));
    Ok(settled(found, Certification::of(document)))
}

pub(super) const CERTIFIED_BY_NOTHING: &str =
    "the document is certified by something that is none of its signatures";

/// ISO 32000-2 section 12.8.2.2.1: one signature certifies, it is the first, and the catalogue names it.
fn settled(found: Vec<(Place, Result<Said, &'static str>)>, certification: Certification) -> Vec<Place> {
    let certifies = |(place, said): &(Place, Result<Said, &'static str>)| {
        let may = said.as_ref().map_or(true, |said| said.has_doc_mdp);
        place.filled == Filled::Signature && certification == Certification::By(place.id) && may
    };
    let is_known = certification == Certification::None || found.iter().any(certifies);
    let first = found.first().map(|(place, _)| place.id);
    let settle = |(place, said): (Place, Result<Said, &'static str>)| {
        let is_first = first == Some(place.id);
        let restrictions = said.and_then(|said| match certification {
            _ if place.filled == Filled::TimeStamp => Ok(said.restrictions),
            _ if !is_known => Err(CERTIFIED_BY_NOTHING),
            Certification::By(id) if id == place.id && !is_first => {
                Err("it certifies the document, which somebody else had signed or stamped before")
            }
            Certification::By(id) if id == place.id => {
                Ok(Restrictions { certifies: true, ..said.restrictions })
            }
            // What the lock of its field says of the document, some programs write into a later signature in this form.
            _ if said.has_doc_mdp && !is_first && !said.field_permits => {
                Err("it says what only the first signature may say (DocMDP)")
            }
            _ => Ok(said.restrictions),
        });
        Place { restrictions: restrictions.map_err(PdfError::Restrictions), ..place }
    };
    found.into_iter().map(settle).collect()
}

/// A signature field that is signed or stamped (ISO 32000-2 section 12.7.5.5).
pub(super) struct FilledField<'a> {
    pub(super) name: String,
    pub(super) whole_name: String,
    /// The field, which is its widget on a page as well.
    pub(super) field: (ObjectId, &'a Dictionary),
    pub(super) filled: Filled,
    /// The signature dictionary's object.
    pub(super) id: ObjectId,
    pub(super) signature: &'a Dictionary,
}

/// The fields that are signed or stamped, all of which are judged. One that only looks so, since its value is no signature dictionary
/// of its own, is none of them.
pub(super) fn filled(document: &Document) -> Result<Vec<FilledField<'_>>, PdfError> {
    let all = fields(document)?.into_iter().filter(|field| field.is_signature);
    let signed = all.filter_map(|FormField { name, whole_name, id: field_id, dictionary, .. }| {
        let id = dictionary.get(b"V").and_then(Object::as_reference).ok()?;
        let signature = document.get_dictionary(id).ok()?;
        let is_stamp = kind(signature) == b"ETSI.RFC3161";
        let filled = if is_stamp { Filled::TimeStamp } else { Filled::Signature };
        Some(FilledField { name, whole_name, field: (field_id, dictionary), filled, id, signature })
    });
    Ok(signed.collect())
}

fn kind(signature: &Dictionary) -> &[u8] {
    signature.get(b"SubFilter").and_then(Object::as_name).unwrap_or_default()
}

/// The names of all fields of the form.
pub(super) fn field_names(document: &Document) -> Result<BTreeSet<String>, PdfError> {
    Ok(fields(document)?.into_iter().map(|field| field.whole_name).collect())
}

/// A field of the form, or a part of one.
pub(super) struct FormField<'a> {
    pub(super) id: ObjectId,
    /// Its name as it is shown.
    pub(super) name: String,
    /// Its name as it is.
    pub(super) whole_name: String,
    pub(super) is_signature: bool,
    pub(super) dictionary: &'a Dictionary,
}

/// The fields of the form, with their names (ISO 32000-2 section 12.7.4.2), each before its parts.
pub(super) fn fields(document: &Document) -> Result<Vec<FormField<'_>>, PdfError> {
    let form = document.catalog().and_then(|catalog| catalog.get_deref(b"AcroForm", document));
    let Ok(form) = form.and_then(Object::as_dict) else { return Ok(Vec::new()) };
    let Ok(roots) = form.get_deref(b"Fields", document).and_then(Object::as_array) else {
        return Ok(Vec::new());
    };
    let mut waiting: Vec<(&Object, String, bool, usize)> =
        roots.iter().rev().map(|root| (root, String::new(), false, 0)).collect();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some((object, above, inherited, depth)) = waiting.pop() {
        if seen.len() >= MAX_FIELDS || depth > MAX_DEPTH {
            return Err(PdfError::TooMany);
        }
        let Object::Reference(id) = object else { continue };
        let Ok(dictionary) = document.get_dictionary(*id) else { continue };
        if !seen.insert(*id) {
            continue;
        }
        let is_signature = match dictionary.get_deref(b"FT", document).and_then(Object::as_name) {
            Ok(kind) => kind == b"Sig",
            Err(_) => inherited,
        };
        let whole_name = full_name(document, &above, dictionary)?;
        let name = shown(&whole_name);
        if let Ok(kids) = dictionary.get_deref(b"Kids", document).and_then(Object::as_array) {
            waiting.extend(kids.iter().rev().map(|kid| (kid, whole_name.clone(), is_signature, depth + 1)));
        }
        found.push(FormField { id: *id, name, whole_name, is_signature, dictionary });
    }
    Ok(found)
}

fn full_name(document: &Document, above: &str, field: &Dictionary) -> Result<String, PdfError> {
    let own = field.get_deref(b"T", document).and_then(lopdf::decode_text_string).unwrap_or_default();
    let name = match (above.is_empty(), own.is_empty()) {
        (true, _) => own,
        (false, true) => above.to_owned(),
        (false, false) => format!("{above}.{own}"),
    };
    if name.len() > MAX_NAME { Err(PdfError::TooMany) } else { Ok(name) }
}

fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(MAX_SHOWN).collect()
}

/// EN 319 142-1 section 5.3, ISO 32000-2 section 12.8.1: the range is the whole revision but for the value of Contents, its angle
/// brackets included.
fn covered(octets: &[u8], kind: &[u8], signature: &Dictionary) -> Result<Covered, PdfError> {
    if ![b"ETSI.CAdES.detached".as_slice(), b"adbe.pkcs7.detached", b"ETSI.RFC3161"].contains(&kind) {
        return Err(PdfError::OtherKind(String::from_utf8_lossy(kind).chars().take(60).collect()));
    }
    let range = signature.get(b"ByteRange").and_then(Object::as_array).map_err(|_| NO_RANGE)?;
    let numbers =
        range.iter().map(|number| number.as_i64().ok().and_then(|number| usize::try_from(number).ok()));
    let numbers = numbers.collect::<Option<Vec<usize>>>().ok_or(NO_RANGE)?;
    let [0, hole, behind, rest] = numbers.as_slice() else {
        return Err(PdfError::Range("it has not two parts, the first from the beginning"));
    };
    let end = behind.checked_add(*rest).filter(|end| *end <= octets.len());
    let end = end.ok_or(PdfError::Range("it ends behind the document"))?;
    let hole = *hole..*behind;
    let inside = octets.get(hole.clone()).ok_or(NO_RANGE)?;
    let [b'<', hex @ .., b'>'] = inside else {
        return Err(PdfError::Range("its hole holds more or less than the signature"));
    };
    let written =
        hex::decode(hex).map_err(|_| PdfError::Range("its hole holds something else than the signature"))?;
    let contents = signature.get(b"Contents").and_then(Object::as_str).map_err(|_| PdfError::Contents)?;
    if contents != written {
        return Err(PdfError::Range("its hole holds another signature"));
    }
    // A revision ends with its marker; what is cut off in the middle is none.
    let tail = octets.get(*behind..end).unwrap_or_default().trim_ascii_end();
    if !tail.ends_with(b"%%EOF") {
        return Err(PdfError::Range("it does not end with a revision of the document"));
    }
    Ok(Covered { hole, end, message: message(&written)? })
}

const NO_RANGE: PdfError = PdfError::Range("its range of octets cannot be read");

/// The DER in front of the zeros that fill the hole.
fn message(contents: &[u8]) -> Result<Vec<u8>, PdfError> {
    use der::{Decode, Header, SliceReader};
    let header = Header::decode(&mut SliceReader::new(contents).map_err(|_| PdfError::Contents)?);
    let header = header.map_err(|_| PdfError::Contents)?;
    let head = der::Encode::encoded_len(&header).map_err(|_| PdfError::Contents)?;
    let length = (head + header.length()).map_err(|_| PdfError::Contents)?;
    let length = usize::try_from(length).map_err(|_| PdfError::Contents)?;
    let (message, rest) = contents.split_at_checked(length).ok_or(PdfError::Contents)?;
    if rest.iter().any(|octet| *octet != 0) {
        return Err(PdfError::Contents);
    }
    Ok(message.to_vec())
}

/// A date of ISO 32000-2 section 7.9.4 with its offset, as signatures have it: `D:20261124170000+02'00'`.
fn moment(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("D:")?.replace('\'', "");
    let text = text.strip_suffix('Z').map_or_else(|| text.clone(), |text| format!("{text}+0000"));
    let form = format_description!(
        "[year][month][day][hour][minute][second][offset_hour sign:mandatory][offset_minute]"
    );
    OffsetDateTime::parse(&text, form).ok().map(|moment| moment.to_offset(time::UtcOffset::UTC))
}
