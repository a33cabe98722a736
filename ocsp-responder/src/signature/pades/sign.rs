//! Makes room for a signature in a PDF: an incremental update with a signature field, and a hole in it.

use lopdf::{Dictionary, Document, IncrementalDocument, Object, ObjectId, StringFormat, dictionary};
use time::OffsetDateTime;
use time::macros::format_description;

use super::appearance::{appearance, font};
use super::field::{empty_field, permitted};
use super::places::{Filled, PdfError, field_names};
use super::restrictions::{Addition, FieldState, Forbidden, Visibility};
use super::revision::Revision;
use super::seen::{NotSeen, SeenAt};
use super::sheet::{Area, Sheet, page};

/// The octets that are left for a signature: with certificates, a time stamp and room for an ML-DSA signature.
const HOLE: usize = 24 * 1024;
/// A place in the document as long as any may be, until the true ones are known.
const UNKNOWN: i64 = 9_999_999_999;

/// The form's flags SignaturesExist and AppendOnly (ISO 32000-2 table 225).
const SIGNED: i64 = 1 | 2;
/// Annotation flags Print and Locked (ISO 32000-2 table 167).
const PRINT_AND_LOCKED: i64 = 4 | 128;

/// What a signature says for people.
#[derive(Debug, Clone, Default)]
pub struct PdfNote {
    /// Why it was signed.
    pub reason: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// Where in the document it is seen.
    pub seen: SeenAt,
    /// What is seen there, line by line.
    pub lines: Vec<String>,
}

/// A PDF was not signed.
#[derive(Debug, thiserror::Error)]
pub enum PdfSignError {
    /// The document cannot be signed as it is.
    #[error(transparent)]
    Document(#[from] PdfError),
    /// It cannot be seen as it is wanted.
    #[error(transparent)]
    NotSeen(#[from] NotSeen),
    /// Whoever signed before does not permit what is to be added.
    #[error("the document may not be signed so: {0}")]
    Forbidden(#[from] Forbidden),
    /// It could not be written.
    #[error("the document could not be written: {0}")]
    Writing(String),
    /// The signature needs more octets than there is room for.
    #[error("the signature has {0} octets, more than there is room for in the document")]
    NoRoom(usize),
}

/// What a hole is for.
#[derive(Clone, Copy)]
enum Filling<'a> {
    Signature(&'a PdfNote, OffsetDateTime),
    /// A time stamp over the whole document (EN 319 142-1 section 5.4.3).
    TimeStamp,
}

/// A document with a hole for its signature: the octets that were there, and an update behind them.
#[derive(Debug)]
pub struct PreparedPdf {
    octets: Vec<u8>,
    hole: std::ops::Range<usize>,
}

impl PreparedPdf {
    /// Prepares a document to be signed at this moment.
    ///
    /// # Errors
    /// It is no PDF that can be signed.
    pub fn of(octets: &[u8], at: OffsetDateTime, note: &PdfNote) -> Result<Self, PdfSignError> {
        Self::with_hole(octets, Filling::Signature(note, at))
    }

    /// Prepares a document for a time stamp over all of it (level B-LTA), which is given to [`Self::complete`].
    ///
    /// # Errors
    /// It is no PDF that can be stamped.
    pub fn to_be_stamped(octets: &[u8]) -> Result<Self, PdfSignError> {
        Self::with_hole(octets, Filling::TimeStamp)
    }

    fn with_hole(octets: &[u8], filling: Filling<'_>) -> Result<Self, PdfSignError> {
        let document = Revision::read(octets)?.whole()?;
        Self::around(updated(octets, document, filling)?, octets.len())
    }

    /// A document with a [`hole_dictionary`] behind this octet.
    pub(super) fn around(mut written: Vec<u8>, from: usize) -> Result<Self, PdfSignError> {
        let hole = written_hole(&written, from)?;
        set_range(&mut written, from, &hole)?;
        Ok(Self { octets: written, hole })
    }

    /// What is to be signed: all but the hole.
    pub fn content(&self) -> Vec<u8> {
        let (before, behind) = (self.octets.get(..self.hole.start), self.octets.get(self.hole.end..));
        [before.unwrap_or_default(), behind.unwrap_or_default()].concat()
    }

    /// The signed document. `signature` is over [`Self::content`], made by [`sign_unclaimed`](crate::signature::sign_unclaimed).
    ///
    /// # Errors
    /// The signature is larger than the hole.
    pub fn complete(mut self, signature: &[u8]) -> Result<Vec<u8>, PdfSignError> {
        let hex = hex::encode(signature);
        let place = self.octets.get_mut(self.hole.start + 1..self.hole.end - 1).unwrap_or_default();
        let place = place.get_mut(..hex.len()).ok_or(PdfSignError::NoRoom(signature.len()))?;
        place.copy_from_slice(hex.as_bytes());
        Ok(self.octets)
    }
}

/// The document with a signature field whose signature is a hole.
fn updated(octets: &[u8], document: Document, filling: Filling<'_>) -> Result<Vec<u8>, PdfSignError> {
    let (kind, holding) = match filling {
        Filling::Signature(note, at) => {
            let holding = signature_dictionary(at, note);
            if let SeenAt::Field(name) = &note.seen {
                return in_field(octets, document, name, holding, &note.lines);
            }
            ("Signature", holding)
        }
        Filling::TimeStamp => ("Timestamp", hole_dictionary("DocTimeStamp", "ETSI.RFC3161")),
    };
    let root = root(&document)?;
    let name = free_name(&document, kind)?;
    let stand = Stand::of(&document, filling)?;
    if let Filling::Signature(..) = filling {
        let field = FieldState::New(stand.visibility());
        permitted(octets, &document, Addition { name: &name, filled: Filled::Signature, field })?;
    }
    let mut update = IncrementalDocument::create_from(octets.to_vec(), document);
    let signature = update.new_document.add_object(holding);
    let mut field = dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig", "V" => signature, "P" => stand.page,
        "T" => Object::string_literal(name), "F" => PRINT_AND_LOCKED, "Rect" => stand.rect,
    };
    if let Some((sheet, area, lines)) = stand.shown {
        field.set("AP", shown(&mut update, (sheet, area), lines)?);
    }
    let field = update.new_document.add_object(field);
    enter_field(&mut update, root, field)?;
    append(&mut update, stand.page, b"Annots", field)?;
    written(&mut update)
}

fn root(document: &Document) -> Result<ObjectId, PdfError> {
    document.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| PdfError::Malformed)
}

/// Where a new field stands.
struct Stand<'a> {
    page: ObjectId,
    rect: Vec<Object>,
    /// The page and the place on it where the field is seen, and what is seen.
    shown: Option<(Sheet, Area, &'a [String])>,
}

impl<'a> Stand<'a> {
    fn of(document: &Document, filling: Filling<'a>) -> Result<Self, PdfSignError> {
        if let Filling::Signature(PdfNote { seen: SeenAt::Page(number, spot), lines, .. }, _) = filling {
            let page = page(document, *number)?;
            let sheet = Sheet::of(document, page)?;
            let area = sheet.area(*spot)?;
            return Ok(Self { page, rect: sheet.rect(area), shown: Some((sheet, area, lines)) });
        }
        // Not to be seen: an empty rectangle on the first page.
        let page = document.page_iter().next().ok_or(PdfError::Malformed)?;
        Ok(Self { page, rect: vec![0.into(), 0.into(), 0.into(), 0.into()], shown: None })
    }

    const fn visibility(&self) -> Visibility {
        if self.shown.is_some() { Visibility::Seen } else { Visibility::Unseen }
    }
}

/// The appearance dictionary of a field that shows these lines.
fn shown(
    update: &mut IncrementalDocument,
    (sheet, area): (Sheet, Area),
    lines: &[String],
) -> Result<Dictionary, PdfSignError> {
    let font = update.new_document.add_object(font());
    let stream = appearance(&sheet, area, lines, font)?;
    Ok(dictionary! { "N" => update.new_document.add_object(stream) })
}

/// The document with a signature in a field that was made for one, whose rectangle it keeps.
fn in_field(
    octets: &[u8],
    document: Document,
    name: &str,
    holding: Dictionary,
    lines: &[String],
) -> Result<Vec<u8>, PdfSignError> {
    let root = root(&document)?;
    let (id, field) = empty_field(&document, name)?;
    permitted(octets, &document, Addition { name, filled: Filled::Signature, field: FieldState::Empty })?;
    let flags = field.get_deref(b"F", &document).and_then(Object::as_i64).unwrap_or(0);
    let stand = match page_of(&document, id, field) {
        Some(page) => {
            let sheet = Sheet::of(&document, page)?;
            field.get(b"Rect").ok().and_then(|rect| sheet.size_of(&document, rect)).map(|area| (sheet, area))
        }
        None => None,
    };
    let mut update = IncrementalDocument::create_from(octets.to_vec(), document);
    let signature = update.new_document.add_object(holding);
    let appearance = stand.map(|stand| shown(&mut update, stand, lines)).transpose()?;
    let field = changed(&mut update, id)?;
    field.set("V", signature);
    if let Some(appearance) = appearance {
        field.set("F", flags | PRINT_AND_LOCKED);
        field.set("AP", appearance);
    }
    say_signed(&mut update, root)?;
    written(&mut update)
}

/// The page that a field stands on, by its own word or the page's.
fn page_of(document: &Document, id: ObjectId, field: &Dictionary) -> Option<ObjectId> {
    let named = field.get(b"P").and_then(Object::as_reference).ok();
    let lists = |page: &ObjectId| {
        let annotations = document.get_dictionary(*page).and_then(|page| page.get_deref(b"Annots", document));
        let annotations = annotations.and_then(Object::as_array);
        annotations.is_ok_and(|all| all.iter().any(|one| one.as_reference().is_ok_and(|one| one == id)))
    };
    let mut pages = document.page_iter();
    pages.find(|page| named == Some(*page)).or_else(|| document.page_iter().find(lists))
}

/// Says in the form that there are signatures.
fn say_signed(update: &mut IncrementalDocument, root: ObjectId) -> Result<(), PdfSignError> {
    let catalog = update.get_prev_documents().get_dictionary(root).map_err(|_| PdfError::Malformed)?;
    let form = match catalog.get(b"AcroForm") {
        Ok(Object::Reference(form)) => {
            let form = *form;
            changed(update, form)?
        }
        _ => {
            let form = changed(update, root)?.get_mut(b"AcroForm").and_then(Object::as_dict_mut);
            form.map_err(|_| PdfError::Malformed)?
        }
    };
    form.set("SigFlags", SIGNED);
    Ok(())
}

pub(super) fn written(update: &mut IncrementalDocument) -> Result<Vec<u8>, PdfSignError> {
    let mut written = Vec::new();
    update.save_to(&mut written).map_err(|error| PdfSignError::Writing(error.to_string()))?;
    Ok(written)
}

/// The dictionary of a signature whose octets and range are not known yet.
pub(super) fn hole_dictionary(kind: &str, form: &str) -> Dictionary {
    let unknown = Object::Integer(UNKNOWN);
    dictionary! {
        "Type" => kind, "Filter" => "Adobe.PPKLite", "SubFilter" => form,
        "ByteRange" => vec![0.into(), unknown.clone(), unknown.clone(), unknown],
        "Contents" => Object::String(vec![0; HOLE], StringFormat::Hexadecimal),
    }
}

fn signature_dictionary(at: OffsetDateTime, note: &PdfNote) -> Dictionary {
    let mut signature = hole_dictionary("Sig", "ETSI.CAdES.detached");
    let form = format_description!("D:[year][month][day][hour][minute][second]+00'00'");
    if let Ok(moment) = at.to_offset(time::UtcOffset::UTC).format(form) {
        signature.set("M", Object::string_literal(moment));
    }
    for (key, text) in [("Reason", &note.reason), ("Location", &note.location)] {
        if let Some(text) = text {
            signature.set(key, lopdf::text_string(text));
        }
    }
    signature
}

/// A name that no field has (ISO 32000-2 section 12.7.4.2: names are the fields' identity).
fn free_name(document: &Document, kind: &str) -> Result<String, PdfError> {
    let taken = field_names(document)?;
    let mut names = (1..).map(|number: usize| format!("{kind}{number}"));
    names.find(|name| !taken.contains(name)).ok_or(PdfError::TooMany)
}

/// Enters a field into the form, which is made where there is none (ISO 32000-2 section 12.7.3).
pub(super) fn enter_field(
    update: &mut IncrementalDocument,
    root: ObjectId,
    field: ObjectId,
) -> Result<(), PdfSignError> {
    let catalog = update.get_prev_documents().get_dictionary(root).map_err(|_| PdfError::Malformed)?;
    let holder = match catalog.get(b"AcroForm") {
        Ok(Object::Reference(form)) => *form,
        Ok(Object::Dictionary(_)) => return enter_in_catalog(update, root, field),
        _ => {
            let form = dictionary! { "Fields" => vec![field.into()], "SigFlags" => SIGNED };
            let form = update.new_document.add_object(form);
            changed(update, root)?.set("AcroForm", form);
            return Ok(());
        }
    };
    append(update, holder, b"Fields", field)?;
    say_signed(update, root)
}

fn enter_in_catalog(
    update: &mut IncrementalDocument,
    root: ObjectId,
    field: ObjectId,
) -> Result<(), PdfSignError> {
    say_signed(update, root)?;
    let form = changed(update, root)?.get_mut(b"AcroForm").and_then(Object::as_dict_mut);
    let form = form.map_err(|_| PdfError::Malformed)?;
    match form.get(b"Fields") {
        Ok(Object::Reference(list)) => {
            let list = *list;
            push(update, list, field)
        }
        _ => push_into(form, b"Fields", field),
    }
}

/// Appends to a list of a dictionary's, wherever it stands.
pub(super) fn append(
    update: &mut IncrementalDocument,
    holder: ObjectId,
    key: &[u8],
    entry: ObjectId,
) -> Result<(), PdfSignError> {
    let holding = changed(update, holder)?;
    match holding.get(key) {
        Ok(Object::Reference(list)) => {
            let list = *list;
            push(update, list, entry)
        }
        _ => push_into(holding, key, entry),
    }
}

fn push_into(holder: &mut Dictionary, key: &[u8], entry: ObjectId) -> Result<(), PdfSignError> {
    if !holder.has(key) {
        holder.set(key, Vec::<Object>::new());
    }
    let list = holder.get_mut(key).and_then(Object::as_array_mut).map_err(|_| PdfError::Malformed)?;
    list.push(entry.into());
    Ok(())
}

fn push(update: &mut IncrementalDocument, list: ObjectId, entry: ObjectId) -> Result<(), PdfSignError> {
    let object = known(update, list)?.as_array_mut().map_err(|_| PdfError::Malformed)?;
    object.push(entry.into());
    Ok(())
}

fn known(update: &mut IncrementalDocument, id: ObjectId) -> Result<&mut Object, PdfSignError> {
    update.opt_clone_object_to_new_document(id).map_err(|_| PdfError::Malformed)?;
    Ok(update.new_document.get_object_mut(id).map_err(|_| PdfError::Malformed)?)
}

pub(super) fn changed(
    update: &mut IncrementalDocument,
    id: ObjectId,
) -> Result<&mut Dictionary, PdfSignError> {
    Ok(known(update, id)?.as_dict_mut().map_err(|_| PdfError::Malformed)?)
}

/// Where the hole is, angle brackets included.
fn written_hole(written: &[u8], from: usize) -> Result<std::ops::Range<usize>, PdfSignError> {
    let zeros = [b"<".as_slice(), &vec![b'0'; 2 * HOLE], b">"].concat();
    let appended = written.get(from..).unwrap_or_default();
    let at = memchr::memmem::find(appended, &zeros);
    let start = from + at.ok_or_else(|| PdfSignError::Writing("the signature's place is lost".to_owned()))?;
    Ok(start..start + zeros.len())
}

/// Writes the true range over the one that was left for it, filled with spaces to the same length.
fn set_range(written: &mut [u8], from: usize, hole: &std::ops::Range<usize>) -> Result<(), PdfSignError> {
    let lost = || PdfSignError::Writing("the signature's range is lost".to_owned());
    let left = format!("[0 {UNKNOWN} {UNKNOWN} {UNKNOWN}]");
    let at =
        memchr::memmem::find(written.get(from..).unwrap_or_default(), left.as_bytes()).ok_or_else(lost)?;
    let range = format!("[0 {} {} {}", hole.start, hole.end, written.len() - hole.end);
    let place = written.get_mut(from + at..from + at + left.len()).ok_or_else(lost)?;
    place.fill(b' ');
    place.get_mut(..range.len()).ok_or_else(lost)?.copy_from_slice(range.as_bytes());
    *place.last_mut().ok_or_else(lost)? = b']';
    Ok(())
}
