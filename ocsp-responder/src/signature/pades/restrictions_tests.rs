//! What signatures let others do afterwards: what they forbid is a change, and what cannot be told is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use lopdf::{Dictionary, IncrementalDocument, Object, ObjectId, dictionary};

use super::sign::{append, changed, enter_field, hole_dictionary};
use super::tests::{Office, document, edited, page_of, root_of};
use super::*;
use crate::validation::{Answer, SubIndication};

/// Where somebody signs.
#[derive(Clone, Copy)]
enum In {
    Empty,
    Unseen,
    Seen,
}

fn new_field(name: &str, page: ObjectId, width: i64) -> Dictionary {
    dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig", "T" => Object::string_literal(name),
        "P" => page, "Rect" => vec![0.into(), 0.into(), width.into(), width.into()], "F" => 132,
        "AP" => dictionary! {},
    }
}

fn entered(update: &mut IncrementalDocument, field: Dictionary) -> ObjectId {
    let (page, root) = (page_of(update), root_of(update));
    let field = update.new_document.add_object(field);
    enter_field(update, root, field).unwrap();
    append(update, page, b"Annots", field).unwrap();
    field
}

/// A document with empty signature fields.
fn form(names: &[&str]) -> Vec<u8> {
    names.iter().fold(document(), |octets, name| {
        edited(&octets, |update| {
            let field = new_field(name, page_of(update), 80);
            let _ = entered(update, field);
        })
    })
}

fn field_of(update: &IncrementalDocument, name: &str) -> ObjectId {
    let fields = places::fields(update.get_prev_documents()).unwrap();
    fields.iter().find(|field| field.name == name).unwrap().id
}

/// Signs whatever was forbidden; `says` puts what is said into the signature, and gives the lock of the field.
fn signed(
    office: &Office,
    octets: &[u8],
    (name, place): (&str, In),
    says: impl FnOnce(&mut IncrementalDocument, &mut Dictionary) -> Option<Object>,
) -> Vec<u8> {
    let written = edited(octets, |update| {
        let mut signature = hole_dictionary("Sig", "ETSI.CAdES.detached");
        let lock = says(update, &mut signature);
        let signature = update.new_document.add_object(signature);
        let field = match place {
            In::Empty => field_of(update, name),
            In::Unseen => entered(update, new_field(name, page_of(update), 0)),
            In::Seen => entered(update, new_field(name, page_of(update), 80)),
        };
        let field = changed(update, field).unwrap();
        field.set("V", signature);
        lock.into_iter().for_each(|lock| field.set("Lock", lock));
        // Whoever certifies is named by the catalogue, under a number that is known once the signature stands.
        let root = root_of(update);
        if let Ok(catalog) = update.new_document.get_dictionary_mut(root)
            && let Ok(permissions) = catalog.get_mut(b"Perms").and_then(Object::as_dict_mut)
            && permissions.get(b"DocMDP").is_ok_and(|certified| *certified == Object::Boolean(true))
        {
            permissions.set("DocMDP", signature);
        }
    });
    office.complete(PreparedPdf::around(written, octets.len()).unwrap())
}

fn transform(method: &str, parameters: impl Into<Object>) -> Object {
    let transform = dictionary! {
        "Type" => "SigRef", "TransformMethod" => method, "TransformParams" => parameters.into(),
    };
    transform.into()
}

fn named_by_catalog(update: &mut IncrementalDocument, by: Object) {
    let root = root_of(update);
    changed(update, root).unwrap().set("Perms", dictionary! { "DocMDP" => by });
}

/// A certified document.
fn certified(office: &Office, octets: &[u8], parameters: impl Into<Object>) -> Vec<u8> {
    signed(office, octets, ("Author", In::Unseen), |update, signature| {
        signature.set("Reference", vec![transform("DocMDP", parameters)]);
        named_by_catalog(update, true.into());
        None
    })
}

fn approved(office: &Office, octets: &[u8], name: &str, place: In) -> Vec<u8> {
    signed(office, octets, (name, place), |_, _| None)
}

fn verdict(office: &Office, octets: &[u8]) -> PdfVerdict {
    office.verdict(octets).unwrap().unwrap()
}

/// The first signature does not hold since something came later that it forbids; the others do.
#[track_caller]
fn forbids(verdict: &PdfVerdict, word: &str) {
    let answers: Vec<Answer> = verdict.signatures.iter().map(|one| one.verdict.answer).collect();
    assert_eq!(answers, [Answer::Invalid, Answer::Valid], "{:?}", verdict.reasons);
    assert_eq!(verdict.sub_indication, Some(SubIndication::HashFailure));
    let reason = &verdict.reasons[0];
    assert!(reason.contains("changed after it was signed") && reason.contains(word), "{reason}");
}

#[track_caller]
fn holds(verdict: &PdfVerdict, count: usize) {
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, count), "{:?}", verdict.reasons);
}

#[track_caller]
fn cannot_be_told(verdict: &PdfVerdict, word: &str) {
    assert_eq!(verdict.answer, Answer::Invalid, "{word}");
    assert_eq!(verdict.sub_indication, Some(SubIndication::FormatFailure), "{:?}", verdict.reasons);
    assert!(verdict.reasons[0].contains("cannot be told"), "{:?}", verdict.reasons);
    assert!(verdict.reasons[0].contains(word), "{word}: {:?}", verdict.reasons);
}

#[test]
fn what_is_certified_is_narrowed_to_what_is_permitted() {
    let office = Office::open();
    let form = form(&["Minister"]);
    let says = |level: i64| dictionary! { "Type" => "TransformParams", "P" => level, "V" => "1.2" };
    for (parameters, permits) in [
        (Object::from(says(1)), Permitted::Nothing),
        (says(2).into(), Permitted::FillingIn),
        (says(3).into(), Permitted::Annotating),
        // The default.
        (Object::Null, Permitted::FillingIn),
        (dictionary! {}.into(), Permitted::FillingIn),
    ] {
        let certified = certified(&office, &form, parameters);
        let told = verdict(&office, &certified);
        holds(&told, 1);
        let said = Restrictions { certifies: true, permits: Some(permits), locks: Vec::new() };
        assert_eq!(told.signatures[0].restrictions, Some(said));
        let then = |name, place| verdict(&office, &approved(&office, &certified, name, place));
        if permits == Permitted::Nothing {
            forbids(&then("Minister", In::Empty), "nothing but time stamps");
            forbids(&then("Other", In::Unseen), "nothing but time stamps");
            forbids(&then("Other", In::Seen), "nothing but time stamps");
        } else {
            holds(&then("Minister", In::Empty), 2);
            holds(&then("Other", In::Unseen), 2);
            forbids(&then("Other", In::Seen), "its own fields alone");
        }
    }
    // Nobody certified it: then all of them may be.
    let plain = approved(&office, &form, "First", In::Unseen);
    assert_eq!(verdict(&office, &plain).signatures[0].restrictions, None);
    holds(&verdict(&office, &approved(&office, &plain, "Other", In::Seen)), 2);
}

fn lock(action: &str, fields: &[&str]) -> Dictionary {
    let fields: Vec<Object> = fields.iter().map(|name| Object::string_literal(*name)).collect();
    dictionary! { "Type" => "SigFieldLock", "Action" => action, "Fields" => fields }
}

#[test]
fn locked_fields_are_not_signed_afterwards() {
    let office = Office::open();
    let form = form(&["Minister", "Clerk"]);
    let cases = [
        (lock("All", &[]), [false, false, false]),
        (lock("Include", &["Minister"]), [false, true, true]),
        (lock("Exclude", &["Minister"]), [true, false, false]),
        // What is below a field that is named is named; what only begins like it is not.
        (lock("Include", &["Min", "Other"]), [true, true, false]),
        (lock("Include", &[]), [true, true, true]),
    ];
    for (lock, may) in cases {
        let by_transform = signed(&office, &form, ("First", In::Unseen), |_, signature| {
            signature.set("Reference", vec![transform("FieldMDP", lock.clone())]);
            None
        });
        // A field's lock counts, also where who signed there did not copy it; and wherever it stands.
        let by_field = signed(&office, &form, ("First", In::Unseen), |update, _| {
            Some(update.new_document.add_object(lock.clone()).into())
        });
        for first in [by_transform, by_field] {
            holds(&verdict(&office, &first), 1);
            let places = [("Minister", In::Empty), ("Clerk", In::Empty), ("Other.Part", In::Seen)];
            for ((name, place), may) in places.into_iter().zip(may) {
                let told = verdict(&office, &approved(&office, &first, name, place));
                if may { holds(&told, 2) } else { forbids(&told, "locks the field") }
            }
        }
    }
    // The lock of a field may also say what may be done to the document, but add nothing to what its signature says.
    let mut narrow = lock("Include", &["Clerk"]);
    narrow.set("P", 1);
    let first = signed(&office, &form, ("First", In::Unseen), |_, _| Some(narrow.into()));
    forbids(&verdict(&office, &approved(&office, &first, "Minister", In::Empty)), "nothing but time stamps");
    let mut wide = lock("Include", &[]);
    wide.set("P", 3);
    let first = signed(&office, &form, ("First", In::Unseen), |_, signature| {
        signature.set("Reference", vec![transform("DocMDP", dictionary! { "P" => 1 })]);
        Some(wide.into())
    });
    forbids(&verdict(&office, &approved(&office, &first, "Minister", In::Empty)), "nothing but time stamps");
}

#[test]
fn what_cannot_be_told_is_refused() {
    let office = Office::open();
    let document = document();
    let many = |method: &str, parameters: Dictionary| {
        let one = transform(method, parameters);
        Object::Array(vec![one.clone(), one])
    };
    let one = |method: &str, parameters: Object| Object::Array(vec![transform(method, parameters)]);
    let cases: Vec<(Object, &str)> = vec![
        (one("DocMDP", dictionary! { "P" => 0 }.into()), "none of 1, 2 and 3"),
        (one("DocMDP", dictionary! { "P" => 4 }.into()), "none of 1, 2 and 3"),
        (one("DocMDP", dictionary! { "P" => "1" }.into()), "none of 1, 2 and 3"),
        (one("DocMDP", dictionary! { "P" => 1, "V" => "1.3" }.into()), "version"),
        (one("DocMDP", dictionary! { "P" => Object::Reference((900, 0)) }.into()), "cannot be read"),
        (one("DocMDP", Object::Array(Vec::new())), "no dictionary"),
        (many("DocMDP", dictionary! { "P" => 2 }), "twice"),
        (one("FieldMDP", Object::Null), "does not say which"),
        (one("FieldMDP", dictionary! { "Fields" => Vec::<Object>::new() }.into()), "does not say which"),
        (one("FieldMDP", dictionary! { "Action" => "Some" }.into()), "does not say which"),
        (one("FieldMDP", dictionary! { "Action" => "Include" }.into()), "not named"),
        (
            one("FieldMDP", dictionary! { "Action" => "Exclude", "Fields" => vec![7.into()] }.into()),
            "not named",
        ),
        (one("Other", Object::Null), "not known"),
        (Object::Array(vec![dictionary! {}.into()]), "not named"),
        (Object::Array(vec![7.into()]), "no dictionary"),
        (Object::Integer(7), "no list"),
    ];
    for (transforms, word) in cases {
        let said = signed(&office, &document, ("First", In::Unseen), |_, signature| {
            signature.set("Reference", transforms);
            None
        });
        cannot_be_told(&verdict(&office, &said), word);
        // Nor does npki sign on top of it.
        let refused = PreparedPdf::of(&said, time::OffsetDateTime::UNIX_EPOCH, &PdfNote::default());
        assert!(matches!(refused, Err(PdfSignError::Document(PdfError::Restrictions(_)))), "{word}");
    }
    for wrong in [Object::Integer(7), dictionary! { "Action" => "None" }.into()] {
        let said = signed(&office, &document, ("First", In::Unseen), |_, _| Some(wrong));
        assert_eq!(verdict(&office, &said).sub_indication, Some(SubIndication::FormatFailure));
    }
}

#[test]
fn one_signature_certifies_and_it_is_the_first() {
    let office = Office::open();
    let document = document();
    let says = || vec![transform("DocMDP", dictionary! { "P" => 2 })];
    // The catalogue names something else: no signature, one that says nothing, one that is not there.
    for by in [Object::Integer(7), Object::Reference((1, 0)), Object::Reference((900, 0))] {
        let other = signed(&office, &document, ("First", In::Unseen), |update, signature| {
            signature.set("Reference", says());
            named_by_catalog(update, by);
            None
        });
        cannot_be_told(&verdict(&office, &other), "none of its signatures");
    }
    let silent = signed(&office, &document, ("First", In::Unseen), |update, _| {
        named_by_catalog(update, true.into());
        None
    });
    cannot_be_told(&verdict(&office, &silent), "none of its signatures");
    // Certified after somebody had signed: neither holds.
    let late = certified(&office, &office.sign(&document), dictionary! { "P" => 2 });
    let told = verdict(&office, &late);
    let subs: Vec<_> = told.signatures.iter().map(|one| one.verdict.sub_indication).collect();
    assert_eq!(subs, [Some(SubIndication::HashFailure), Some(SubIndication::FormatFailure)]);
    assert!(told.reasons[0].contains("who certified it"), "{:?}", told.reasons);
    // A second that says so, whether the catalogue names it or not. The first holds where nothing of it was touched.
    let first = certified(&office, &document, dictionary! { "P" => 2 });
    let second = signed(&office, &first, ("Second", In::Unseen), |_, signature| {
        signature.set("Reference", says());
        None
    });
    let told = verdict(&office, &second);
    let subs: Vec<_> = told.signatures.iter().map(|one| one.verdict.sub_indication).collect();
    assert_eq!(subs, [None, Some(SubIndication::FormatFailure)], "{:?}", told.reasons);
    let named = signed(&office, &first, ("Second", In::Unseen), |update, signature| {
        signature.set("Reference", says());
        named_by_catalog(update, true.into());
        None
    });
    let told = verdict(&office, &named);
    let subs: Vec<_> = told.signatures.iter().map(|one| one.verdict.sub_indication).collect();
    assert_eq!(subs, [Some(SubIndication::HashFailure), Some(SubIndication::FormatFailure)]);
    // Who narrows by the lock of his field what may be done, may say it in this form as well.
    let narrowed = signed(&office, &first, ("Second", In::Unseen), |_, signature| {
        signature.set("Reference", vec![transform("DocMDP", dictionary! { "P" => 1 })]);
        let mut lock = lock("All", &[]);
        lock.set("P", 1);
        Some(lock.into())
    });
    holds(&verdict(&office, &narrowed), 2);
    // Nobody takes the certification away.
    let bare = edited(&first, |update| {
        let root = root_of(update);
        let _ = changed(update, root).unwrap().remove(b"Perms");
    });
    let told = verdict(&office, &bare);
    assert_eq!(told.sub_indication, Some(SubIndication::HashFailure), "{:?}", told.reasons);
}

/// Names are compared as they are, not as they are shown.
#[test]
fn a_lock_holds_for_names_that_are_long_or_stand_elsewhere() {
    let office = Office::open();
    let long = "x".repeat(300);
    let first = signed(&office, &document(), ("First", In::Unseen), |_, signature| {
        signature.set("Reference", vec![transform("FieldMDP", lock("Include", &[&long, "Else\u{1}where"]))]);
        None
    });
    holds(&verdict(&office, &approved(&office, &first, "Other", In::Seen)), 2);
    forbids(&verdict(&office, &approved(&office, &first, &long, In::Unseen)), "locks the field");
    forbids(&verdict(&office, &approved(&office, &first, "Else\u{1}where", In::Unseen)), "locks the field");
    // A name that stands in another object.
    let octets = edited(&first, |update| {
        let name = update.new_document.add_object(Object::string_literal(long.as_str()));
        let mut field = new_field("", page_of(update), 80);
        field.set("T", name);
        let _ = entered(update, field);
    });
    let revision = revision::Revision::read(&octets).unwrap();
    let names = places::field_names(revision.document()).unwrap();
    assert!(names.contains(&long), "{names:?}");
}
