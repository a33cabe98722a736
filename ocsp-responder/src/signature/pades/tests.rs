#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ca_core::clock::{Clock, SystemClock};
use lopdf::content::{Content, Operation};
use lopdf::{Document, IncrementalDocument, Object, ObjectId, Stream, dictionary};
use proptest::prelude::*;

use super::*;
use crate::signature::tests::TestSigner;
use crate::signature::{SignatureForm, sign_unclaimed};
use crate::validation::certificate::Certificate;
use crate::validation::fixture::{CA, LEAF, Workshop};
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, Indication, SubIndication};

/// A page that says something.
pub(super) fn document() -> Vec<u8> {
    let mut document = document_of("The ministry pays 100 maloti.");
    let mut written = Vec::new();
    document.save_to(&mut written).unwrap();
    written
}

pub(super) fn document_of(text: &str) -> Document {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let content = document.add_object(page_content(text));
    let font = document
        .add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
    });
    document
        .objects
        .insert(pages, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 }.into());
    let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", root);
    document
}

fn page_content(text: &str) -> Stream {
    let operations = vec![
        Operation::new("BT", vec![]),
        Operation::new("Tf", vec!["F1".into(), 12.into()]),
        Operation::new("Td", vec![72.into(), 720.into()]),
        Operation::new("Tj", vec![Object::string_literal(text)]),
        Operation::new("ET", vec![]),
    ];
    Stream::new(dictionary! {}, Content { operations }.encode().unwrap())
}

pub(super) struct Office {
    workshop: Workshop,
    root: Certificate,
    issuing: Certificate,
    leaf: Certificate,
}

impl Office {
    pub(super) fn open() -> Self {
        let workshop = Workshop::new();
        let root = workshop.root("root", "P-256");
        let issuing = workshop.issue("root", "issuing", "P-256", CA);
        let leaf = workshop.issue("issuing", "leaf", "P-256", LEAF);
        Self { workshop, root, issuing, leaf }
    }

    pub(super) fn sign(&self, octets: &[u8]) -> Vec<u8> {
        let note = PdfNote { reason: Some("Tumello – approved".to_owned()), ..PdfNote::default() };
        let at = SystemClock.now();
        self.complete(PreparedPdf::of(octets, at, &note).unwrap())
    }

    pub(super) fn complete(&self, prepared: PreparedPdf) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let at = SystemClock.now();
        let chain = [self.issuing.clone(), self.root.clone()];
        let signature = sign_unclaimed(&prepared.content(), &signer, &self.leaf, &chain, at).unwrap();
        prepared.complete(&signature).unwrap()
    }

    pub(super) fn verdict(&self, octets: &[u8]) -> Result<Option<PdfVerdict>, PdfError> {
        let evidence = GatheredEvidence {
            crls: vec![self.workshop.crl("root", &[]), self.workshop.crl("issuing", &[])],
            ocsp_responses: Vec::new(),
        };
        self.verdict_by(octets, &evidence)
    }

    fn verdict_by(&self, octets: &[u8], evidence: &GatheredEvidence) -> Result<Option<PdfVerdict>, PdfError> {
        let anchors = std::slice::from_ref(&self.root);
        let at = SystemClock.now();
        verify_pdf(octets, &Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at })
    }
}

/// An update behind a document, as an editor makes it.
pub(super) fn edited(octets: &[u8], edit: impl FnOnce(&mut IncrementalDocument)) -> Vec<u8> {
    let mut update = IncrementalDocument::create_from(octets.to_vec(), Document::load_mem(octets).unwrap());
    edit(&mut update);
    let mut written = Vec::new();
    update.save_to(&mut written).unwrap();
    written
}

pub(super) fn page_of(update: &IncrementalDocument) -> ObjectId {
    update.get_prev_documents().page_iter().next().unwrap()
}

pub(super) fn root_of(update: &IncrementalDocument) -> ObjectId {
    update.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap()
}

#[test]
fn a_signed_document_is_valid_and_so_is_one_that_several_signed() {
    let office = Office::open();
    assert_eq!(office.verdict(&document()), Ok(None));
    let mut octets = document();
    for count in 1..=3 {
        octets = office.sign(&octets);
        let verdict = office.verdict(&octets).unwrap().unwrap();
        assert_eq!((verdict.answer, verdict.reasons.as_slice()), (Answer::Valid, &[][..]));
        let covering: Vec<bool> = verdict.signatures.iter().map(|signature| signature.covers_all).collect();
        assert_eq!(covering, [vec![false; count - 1], vec![true]].concat());
        assert!(verdict.signatures.iter().all(|signature| signature.claimed.is_some()));
        let form = Some(SignatureForm::PadesBaselineB);
        assert!(verdict.signatures.iter().all(|signature| signature.verdict.form == form));
        let names: Vec<&str> = verdict.signatures.iter().map(|signature| signature.field.as_str()).collect();
        assert_eq!(names, ["Signature1", "Signature2", "Signature3"][..count]);
    }
}

#[test]
fn documents_with_tables_in_streams_are_signed_as_well() {
    let office = Office::open();
    let mut written = Vec::new();
    document_of("modern").save_modern(&mut written).unwrap();
    let signed = office.sign(&office.sign(&written));
    let verdict = office.verdict(&signed).unwrap().unwrap();
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, 2), "{:?}", verdict.reasons);
}

#[test]
fn what_is_changed_afterwards_is_told() {
    let office = Office::open();
    let signed = office.sign(&document());
    let refused = |changed: &[u8], word: &str| {
        let verdict = office.verdict(changed).unwrap().unwrap();
        assert_eq!(verdict.answer, Answer::Invalid, "{word}");
        assert_eq!(verdict.sub_indication, Some(SubIndication::HashFailure), "{word}");
        assert!(verdict.reasons[0].contains("changed after it was signed"), "{:?}", verdict.reasons);
        assert!(verdict.reasons[0].contains(word), "{:?}", verdict.reasons);
    };
    // The published attacks by incremental saving: another content, another page, something over it, something that runs.
    let content = edited(&signed, |update| {
        let page = page_of(update);
        let stream = update.get_prev_documents().get_dictionary(page).unwrap().get(b"Contents").unwrap();
        let stream = stream.as_reference().unwrap();
        update.new_document.set_object(stream, page_content("The ministry pays 100 000 maloti."));
    });
    refused(&content, "object");
    let page = edited(&signed, |update| {
        let page = page_of(update);
        let other = update.new_document.add_object(page_content("Nothing is paid."));
        update.opt_clone_object_to_new_document(page).unwrap();
        update.new_document.get_dictionary_mut(page).unwrap().set("Contents", other);
    });
    refused(&page, "a page");
    let covered = edited(&signed, |update| {
        let page = page_of(update);
        let over = update.new_document.add_object(dictionary! {
            "Type" => "Annot", "Subtype" => "FreeText", "Contents" => Object::string_literal("1 000"),
            "Rect" => vec![70.into(), 700.into(), 300.into(), 740.into()],
        });
        update.opt_clone_object_to_new_document(page).unwrap();
        let page = update.new_document.get_dictionary_mut(page).unwrap();
        let mut annotations = page.get(b"Annots").unwrap().as_array().unwrap().clone();
        annotations.push(over.into());
        page.set("Annots", annotations);
    });
    refused(&covered, "a page");
    let action = edited(&signed, |update| {
        let root = root_of(update);
        update.opt_clone_object_to_new_document(root).unwrap();
        let script = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
        update.new_document.get_dictionary_mut(root).unwrap().set("OpenAction", script);
    });
    refused(&action, "the catalogue");
    let root = edited(&signed, |update| {
        let pages = update.get_prev_documents().catalog().unwrap().get(b"Pages").unwrap().clone();
        let other = update.new_document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        update.new_document.trailer.set("Root", other);
    });
    // Another root has no form: then nobody finds a signature at all.
    assert!(office.verdict(&root).unwrap().is_none_or(|verdict| verdict.answer != Answer::Valid));
    // A later signer vouches for what he sees, the earlier one does not.
    let resigned = office.verdict(&office.sign(&content)).unwrap().unwrap();
    let answers: Vec<Answer> = resigned.signatures.iter().map(|signature| signature.verdict.answer).collect();
    assert_eq!((resigned.answer, answers), (Answer::Invalid, vec![Answer::Invalid, Answer::Valid]));
}

/// A signature field that shows something else over the page, entered as further signatures are.
fn overlaid(signed: &[u8], value: impl FnOnce(&mut IncrementalDocument, ObjectId) -> Object) -> Vec<u8> {
    edited(signed, |update| {
        let (page, root) = (page_of(update), root_of(update));
        let catalog = update.get_prev_documents().get_dictionary(root).unwrap();
        let form = catalog.get(b"AcroForm").unwrap().as_reference().unwrap();
        let fields = update.get_prev_documents().get_dictionary(form).unwrap().get(b"Fields").unwrap();
        let earlier = fields.as_array().unwrap()[0].as_reference().unwrap();
        let earlier = update.get_prev_documents().get_dictionary(earlier).unwrap().get(b"V").unwrap();
        let earlier = earlier.as_reference().unwrap();
        let drawing = update.new_document.add_object(page_content("900 000"));
        let value = value(update, earlier);
        let field = update.new_document.add_object(dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig", "T" => Object::string_literal("Over"),
            "Rect" => vec![70.into(), 700.into(), 300.into(), 740.into()], "P" => page, "V" => value,
            "AP" => dictionary! { "N" => drawing },
        });
        for (holder, list) in [(form, "Fields"), (page, "Annots")] {
            update.opt_clone_object_to_new_document(holder).unwrap();
            let holder = update.new_document.get_dictionary_mut(holder).unwrap();
            let mut entries = holder.get(list.as_bytes()).unwrap().as_array().unwrap().clone();
            entries.push(field.into());
            holder.set(list, entries);
        }
    })
}

/// Nobody can draw over what was signed without signing himself: neither in a field whose value is no signature, nor in one that refers
/// to another's signature, nor around a time stamp, which decides nothing.
#[test]
fn a_field_shows_something_only_where_its_own_signature_is_judged() {
    let office = Office::open();
    let signed = office.sign(&document());
    let refused = |overlaid: &[u8]| {
        let verdict = office.verdict(overlaid).unwrap().unwrap();
        assert_eq!(verdict.answer, Answer::Invalid, "{:?}", verdict.reasons);
        assert!(verdict.reasons[0].contains("changed after it was signed"), "{:?}", verdict.reasons);
    };
    refused(&overlaid(&signed, |_, _| dictionary! { "Type" => "Sig" }.into()));
    refused(&overlaid(&signed, |_, earlier| earlier.into()));
    let stamp = || dictionary! { "Type" => "DocTimeStamp", "SubFilter" => "ETSI.RFC3161" };
    refused(&overlaid(&signed, |update, _| update.new_document.add_object(stamp()).into()));
    refused(&overlaid(&signed, |update, earlier| {
        let copy = update.get_prev_documents().get_object(earlier).unwrap().clone();
        update.new_document.add_object(copy).into()
    }));
}

/// A page whose content is partly in an object that nobody sees, as it is not there.
fn prepared(missing: u32, text: &str) -> Document {
    let mut document = document_of(text);
    let page = document.page_iter().next().unwrap();
    let page = document.get_dictionary_mut(page).unwrap();
    let content = page.get(b"Contents").unwrap().clone();
    page.set("Contents", vec![content, Object::Reference((missing, 0))]);
    document
}

/// Whoever prepares a document for somebody else to sign cannot leave a place in it that is filled afterwards.
#[test]
fn what_was_referred_to_before_it_was_there_is_a_change() {
    let office = Office::open();
    let (mut plain, mut modern) = (Vec::new(), Vec::new());
    prepared(90, "The ministry pays 100 maloti.").save_to(&mut plain).unwrap();
    prepared(90, "The ministry pays 100 maloti.").save_modern(&mut modern).unwrap();
    for document in [plain, modern] {
        let signed = office.sign(&document);
        assert_eq!(office.verdict(&signed).unwrap().unwrap().answer, Answer::Valid);
        let filled = edited(&signed, |update| {
            update.new_document.set_object((90, 0), page_content("And another 900 000."));
        });
        let verdict = office.verdict(&filled).unwrap().unwrap();
        assert_eq!(verdict.answer, Answer::Invalid, "{:?}", verdict.reasons);
        assert!(verdict.reasons[0].contains("before there was one"), "{:?}", verdict.reasons);
        // Another object hurts nobody.
        let other = edited(&signed, |update| {
            update.new_document.set_object((91, 0), page_content("And another 900 000."));
        });
        assert_eq!(office.verdict(&other).unwrap().unwrap().answer, Answer::Valid);
    }
}

/// Text is no reference, whatever it says.
#[test]
fn a_page_may_speak_of_objects() {
    let office = Office::open();
    let says: Vec<String> = (1..200).map(|number| format!("{number} 0 R")).collect();
    let mut document = Vec::new();
    document_of(&says.join(" ")).save_to(&mut document).unwrap();
    let verdict = office.verdict(&office.sign(&office.sign(&document))).unwrap().unwrap();
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, 2), "{:?}", verdict.reasons);
}

/// Universal signature forgery and signature wrapping: ranges that leave something out, or hold something else.
#[test]
fn ranges_that_do_not_cover_their_revision_are_refused() {
    let office = Office::open();
    let signed = office.sign(&document());
    let at = memchr::memmem::rfind(&signed, b"/ByteRange").unwrap();
    let at = at + signed[at..].iter().position(|octet| *octet == b'[').unwrap() + 1;
    let end = at + signed[at..].iter().position(|octet| *octet == b']').unwrap();
    let text = std::str::from_utf8(&signed[at..end]).unwrap();
    let numbers: Vec<usize> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let with = |numbers: &[String]| {
        let mut range = numbers.join(" ");
        range.truncate(end - at);
        let mut octets = signed.clone();
        octets[at..end].fill(b' ');
        octets[at..at + range.len()].copy_from_slice(range.as_bytes());
        office.verdict(&octets).unwrap().unwrap()
    };
    let own = |place: usize, number: i64| {
        let mut numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        numbers[place] = number.to_string();
        numbers
    };
    let number = |place: usize| i64::try_from(numbers[place]).unwrap();
    for wrong in [
        own(0, 1),
        own(1, number(1) - 1),
        own(2, number(2) + 40),
        own(3, number(3) - 1),
        own(3, number(3) + 1),
        own(3, -1),
        own(1, 0),
        vec!["0".to_owned(), "10".to_owned()],
        vec![],
    ] {
        let verdict = with(&wrong);
        assert_ne!(verdict.answer, Answer::Valid, "{wrong:?}");
        assert_eq!(verdict.signatures.len(), 1);
    }
}

#[test]
fn what_is_no_pdf_is_told_so() {
    let office = Office::open();
    assert_eq!(office.verdict(b"%PDF-1.7 but nothing else"), Err(PdfError::Malformed));
    assert_eq!(office.verdict(b""), Err(PdfError::Malformed));
    let at = SystemClock.now();
    let refused = PreparedPdf::of(b"hello", at, &PdfNote::default()).unwrap_err();
    assert!(matches!(refused, PdfSignError::Document(PdfError::Malformed)));
    let mut encrypted = document_of("secret");
    let key = encrypted.add_object(dictionary! { "Filter" => "Standard", "V" => 1, "R" => 2 });
    encrypted.trailer.set("Encrypt", key);
    let mut octets = Vec::new();
    if encrypted.save_to(&mut octets).is_ok() {
        assert!(office.verdict(&octets).is_err());
    }
}

#[test]
fn a_revoked_signer_leaves_the_answer_open() {
    let office = Office::open();
    let signed = office.sign(&document());
    let evidence = GatheredEvidence {
        crls: vec![
            office.workshop.crl("root", &[]),
            office.workshop.crl("issuing", &[(&office.leaf, "keyCompromise")]),
        ],
        ocsp_responses: Vec::new(),
    };
    let verdict = office.verdict_by(&signed, &evidence).unwrap().unwrap();
    assert_eq!(verdict.indication, Indication::Indeterminate);
    assert_eq!(verdict.sub_indication, Some(SubIndication::RevokedNoPoe));
}

#[test]
fn no_octet_of_a_signed_document_can_be_altered() {
    let office = Office::open();
    let signed = office.sign(&document());
    let hole = {
        let zeros = memchr::memmem::rfind(&signed, b"/Contents<").unwrap();
        zeros..zeros + 60_000
    };
    let altered = |at: usize, bit: u8| {
        let mut octets = signed.clone();
        octets[at] ^= 1 << bit;
        office.verdict(&octets)
    };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let places = (0..signed.len(), 0_u8..8);
    runner
        .run(&places, |(at, bit)| {
            let verdict = altered(at, bit);
            let valid = matches!(&verdict, Ok(Some(verdict)) if verdict.answer == Answer::Valid);
            // Within the hole, upper and lower case of a digit say the same.
            prop_assert!(!valid || hole.contains(&at), "{at} {bit}");
            Ok(())
        })
        .unwrap();
}
