//! A field that was made for a signature, and what those who signed before permit.

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::places::{FormField, fields, filled};
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
    let Some(field) = all.iter().find(|field| field.name == name && field.is_signature) else {
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

/// What is to be added to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addition<'a> {
    /// A field that was there is signed.
    Filled(&'a str),
    /// A new field.
    New(&'a str, Visibility),
}

/// Whether a new field is seen on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    Seen,
    Unseen,
}

/// Fails where somebody who signed before forbade what is to be added: their signature would be void by it.
///
/// # Errors
/// Why not.
pub(super) fn permitted(document: &Document, addition: Addition<'_>) -> Result<(), PdfSignError> {
    for place in filled(document)? {
        let Ok(references) = place.signature.get_deref(b"Reference", document).and_then(Object::as_array)
        else {
            continue;
        };
        let all = references.iter().filter_map(|one| document.dereference(one).ok()?.1.as_dict().ok());
        for reference in all {
            permitted_by(document, reference, addition)?;
        }
    }
    Ok(())
}

fn permitted_by(
    document: &Document,
    reference: &Dictionary,
    addition: Addition<'_>,
) -> Result<(), PdfSignError> {
    let empty = Dictionary::new();
    let method = reference.get_deref(b"TransformMethod", document).and_then(Object::as_name);
    let parameters = reference.get_deref(b"TransformParams", document).and_then(Object::as_dict);
    let parameters = parameters.unwrap_or(&empty);
    match method.unwrap_or_default() {
        b"DocMDP" => {
            // ISO 32000-2 table 257: 1 permits nothing, 2 filling in forms and signing, 3 notes, too. Where it does not say: 2.
            let level = parameters.get_deref(b"P", document).and_then(Object::as_i64).unwrap_or(2);
            match (level, addition) {
                (..2, _) => Err(PdfSignError::Forbidden("it is certified, and nothing may be added to it")),
                (_, Addition::New(_, Visibility::Seen)) => Err(PdfSignError::Forbidden(
                    "it is certified, and what is seen may be put into its own fields alone: sign in one (--field), or unseen",
                )),
                _ => Ok(()),
            }
        }
        b"FieldMDP" => {
            let (Addition::Filled(name) | Addition::New(name, _)) = addition;
            if is_locked(document, parameters, name) {
                Err(PdfSignError::Forbidden("an earlier signature locks the field"))
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

/// ISO 32000-2 table 256.
fn is_locked(document: &Document, parameters: &Dictionary, name: &str) -> bool {
    let named = parameters.get_deref(b"Fields", document).and_then(Object::as_array);
    let is_named = named.map(Vec::as_slice).unwrap_or_default().iter().any(|one| {
        let one = document.dereference(one).ok().and_then(|(_, one)| lopdf::decode_text_string(one).ok());
        // What is named holds for what is below it, too.
        one.is_some_and(|one| {
            name.strip_prefix(&one).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    });
    match parameters.get_deref(b"Action", document).and_then(Object::as_name) {
        Ok(b"Include") => is_named,
        Ok(b"Exclude") => !is_named,
        _ => true,
    }
}
