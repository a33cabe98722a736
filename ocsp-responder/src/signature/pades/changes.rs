//! What came after a signature: nothing but further signatures, or the document is not the one that was signed.
//!
//! Every object that there was is compared: those that stand at the same octets are the same, the others are looked into. What is new is
//! seen only where something that there was leads to it: it must not have done so before (`dangling.rs`).

use std::cell::OnceCell;
use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::dangling::led_to;
use super::places::{Filled, FilledField, filled};
use super::restrictions::{Addition, Certification, FieldState, Restrictions, Visibility};
use super::revision::Revision;
use super::sheet::rectangle;
use super::store::{parts, parts_named};

/// What an object is to the document, where further signatures may touch it.
struct Roles {
    catalog: Option<ObjectId>,
    form: Option<ObjectId>,
    fields: Option<ObjectId>,
    info: Option<ObjectId>,
    metadata: Option<ObjectId>,
    pages: BTreeSet<ObjectId>,
    annotations: BTreeSet<ObjectId>,
}

impl Roles {
    fn of(document: &Document) -> Self {
        let reference = |object: Option<&Object>| object.and_then(|object| object.as_reference().ok());
        let catalog = document.catalog().ok();
        let form = catalog.and_then(|catalog| catalog.get(b"AcroForm").ok());
        let in_form = form.and_then(|form| document.dereference(form).ok()).map(|(_, form)| form);
        let fields = in_form.and_then(|form| form.as_dict().ok()).and_then(|form| form.get(b"Fields").ok());
        let pages: BTreeSet<ObjectId> = document.page_iter().collect();
        let annotations = pages
            .iter()
            .filter_map(|page| document.get_dictionary(*page).ok()?.get(b"Annots").ok()?.as_reference().ok());
        Self {
            catalog: reference(document.trailer.get(b"Root").ok()),
            form: reference(form),
            fields: reference(fields),
            info: reference(document.trailer.get(b"Info").ok()),
            metadata: reference(catalog.and_then(|catalog| catalog.get(b"Metadata").ok())),
            annotations: annotations.collect(),
            pages,
        }
    }
}

/// The first change from the signed revision to the whole document that is no signature, or one that the signer forbade.
pub(super) fn changed(
    signed: &Revision<'_>,
    whole: &Revision<'_>,
    restrictions: &Restrictions,
) -> Option<String> {
    if signed.trailer().get(b"Root").ok() != whole.trailer().get(b"Root").ok() {
        return Some("it has another root".to_owned());
    }
    if let Some(number) = led_to(signed, whole) {
        return Some(format!("object {number}, which it referred to before there was one"));
    }
    // Section 12.8.2.2.1: whoever certifies signs first.
    if Certification::of(signed.document()) != Certification::of(whole.document()) {
        return Some("who certified it is another since".to_owned());
    }
    let Ok(signatures) = filled(whole.document()) else { return Some("its form cannot be read".to_owned()) };
    let roles = Roles::of(signed.document());
    let comparison = Comparison { signed, whole, roles, store_parts: OnceCell::new(), signatures };
    let forbidden = comparison.forbidden(restrictions);
    forbidden.or_else(|| signed.differing(whole).into_iter().find_map(|id| comparison.object(id)))
}

struct Comparison<'a> {
    signed: &'a Revision<'a>,
    whole: &'a Revision<'a>,
    roles: Roles,
    /// What nothing but the document security store is made of.
    store_parts: OnceCell<BTreeSet<ObjectId>>,
    /// The fields that are signed or stamped in the whole document.
    signatures: Vec<FilledField<'a>>,
}

impl Comparison<'_> {
    /// The first signature or time stamp that was added and may not be.
    fn forbidden(&self, restrictions: &Restrictions) -> Option<String> {
        let mut added = self.signatures.iter().filter(|found| !self.signed.has(found.id));
        added.find_map(|found| {
            let field = if self.signed.has(found.field.0) {
                FieldState::Empty
            } else if self.is_seen(found.field.1) {
                FieldState::New(Visibility::Seen)
            } else {
                FieldState::New(Visibility::Unseen)
            };
            let addition = Addition { name: &found.whole_name, filled: found.filled, field };
            let why = restrictions.forbid(addition)?;
            Some(format!("the field {:?} was filled, and {why}", found.name))
        })
    }

    fn object(&self, id: ObjectId) -> Option<String> {
        let Some(before) = self.signed.object(id) else {
            return Some(format!("object {} cannot be read", id.0));
        };
        let Some(after) = self.whole.object(id) else {
            return (!is_container(&before)).then(|| format!("object {} is gone", id.0));
        };
        if before == after || (is_container(&before) && is_container(&after)) {
            return None;
        }
        let fits = self.is_allowed(id, &before, &after);
        (!fits).then(|| format!("object {}{}", id.0, self.described(id)))
    }

    /// Whether an object is part of the store and of nothing else. Only where such a one changed is the whole revision read for it.
    fn is_store_part(&self, id: ObjectId) -> bool {
        let found = || self.signed.parsed().map(parts).unwrap_or_default();
        parts_named(self.signed.document()).contains(&id) && self.store_parts.get_or_init(found).contains(&id)
    }

    fn described(&self, id: ObjectId) -> &'static str {
        if Some(id) == self.roles.catalog {
            " (the catalogue)"
        } else if self.roles.pages.contains(&id) {
            " (a page)"
        } else if Some(id) == self.roles.form || Some(id) == self.roles.fields {
            " (the form)"
        } else {
            ""
        }
    }

    fn is_allowed(&self, id: ObjectId, before: &Object, after: &Object) -> bool {
        if self.roles.annotations.contains(&id) || Some(id) == self.roles.fields {
            return self.is_extended(before, after);
        }
        if self.is_store_part(id) {
            return is_part_of_store(before, after);
        }
        // What programs note of themselves and of when: no part of what a page shows (ISO 32000-2 section 14.3).
        if Some(id) == self.roles.metadata {
            return is_metadata(before) && is_metadata(after);
        }
        let (Ok(before), Ok(after)) = (before.as_dict(), after.as_dict()) else { return false };
        if Some(id) == self.roles.catalog {
            return self.is_catalog(before, after);
        }
        if Some(id) == self.roles.form {
            return self.is_form(before, after);
        }
        if Some(id) == self.roles.info {
            return same_but(before, after, &[b"ModDate", b"Producer"]);
        }
        if self.roles.pages.contains(&id) {
            return same_but(before, after, &[b"Annots"])
                && self.is_list(before.get(b"Annots").ok(), after.get(b"Annots").ok());
        }
        self.is_signed_since(id, before, after)
    }

    /// EN 319 142-1 section 5.4: what long-term validation needs is kept in the catalogue's DSS.
    fn is_catalog(&self, before: &Dictionary, after: &Dictionary) -> bool {
        if !same_but(before, after, &[b"AcroForm", b"DSS", b"Extensions", b"Version", b"Metadata"]) {
            return false;
        }
        match (before.get(b"AcroForm"), after.get(b"AcroForm")) {
            (Ok(before), Ok(after)) if before == after => true,
            (Ok(Object::Dictionary(before)), Ok(Object::Dictionary(after))) => self.is_form(before, after),
            // A form that only signatures are in.
            (Err(_), Ok(after)) => {
                let form =
                    self.whole.document().dereference(after).ok().and_then(|(_, form)| form.as_dict().ok());
                form.is_some_and(|form| self.is_form(&Dictionary::new(), form))
            }
            (before, after) => before.is_err() && after.is_err(),
        }
    }

    fn is_form(&self, before: &Dictionary, after: &Dictionary) -> bool {
        same_but(before, after, &[b"Fields", b"SigFlags"])
            && self.is_list(before.get(b"Fields").ok(), after.get(b"Fields").ok())
    }

    /// A list that stands in a dictionary, or is referred to from there.
    fn is_list(&self, before: Option<&Object>, after: Option<&Object>) -> bool {
        match (before, after) {
            (before, after) if before == after => true,
            // It was written elsewhere: what it says is compared.
            (before, Some(after)) => {
                let empty = Object::Array(Vec::new());
                let before = before.map_or(Some(&empty), |before| {
                    self.signed.document().dereference(before).ok().map(|(_, before)| before)
                });
                let after = self.whole.document().dereference(after).ok().map(|(_, after)| after);
                before.zip(after).is_some_and(|(before, after)| self.is_extended(before, after))
            }
            _ => false,
        }
    }

    /// All that was in the list, in its order, and then signature fields alone.
    fn is_extended(&self, before: &Object, after: &Object) -> bool {
        let (Ok(before), Ok(after)) = (before.as_array(), after.as_array()) else { return false };
        after
            .strip_prefix(before.as_slice())
            .is_some_and(|added| added.iter().all(|added| self.is_signature(added)))
    }

    fn is_signature(&self, object: &Object) -> bool {
        object.as_reference().is_ok_and(|id| self.is_judged(id))
    }

    /// A field with a signature of its own, which is judged as well, so that whatever the field shows on a page counts only where that
    /// signature does: another field that refers to an earlier signature would show what nobody signed. A time stamp decides nothing
    /// beside signatures, so it may show nothing.
    fn is_judged(&self, field: ObjectId) -> bool {
        let found = self.signatures.iter().find(|signed| signed.field.0 == field);
        found.is_some_and(|found| {
            let is_new = !self.signed.has(found.id);
            is_new && (found.filled == Filled::Signature || !self.is_seen(found.field.1))
        })
    }

    fn is_seen(&self, field: &Dictionary) -> bool {
        let rectangle = field.get(b"Rect").ok().and_then(|rect| rectangle(self.whole.document(), rect));
        field.has(b"AP") && rectangle.is_none_or(|area| area.width > 0.0 && area.height > 0.0)
    }

    /// A signature field that was there, empty, and is signed now.
    fn is_signed_since(&self, id: ObjectId, before: &Dictionary, after: &Dictionary) -> bool {
        let is_field = before.get(b"FT").and_then(Object::as_name).is_ok_and(|kind| kind == b"Sig");
        let is_filled = is_field && !before.has(b"V") && self.is_judged(id);
        is_filled && same_but(before, after, &[b"V", b"AP", b"F"])
    }
}

/// What holds other objects, or the table of them: compared by what it holds.
fn is_container(object: &Object) -> bool {
    let Object::Stream(stream) = object else { return false };
    stream.dict.has_type(b"XRef") || stream.dict.has_type(b"ObjStm")
}

fn is_metadata(object: &Object) -> bool {
    matches!(object, Object::Stream(stream) if stream.dict.has_type(b"Metadata"))
}

/// EN 319 142-1 section 5.4.2: what is kept may grow. Nothing else refers to it, so no page shows it.
fn is_part_of_store(before: &Object, after: &Object) -> bool {
    matches!(
        (before, after),
        (Object::Dictionary(_), Object::Dictionary(_)) | (Object::Array(_), Object::Array(_))
    )
}

fn same_but(before: &Dictionary, after: &Dictionary, but: &[&[u8]]) -> bool {
    let rest = |dictionary: &Dictionary| -> Vec<(Vec<u8>, Object)> {
        let mut rest: Vec<_> = dictionary
            .iter()
            .filter(|(key, _)| !but.contains(&key.as_slice()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        rest.sort_by(|one, other| one.0.cmp(&other.0));
        rest
    };
    rest(before) == rest(after)
}
