//! What a document keeps to be judged by later: the document security store (EN 319 142-1 section 5.4.2).

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{Dictionary, Document, IncrementalDocument, Object, ObjectId, Stream, dictionary};

use super::places::PdfError;
use super::revision::Revision;
use super::sign::{PdfSignError, changed, written};
use crate::signature::material::Material;
use crate::signature::raise::Gathered;
use crate::validation::certificate::Certificate;

/// The most certificates, CRLs and OCSP responses, each, that are taken out of a document.
const MAX_KEPT: usize = 256;
/// The most octets of all of them, as they are when they are no longer compressed.
const MAX_ALL: usize = 64 * 1024 * 1024;

const CERTIFICATES: &[u8] = b"Certs";
const CRLS: &[u8] = b"CRLs";
const OCSP_RESPONSES: &[u8] = b"OCSPs";

/// What is kept. Nothing of it is trusted; what cannot be read is passed over.
pub(super) fn material(document: &Document) -> Material {
    let mut left = MAX_ALL;
    let mut material = Material::default();
    let certificates = kept(document, CERTIFICATES, &mut left);
    material.certificates = certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    material.evidence.ocsp_responses = kept(document, OCSP_RESPONSES, &mut left);
    material.evidence.crls = kept(document, CRLS, &mut left);
    material
}

fn store(document: &Document) -> Option<&Dictionary> {
    let catalog = document.catalog().ok()?;
    catalog.get_deref(b"DSS", document).ok()?.as_dict().ok()
}

/// The store, and the lists and dictionaries that it is made of.
pub(super) fn parts_named(document: &Document) -> BTreeSet<ObjectId> {
    let found = document.catalog().and_then(|catalog| catalog.get(b"DSS")).and_then(Object::as_reference);
    let Ok(store) = found else { return BTreeSet::new() };
    let mut parts = BTreeSet::from([store]);
    let mut within = vec![(store, 0)];
    while let Some((holder, depth)) = within.pop() {
        let Ok(Object::Dictionary(dictionary)) = document.get_object(holder) else { continue };
        for id in dictionary.iter().filter_map(|(_, value)| value.as_reference().ok()) {
            // VRI, the dictionary of each signature in it, and their lists.
            if depth < 3 && parts.insert(id) {
                within.push((id, depth + 1));
            }
        }
    }
    parts
}

/// The same, where nothing else of the whole document refers to them: whatever they say, no page shows it. None where one of them is a
/// page's content as well.
pub(super) fn parts(document: &Document) -> BTreeSet<ObjectId> {
    let parts = parts_named(document);
    let root = document.trailer.get(b"Root").and_then(Object::as_reference).ok();
    let mut others = document.objects.iter().filter(|(holder, _)| !parts.contains(holder));
    let is_used = |(holder, object): (&ObjectId, &Object)| {
        let uses = references(object).into_iter().filter(|id| parts.contains(id));
        // The catalogue's own entry for it is the one use that there is.
        uses.count() > usize::from(Some(*holder) == root)
    };
    // Used for something else, too, in whatever part: then none of it may change.
    if others.any(is_used) { BTreeSet::new() } else { parts }
}

/// Whatever an object refers to.
pub(super) fn references(object: &Object) -> Vec<ObjectId> {
    let (mut found, mut waiting) = (Vec::new(), vec![object]);
    while let Some(object) = waiting.pop() {
        match object {
            Object::Reference(id) => found.push(*id),
            Object::Array(entries) => waiting.extend(entries),
            Object::Dictionary(entries) => waiting.extend(entries.iter().map(|(_, value)| value)),
            Object::Stream(stream) => waiting.extend(stream.dict.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    found
}

fn list<'a>(document: &'a Document, key: &[u8]) -> &'a [Object] {
    let list = store(document).and_then(|store| store.get_deref(key, document).ok()?.as_array().ok());
    let list = list.map(Vec::as_slice).unwrap_or_default();
    list.get(..MAX_KEPT).unwrap_or(list)
}

fn kept(document: &Document, key: &[u8], left: &mut usize) -> Vec<Vec<u8>> {
    let streams =
        list(document, key).iter().filter_map(|entry| document.dereference(entry).ok()?.1.as_stream().ok());
    let mut found = Vec::new();
    for stream in streams {
        let Some(octets) = octets(stream, *left) else { continue };
        // What is larger counts as all that there may be: somebody wants this computer to be busy.
        *left = left.saturating_sub(octets.len());
        if *left == 0 {
            break;
        }
        found.push(octets);
    }
    found
}

/// The octets of a stream that is plain or deflated, as all programs write them here; no more than `most`.
fn octets(stream: &Stream, most: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    match stream.filters().as_deref() {
        Err(_) | Ok([]) => stream.content.as_slice().take(most as u64).read_to_end(&mut plain),
        Ok([filter]) if *filter == b"FlateDecode" && !stream.dict.has(b"DecodeParms") => {
            ZlibDecoder::new(stream.content.as_slice()).take(most as u64).read_to_end(&mut plain)
        }
        Ok(_) => return None,
    }
    .ok()?;
    Some(plain)
}

/// The document with what it was judged by (level B-LT): what it keeps already is not put in twice.
///
/// # Errors
/// It is no PDF that can be added to.
pub fn pdf_with_material(octets: &[u8], gathered: &Gathered) -> Result<Vec<u8>, PdfSignError> {
    let document = Revision::read(octets)?.whole()?;
    let certificates: Vec<Vec<u8>> =
        gathered.certificates.iter().map(|certificate| certificate.der().to_vec()).collect();
    let parts =
        [(CERTIFICATES, &certificates), (OCSP_RESPONSES, &gathered.ocsp_responses), (CRLS, &gathered.crls)];
    let mut left = MAX_ALL;
    let known = parts.map(|(key, _)| (list(&document, key).to_vec(), kept(&document, key, &mut left)));
    let mut new_store = store(&document).cloned().unwrap_or_else(|| dictionary! { "Type" => "DSS" });
    let root =
        document.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| PdfError::Malformed)?;
    let mut update = IncrementalDocument::create_from(octets.to_vec(), document);
    for ((key, wanted), (mut entries, mut have)) in parts.into_iter().zip(known) {
        for der in wanted {
            if !have.contains(der) {
                have.push(der.clone());
                let stream = Stream::new(Dictionary::new(), der.clone());
                entries.push(update.new_document.add_object(stream).into());
            }
        }
        if !entries.is_empty() {
            new_store.set(key, entries);
        }
    }
    // A new object: one that there was is left as it was signed.
    let new_store = update.new_document.add_object(new_store);
    changed(&mut update, root)?.set("DSS", new_store);
    written(&mut update)
}
