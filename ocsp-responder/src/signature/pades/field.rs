//! A field that was made for a signature, and what those who signed before permit.

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::places::{CERTIFIED_BY_NOTHING, FormField, PdfError, fields, places};
use super::restrictions::{Addition, Certification};
use super::seen::NotSeen;
use super::sign::PdfSignError;

/// Field flag ReadOnly (ISO 32000-2 table 227).
const READ_ONLY: i64 = 1;

/// The empty signature field of this name, which may be signed.
///
/// # Errors
/// There is none, somebody signed there, or it asks for more than a signature.
pub(super) fn empty_field<'a>(
    document: &'a Document,
    name: &str,
) -> Result<(ObjectId, &'a Dictionary), PdfSignError> {
    let all = fields(document)?;
    let is_empty = |field: &&FormField<'_>| field.is_signature && !field.dictionary.has(b"V");
    // Of a field that stands in several parts the parts have the field's name: the first is the field.
    let Some(field) = all.iter().find(|field| field.whole_name == name && field.is_signature) else {
        let empty = all.iter().filter(is_empty).map(|field| field.name.clone()).collect();
        return Err(NotSeen::NoField(name.to_owned(), empty).into());
    };
    let dictionary = field.dictionary;
    if dictionary.has(b"V") {
        return Err(NotSeen::Signed(name.to_owned()).into());
    }
    let flags = dictionary.get_deref(b"Ff", document).and_then(Object::as_i64).unwrap_or(0);
    let why = if dictionary.has(b"Kids") || !dictionary.has(b"FT") {
        "it stands in several parts"
    } else if flags & READ_ONLY != 0 {
        "it is read only"
    } else if dictionary.has(b"Lock") || dictionary.has(b"SV") {
        // ISO 32000-2 section 12.7.5.5: these ask for more than a signature.
        "it locks other fields or sets conditions (Lock, SV), which npki does not fulfil"
    } else {
        return Ok((field.id, dictionary));
    };
    Err(NotSeen::Locked(name.to_owned(), why).into())
}

/// Fails where somebody who signed before forbade what is to be added: their signature would be void by it.
///
/// # Errors
/// Why not.
pub(super) fn permitted(
    octets: &[u8],
    document: &Document,
    addition: Addition<'_>,
) -> Result<(), PdfSignError> {
    let earlier = places(octets, document)?;
    if earlier.is_empty() && Certification::of(document) != Certification::None {
        return Err(PdfError::Restrictions(CERTIFIED_BY_NOTHING).into());
    }
    for place in earlier {
        if let Some(forbidden) = place.restrictions?.forbid(addition) {
            return Err(forbidden.into());
        }
    }
    Ok(())
}
