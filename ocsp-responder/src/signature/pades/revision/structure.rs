//! What of a document signatures depend on.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Revision;

/// How far what is referred to is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// The catalogue: the form, the tree of pages, who certified it, and what is kept to be judged by later.
    Catalog,
    /// The form, and fields within fields with their signatures.
    Form,
    /// Who certified the document.
    Permissions,
    /// A signature, with what it lets others do afterwards.
    Signature,
    /// What of that it says in a transform.
    Transforms,
    /// And the parameters of one, or the lock of a field.
    Parameters,
    /// Groups of pages, pages, and their lists of annotations.
    Pages,
    /// All of it.
    All,
    /// No further.
    Itself,
}

/// The document of these objects alone.
pub(super) fn of(revision: &Revision<'_>) -> Document {
    let mut document = Document::new();
    document.trailer = revision.trailer().clone();
    let mut seen: BTreeSet<(ObjectId, Reach)> = BTreeSet::new();
    let root = revision.trailer().get(b"Root").and_then(Object::as_reference).ok();
    let mut waiting: Vec<(ObjectId, Reach)> = root.map(|root| (root, Reach::Catalog)).into_iter().collect();
    while !waiting.is_empty() {
        waiting.retain(|asked| seen.insert(*asked));
        let missing: BTreeSet<ObjectId> =
            waiting.iter().map(|(id, _)| *id).filter(|id| !document.objects.contains_key(id)).collect();
        document.objects.extend(revision.objects(&Vec::from_iter(missing)));
        let mut next = Vec::new();
        for (id, reach) in &waiting {
            if let Some(object) = document.objects.get(id) {
                follow(object, *reach, &mut next);
            }
        }
        waiting = next;
    }
    document
}

fn follow(object: &Object, reach: Reach, next: &mut Vec<(ObjectId, Reach)>) {
    match object {
        Object::Reference(id) => next.push((*id, reach)),
        Object::Array(entries) if reach != Reach::Itself => {
            entries.iter().for_each(|entry| follow(entry, reach, next));
        }
        Object::Dictionary(entries) => follow_entries(entries, reach, next),
        Object::Stream(stream) => follow_entries(&stream.dict, reach, next),
        _ => {}
    }
}

fn follow_entries(entries: &Dictionary, reach: Reach, next: &mut Vec<(ObjectId, Reach)>) {
    for (key, value) in entries {
        let further = match (reach, key.as_slice()) {
            (Reach::Catalog, b"AcroForm") | (Reach::Form, b"Fields" | b"Kids") => Reach::Form,
            (Reach::Catalog, b"Pages") | (Reach::Pages, b"Kids") => Reach::Pages,
            (Reach::Catalog, b"DSS") | (Reach::All, _) => Reach::All,
            (Reach::Catalog, b"Perms") => Reach::Permissions,
            (Reach::Permissions, b"DocMDP") | (Reach::Form, b"V") => Reach::Signature,
            (Reach::Signature, b"Reference") => Reach::Transforms,
            (Reach::Transforms, b"TransformParams") | (Reach::Form, b"Lock") => Reach::Parameters,
            (Reach::Parameters, b"Fields") => Reach::Parameters,
            // What a field is called and where it stands; a page's annotations as a list.
            (Reach::Form, b"T" | b"FT" | b"Rect")
            | (Reach::Pages, b"Annots")
            | (Reach::Transforms, b"TransformMethod")
            | (Reach::Parameters, b"Action" | b"P" | b"V") => Reach::Itself,
            _ => continue,
        };
        follow(value, further, next);
    }
}
