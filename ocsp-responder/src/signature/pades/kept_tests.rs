//! What a document keeps to be judged by later, and time stamps over the document: what they save, and what they do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lopdf::{Dictionary, Document, IncrementalDocument, Object, Stream, dictionary};
use time::{Duration, OffsetDateTime};

use super::tests::{document, document_of, edited, page_of, root_of};
use super::*;
use crate::signature::content::ContentDigest;
use crate::signature::levels::{Office, office};
use crate::signature::tests::TestSigner;
use crate::signature::{SignatureLevel, sign_unclaimed, signature_imprint, with_signature_timestamp};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, SubIndication};

impl Office {
    /// Signed, with a time stamp over the signature (B-T).
    fn signed_pdf(&self, octets: &[u8], at: OffsetDateTime) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let prepared = PreparedPdf::of(octets, at, &PdfNote::default()).unwrap();
        let chain = [self.workshop.certificate("issuing")];
        let signature = sign_unclaimed(&prepared.content(), &signer, &self.leaf, &chain, at).unwrap();
        let imprint = signature_imprint(&signature, DigestAlgorithm::Sha256).unwrap();
        let stamped = with_signature_timestamp(&signature, &self.token("unit", imprint, at)).unwrap();
        prepared.complete(&stamped).unwrap()
    }

    fn verdict_on(&self, octets: &[u8], evidence: &GatheredEvidence, at: OffsetDateTime) -> PdfVerdict {
        let anchors = std::slice::from_ref(&self.root);
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        verify_pdf(octets, &basis).unwrap().unwrap()
    }

    fn kept_pdf(&self, octets: &[u8], at: OffsetDateTime) -> Vec<u8> {
        let gathered = self.gathered(at, |basis| {
            let verdict = verify_pdf(octets, basis).unwrap().unwrap();
            (verdict.answer, verdict.reasons)
        });
        pdf_with_material(octets, &gathered).unwrap()
    }

    fn stamped_pdf(&self, octets: &[u8], unit: &str, at: OffsetDateTime) -> Vec<u8> {
        let prepared = PreparedPdf::to_be_stamped(octets).unwrap();
        let imprint = ContentDigest::of(&prepared.content(), DigestAlgorithm::Sha256);
        prepared.complete(&self.token(unit, imprint, at)).unwrap()
    }
}

fn nothing() -> GatheredEvidence {
    GatheredEvidence::default()
}

#[track_caller]
fn assert_is(verdict: &PdfVerdict, level: SignatureLevel, sub_indication: Option<SubIndication>) {
    let first = &verdict.signatures[0].verdict;
    assert_eq!((first.level, verdict.sub_indication), (Some(level), sub_indication), "{verdict:#?}");
}

#[test]
fn each_level_lasts_longer_than_the_one_before() {
    let office = office();
    let mut modern = Vec::new();
    document_of("modern").save_modern(&mut modern).unwrap();
    for plain in [document(), modern] {
        let stamped = office.signed_pdf(&plain, office.now);
        assert_is(&office.verdict_on(&stamped, &office.evidence(), office.days(1)), SignatureLevel::T, None);
        let alone = office.verdict_on(&stamped, &nothing(), office.days(1));
        assert_eq!(alone.answer, Answer::CannotTell);

        let kept = office.kept_pdf(&stamped, office.days(1));
        assert!(kept.starts_with(&stamped));
        assert_is(&office.verdict_on(&kept, &nothing(), office.days(1)), SignatureLevel::Lt, None);
        // The signer's certificate has run out; the unit's has, too.
        assert_is(&office.verdict_on(&kept, &nothing(), office.days(200)), SignatureLevel::Lt, None);
        assert_eq!(office.verdict_on(&kept, &nothing(), office.days(301)).answer, Answer::CannotTell);

        let archived = office.stamped_pdf(&kept, "later-unit", office.days(250));
        let at_once = office.verdict_on(&archived, &nothing(), office.days(251));
        assert_is(&at_once, SignatureLevel::Lta, None);
        assert_eq!((at_once.timestamps.len(), at_once.timestamps[0].covers_all), (1, true));
        assert_is(&office.verdict_on(&archived, &nothing(), office.days(320)), SignatureLevel::Lta, None);
        assert_eq!(office.verdict_on(&archived, &nothing(), office.days(341)).answer, Answer::CannotTell);

        // Kept twice: nothing stands in it twice, and what was signed and stamped stays so.
        let again = office.kept_pdf(&archived, office.days(252));
        assert!(again.len() - archived.len() < kept.len() - stamped.len());
        assert_is(&office.verdict_on(&again, &nothing(), office.days(320)), SignatureLevel::Lta, None);
    }
}

#[test]
fn a_time_stamp_saves_what_stood_there_and_nothing_that_came_later() {
    let office = office();
    let archived = office.stamped_pdf(
        &office.kept_pdf(&office.signed_pdf(&document(), office.now), office.now),
        "later-unit",
        office.days(1),
    );
    // Signed behind the time stamp: that one is judged as of now, when the signer's certificate has run out.
    let later = office.signed_pdf(&archived, office.days(2));
    let verdict = office.verdict_on(&later, &office.evidence(), office.days(3));
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, 2), "{verdict:#?}");
    assert_eq!(verdict.signatures[0].verdict.level, Some(SignatureLevel::Lta));
    assert!(verdict.signatures[1].verdict.level < Some(SignatureLevel::Lta));

    // A time stamp over another document, in the place of the right one.
    let prepared = PreparedPdf::to_be_stamped(&office.signed_pdf(&document(), office.now)).unwrap();
    let other = ContentDigest::of(b"another document", DigestAlgorithm::Sha256);
    let wrong = prepared.complete(&office.token("unit", other, office.now)).unwrap();
    let verdict = office.verdict_on(&wrong, &office.evidence(), office.days(1));
    assert_eq!(verdict.timestamps[0].verdict.sub_indication, Some(SubIndication::HashFailure));
    // The signature does not need it.
    assert_is(&verdict, SignatureLevel::T, None);
    assert_eq!(office.verdict_on(&wrong, &office.evidence(), office.days(301)).answer, Answer::CannotTell);
}

#[test]
fn a_document_that_is_stamped_alone_is_judged_by_that() {
    let office = office();
    let stamped = office.stamped_pdf(&document(), "unit", office.now);
    let verdict = office.verdict_on(&stamped, &office.evidence(), office.days(1));
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, 0), "{verdict:#?}");
    let changed = edited(&stamped, |update| {
        let page = page_of(update);
        update.opt_clone_object_to_new_document(page).unwrap();
        let page = update.new_document.get_object_mut(page).unwrap().as_dict_mut().unwrap();
        page.set("Rotate", 180);
    });
    let verdict = office.verdict_on(&changed, &office.evidence(), office.days(1));
    assert_eq!(verdict.answer, Answer::Invalid, "{verdict:#?}");
    assert!(verdict.reasons[0].contains("changed after it was signed"), "{:?}", verdict.reasons);
}

#[test]
fn no_altered_octet_of_a_kept_document_makes_it_believed_longer() {
    let office = office();
    let kept = office.kept_pdf(&office.signed_pdf(&document(), office.now), office.now);
    let archived = office.stamped_pdf(&kept, "later-unit", office.days(1));
    // The signer's certificate has run out: a time stamp alone saves the signature, the one over it or the one over the document.
    let (at, moments) = (office.days(200), [office.now, office.days(1)]);
    assert_is(&office.verdict_on(&archived, &nothing(), at), SignatureLevel::Lta, None);
    // The holes are zeros for the most part, which are not looked at one by one.
    let places = (0..archived.len()).filter(|place| archived[*place] != b'0').step_by(97);
    for place in places {
        let mut altered = archived.clone();
        altered[place] ^= 0x05;
        let anchors = std::slice::from_ref(&office.root);
        let basis = Basis { anchors, intermediates: &[], evidence: &nothing(), ocsp: &CrlOnly, at };
        let Ok(Some(verdict)) = verify_pdf(&altered, &basis) else { continue };
        let proven = verdict.signatures.first().and_then(|signature| signature.verdict.proven_time);
        let is_true =
            |proven: OffsetDateTime| moments.iter().any(|at| (proven - *at).abs() < Duration::SECOND);
        assert!(
            verdict.answer != Answer::Valid || proven.is_some_and(is_true),
            "octet {place}: {verdict:#?}"
        );
    }
}

/// A document in whose store an attacker has a page's content listed before anybody signs, to exchange it afterwards.
fn shadowed() -> Vec<u8> {
    let mut document = document_of("the ministry pays 100 maloti");
    let page = document.page_iter().next().unwrap();
    let content = document.get_dictionary(page).unwrap().get(b"Contents").unwrap().clone();
    let list = document.add_object(vec![content]);
    document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("Contents", list);
    let store = document.add_object(dictionary! { "Type" => "DSS", "Certs" => list });
    let root = document.trailer.get(b"Root").unwrap().as_reference().unwrap();
    document.get_object_mut(root).unwrap().as_dict_mut().unwrap().set("DSS", store);
    let mut written = Vec::new();
    document.save_to(&mut written).unwrap();
    written
}

fn store_of(update: &mut IncrementalDocument) -> &mut Dictionary {
    let root = root_of(update);
    let catalog = update.get_prev_documents().get_dictionary(root).unwrap();
    let store = catalog.get(b"DSS").unwrap().as_reference().unwrap();
    update.opt_clone_object_to_new_document(store).unwrap();
    update.new_document.get_object_mut(store).unwrap().as_dict_mut().unwrap()
}

#[test]
fn the_store_may_grow_and_is_no_way_to_change_what_is_shown() {
    let office = office();
    let signed = office.signed_pdf(&shadowed(), office.now);
    let (evidence, at) = (office.evidence(), office.days(1));
    // The list that is also the page's content.
    let exchanged = edited(&signed, |update| {
        let stream = Stream::new(Dictionary::new(), b"BT (900 000) Tj ET".to_vec());
        let content = update.new_document.add_object(stream);
        let certificates = store_of(update).get(b"Certs").unwrap().as_reference().unwrap();
        update.opt_clone_object_to_new_document(certificates).unwrap();
        *update.new_document.get_object_mut(certificates).unwrap() = Object::Array(vec![content.into()]);
    });
    let verdict = office.verdict_on(&exchanged, &evidence, at);
    assert_eq!(verdict.sub_indication, Some(SubIndication::HashFailure), "{verdict:#?}");
    // The same store, of which a part is used for something else, may not grow either; one that is nothing else may.
    let grown = |octets: &[u8]| {
        edited(octets, |update| {
            let stream = Stream::new(Dictionary::new(), office.root.der().to_vec());
            let entry = update.new_document.add_object(stream);
            store_of(update).set("OCSPs", vec![Object::from(entry)]);
        })
    };
    let shared = office.verdict_on(&grown(&signed), &evidence, at);
    assert_eq!(shared.sub_indication, Some(SubIndication::HashFailure));
    let own = office
        .signed_pdf(&office.kept_pdf(&office.signed_pdf(&document(), office.now), office.now), office.now);
    assert_eq!(office.verdict_on(&grown(&own), &evidence, at).answer, Answer::Valid);
    let gone = edited(&own, |update| {
        let root = root_of(update);
        let catalog = update.get_prev_documents().get_dictionary(root).unwrap();
        let store = catalog.get(b"DSS").unwrap().as_reference().unwrap();
        update.opt_clone_object_to_new_document(store).unwrap();
        *update.new_document.get_object_mut(store).unwrap() = Object::Null;
    });
    assert_eq!(office.verdict_on(&gone, &evidence, at).sub_indication, Some(SubIndication::HashFailure));
}

#[test]
fn what_is_kept_is_bounded() {
    let office = office();
    let signed = office.signed_pdf(&document(), office.now);
    // A deflated stream of 128 MiB of zeros.
    let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1024 * 1024];
    (0..128).for_each(|_| std::io::Write::write_all(&mut bomb, &zeros).unwrap());
    let bomb = bomb.finish().unwrap();
    let filled = edited(&signed, |update| {
        let stream = Stream::new(dictionary! { "Filter" => "FlateDecode" }, bomb);
        let entry = Object::from(update.new_document.add_object(stream));
        let store = dictionary! { "Type" => "DSS", "CRLs" => vec![entry; 10_000] };
        let store = update.new_document.add_object(store);
        let root = root_of(update);
        update.opt_clone_object_to_new_document(root).unwrap();
        update.new_document.get_object_mut(root).unwrap().as_dict_mut().unwrap().set("DSS", store);
    });
    let read = Document::load_mem(&filled).unwrap();
    assert!(store::material(&read).evidence.crls.is_empty());
}

#[test]
fn a_name_is_free_that_no_field_has() {
    let office = office();
    let mut with_field = document_of("with a form");
    let field =
        with_field.add_object(dictionary! { "FT" => "Tx", "T" => Object::string_literal("Signature1") });
    let root = with_field.trailer.get(b"Root").unwrap().as_reference().unwrap();
    let form = dictionary! { "Fields" => vec![field.into()] };
    with_field.get_object_mut(root).unwrap().as_dict_mut().unwrap().set("AcroForm", form);
    let mut written = Vec::new();
    with_field.save_to(&mut written).unwrap();
    let verdict =
        office.verdict_on(&office.signed_pdf(&written, office.now), &office.evidence(), office.days(1));
    assert_eq!((verdict.answer, verdict.signatures[0].field.as_str()), (Answer::Valid, "Signature2"));
}
