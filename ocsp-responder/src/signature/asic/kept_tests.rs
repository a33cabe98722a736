//! Archive time stamps of containers: what they save, and what they do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Read};

use time::{Duration, OffsetDateTime};
use zip::{ZipArchive, ZipWriter};

use super::manifest::Manifest;
use super::sign::write;
use super::*;
use crate::signature::levels::{Office, office};
use crate::signature::tests::TestSigner;
use crate::signature::{
    ContentDigest, SignatureLevel, sign_detached, signature_imprint, verify_signed_file, with_material,
    with_signature_timestamp,
};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, Indication, SubIndication};

const BOUND: u64 = 64 * 1024 * 1024;
const ASIC_E: &str = "application/vnd.etsi.asic-e+zip";
const ASIC_S: &str = "application/vnd.etsi.asic-s+zip";
const FILES: [(&str, &[u8]); 2] =
    [("contract.txt", b"The ministry pays 100 maloti."), ("annex/Lek\u{f6}to 1.txt", b"in 3 parts\0\xff")];
const SIGNATURE: &str = "META-INF/signature001.p7s";
const NEWEST: &str = "META-INF/ASiCArchiveManifest.xml";
const FIRST_STAMP: &str = "META-INF/timestamp001.tst";

pub(super) type Files = Vec<(String, Vec<u8>)>;

impl Office {
    fn signed_container(&self) -> Vec<u8> {
        let files = FILES.map(|(name, content)| DataFile { name, content });
        self.signed_over(PreparedContainer::of(&files, self.now).unwrap())
    }

    fn signed_over(&self, prepared: PreparedContainer) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let chain = [self.workshop.certificate("issuing")];
        let signature = sign_detached(prepared.manifest(), &signer, &self.leaf, &chain, self.now).unwrap();
        prepared.complete(&signature).unwrap()
    }

    /// Its signatures that are open raised to B-LT.
    fn raised_container(&self, container: &[u8]) -> RaisedContainer {
        let mut raised = RaisedContainer::of(container.to_vec()).unwrap();
        for open in raised.open().to_vec() {
            let imprint = signature_imprint(&open.signature, DigestAlgorithm::Sha256).unwrap();
            let token = self.token("unit", imprint, self.now);
            let stamped = with_signature_timestamp(&open.signature, &token).unwrap();
            let gathered = self.gathered(self.days(1), |basis| {
                let verdict = verify_signed_file(&stamped, open.manifest.as_slice(), basis).unwrap();
                (verdict.answer, verdict.reasons)
            });
            raised.replace(&open.file, with_material(&stamped, &gathered).unwrap());
        }
        raised
    }

    fn kept_container(&self, container: &[u8], at: OffsetDateTime) -> RaisedContainer {
        let mut raised = self.raised_container(container);
        let written = raised.written(at).unwrap();
        let gathered = self.gathered(at, |basis| {
            let verdict = verify_container(&written, BOUND, basis).unwrap();
            (verdict.answer, verdict.reasons)
        });
        raised.keep(&gathered).unwrap();
        raised
    }

    fn archived_container(&self, container: &[u8], unit: &str, at: OffsetDateTime) -> Vec<u8> {
        let prepared = self.kept_container(container, at).to_be_stamped(at).unwrap();
        let imprint = ContentDigest::of(prepared.manifest(), DigestAlgorithm::Sha256);
        prepared.complete(&self.token(unit, imprint, at)).unwrap()
    }

    pub(super) fn on_container(
        &self,
        container: &[u8],
        evidence: &GatheredEvidence,
        at: OffsetDateTime,
    ) -> ContainerVerdict {
        let anchors = std::slice::from_ref(&self.root);
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        verify_container(container, BOUND, &basis).unwrap()
    }

    /// What is not passed past the first unit's end, and why.
    #[track_caller]
    fn refuses(&self, container: &[u8], why: SubIndication, reason: &str) -> ContainerVerdict {
        let verdict = self.on_container(container, &self.evidence(), self.days(310));
        assert_eq!(verdict.sub_indication, Some(why), "{verdict:#?}");
        assert!(verdict.reasons.join("\n").contains(reason), "{verdict:#?}");
        verdict
    }
}

fn nothing() -> GatheredEvidence {
    GatheredEvidence::default()
}

pub(super) fn packed(files: &Files, at: OffsetDateTime) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    files.iter().for_each(|(name, content)| write(&mut writer, name, content, at).unwrap());
    writer.finish().unwrap().into_inner()
}

pub(super) fn unpacked(container: &[u8]) -> Files {
    let mut archive = ZipArchive::new(Cursor::new(container)).unwrap();
    let count = archive.len();
    let read = |place| {
        let mut file = archive.by_index(place).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    };
    (0..count).map(read).collect()
}

fn edited(container: &[u8], edit: impl FnOnce(&mut Files)) -> Vec<u8> {
    let mut files = unpacked(container);
    edit(&mut files);
    packed(&files, OffsetDateTime::UNIX_EPOCH + Duration::days(20_000))
}

fn place(files: &Files, name: &str) -> usize {
    files.iter().position(|(known, _)| known == name).unwrap()
}

fn without(container: &[u8], names: &[&str]) -> Vec<u8> {
    edited(container, |files| files.retain(|(name, _)| !names.contains(&name.as_str())))
}

#[track_caller]
fn assert_is(verdict: &ContainerVerdict, level: SignatureLevel, sub_indication: Option<SubIndication>) {
    let first = &verdict.signatures[0].verdict;
    assert_eq!((first.level, verdict.sub_indication), (Some(level), sub_indication), "{verdict:#?}");
}

const EXPIRED: SubIndication = SubIndication::OutOfBoundsNoPoe;
const CONSTRAINTS: SubIndication = SubIndication::SigConstraintsFailure;

#[test]
fn each_level_lasts_longer_than_the_one_before() {
    let office = office();
    let signed = office.signed_container();
    let complete = office.raised_container(&signed).written(office.now).unwrap();
    assert_is(&office.on_container(&complete, &nothing(), office.days(100)), SignatureLevel::Lt, None);
    office.refuses(&complete, EXPIRED, "");

    let archived = office.archived_container(&complete, "later-unit", office.days(50));
    let verdict = office.on_container(&archived, &nothing(), office.days(310));
    assert_is(&verdict, SignatureLevel::Lta, None);
    let [stamp] = verdict.timestamps.as_slice() else { panic!("{verdict:#?}") };
    assert_eq!(stamp.file, FIRST_STAMP);
    let covers = [SIGNATURE, "META-INF/ASiCManifest001.xml", FILES[0].0, FILES[1].0];
    assert_eq!(stamp.covers, covers);
    let proven = verdict.signatures[0].verdict.proven_time.unwrap();
    assert!((proven - office.now).abs() < Duration::milliseconds(1));
    // What is covered is not added to any more; another time stamp is.
    let raised = RaisedContainer::of(archived.clone()).unwrap();
    assert!(raised.open().is_empty());
    let renewed = office.archived_container(&archived, "later-unit", office.days(60));
    let names: Vec<String> = unpacked(&renewed).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[0], "mimetype");
    assert_eq!(
        names[5..],
        [
            "META-INF/ASiCArchiveManifest002.xml".to_owned(),
            FIRST_STAMP.to_owned(),
            NEWEST.to_owned(),
            "META-INF/timestamp002.tst".to_owned()
        ]
    );
    let verdict = office.on_container(&renewed, &nothing(), office.days(310));
    assert_is(&verdict, SignatureLevel::Lta, None);
    assert_eq!(verdict.timestamps.len(), 2);
    assert!(verdict.timestamps[1].covers.iter().any(|covered| covered == FIRST_STAMP));
    // Judged as of the moment that the newer one proves.
    assert!((verdict.timestamps[0].verdict.checked_at - office.days(60)).abs() < Duration::MINUTE);
    let manifest = unpacked(&renewed).into_iter().find(|(name, _)| name == NEWEST).unwrap().1;
    let manifest = String::from_utf8(manifest).unwrap();
    assert!(manifest.contains("ASiCArchiveManifest002.xml\" Rootfile=\"true\""), "{manifest}");
    // All units have run out.
    assert_ne!(office.on_container(&renewed, &office.evidence(), office.days(345)).answer, Answer::Valid);
    // A signature that is added later is not covered, and raised by itself.
    let added = office.signed_over(PreparedContainer::adding_to(archived, office.now).unwrap());
    assert_eq!(RaisedContainer::of(added.clone()).unwrap().open().len(), 1);
    let verdict = office.on_container(&added, &office.evidence(), office.days(80));
    let levels: Vec<_> =
        verdict.signatures.iter().map(|signature| signature.verdict.level.unwrap()).collect();
    assert_eq!(levels, [SignatureLevel::Lta, SignatureLevel::B]);
    let again = office.archived_container(&added, "later-unit", office.days(80));
    let verdict = office.on_container(&again, &nothing(), office.days(310));
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, 2), "{verdict:#?}");
}

#[test]
fn what_was_taken_out_or_exchanged_is_told() {
    let office = office();
    let archived = office.archived_container(&office.signed_container(), "later-unit", office.days(50));
    let renewed = office.archived_container(&archived, "later-unit", office.days(60));
    assert_eq!(office.on_container(&renewed, &nothing(), office.days(310)).answer, Answer::Valid);
    let former = "META-INF/ASiCArchiveManifest002.xml";
    // The manifest, the time stamp, both; the former ones.
    let found = office.refuses(&without(&archived, &[NEWEST]), CONSTRAINTS, "0 manifests");
    assert_eq!(found.indication, Indication::Indeterminate);
    office.refuses(&without(&archived, &[FIRST_STAMP]), CONSTRAINTS, "is about a signature that is not");
    office.refuses(&without(&archived, &[NEWEST, FIRST_STAMP]), EXPIRED, "");
    office.refuses(&without(&renewed, &[former]), CONSTRAINTS, "was signed, and is not in the container");
    office.refuses(&without(&renewed, &[FIRST_STAMP]), CONSTRAINTS, "is not in the container");
    // Exchanged with each other.
    let swapped = edited(&renewed, |files| {
        let (one, other) = (place(files, NEWEST), place(files, former));
        let content = std::mem::take(&mut files[one].1);
        files[one].1 = std::mem::replace(&mut files[other].1, content);
    });
    office.refuses(&swapped, CONSTRAINTS, "is not the file that was signed");
    let swapped = edited(&renewed, |files| {
        let (one, other) = (place(files, FIRST_STAMP), place(files, "META-INF/timestamp002.tst"));
        let content = std::mem::take(&mut files[one].1);
        files[one].1 = std::mem::replace(&mut files[other].1, content);
    });
    office.refuses(&swapped, CONSTRAINTS, "about something else");
    // Named by two; about a signature; about what cannot be read.
    let twice = edited(&archived, |files| {
        let manifest = files[place(files, NEWEST)].1.clone();
        files.push(("META-INF/ASiCArchiveManifest9.xml".to_owned(), manifest));
    });
    office.refuses(&twice, CONSTRAINTS, "2 manifests");
    let about = edited(&archived, |files| {
        let manifest = files[place(files, "META-INF/ASiCManifest001.xml")].1.clone();
        files.push(("META-INF/ASiCArchiveManifest9.xml".to_owned(), manifest));
    });
    office.refuses(&about, CONSTRAINTS, "something else than a time stamp");
    let broken = edited(&archived, |files| {
        let at = place(files, NEWEST);
        files[at].1.truncate(200);
    });
    office.refuses(&broken, SubIndication::FormatFailure, "manifest");
    // A file, and the signature's own certificates.
    let altered = edited(&archived, |files| files[1].1[0] ^= 1);
    office.refuses(&altered, SubIndication::HashFailure, "contract.txt is not the file");
    let other = edited(&archived, |files| {
        let at = place(files, SIGNATURE);
        files[at].1 = unpacked(&office.signed_container())[4].1.clone();
    });
    office.refuses(&other, CONSTRAINTS, "signature001.p7s is not the file that was signed");
}

#[test]
fn a_time_stamp_of_nobody_or_of_before_proves_nothing() {
    let office = office();
    let complete = office.raised_container(&office.signed_container()).written(office.now).unwrap();
    let prepared = || office.raised_container(&complete).to_be_stamped(office.days(50)).unwrap();
    let imprint =
        |prepared: &PreparedArchive| ContentDigest::of(prepared.manifest(), DigestAlgorithm::Sha256);
    let strangers = crate::signature::levels::office();
    let open = prepared();
    let token = strangers.token("later-unit", imprint(&open), office.days(50));
    let by_strangers = open.complete(&token).unwrap();
    // It is told, and takes nothing away as long as nothing depends on it.
    let verdict = office.on_container(&by_strangers, &nothing(), office.days(60));
    assert_is(&verdict, SignatureLevel::Lt, None);
    assert_eq!(verdict.timestamps[0].verdict.answer, Answer::CannotTell);
    office.refuses(&by_strangers, EXPIRED, "timestamp001.tst");
    // Over another manifest.
    let open = prepared();
    let other = ContentDigest::of(b"else", DigestAlgorithm::Sha256);
    let token = office.token("later-unit", other, office.days(50));
    office.refuses(&open.complete(&token).unwrap(), CONSTRAINTS, "about something else");
    // What is no token, and one of before what it covers.
    office.refuses(&prepared().complete(b"no token").unwrap(), CONSTRAINTS, "time-stamp token");
    let younger = {
        let archived = office.archived_container(&complete, "later-unit", office.days(60));
        let open = office.kept_container(&archived, office.days(60)).to_be_stamped(office.now).unwrap();
        let token = office.token("later-unit", imprint(&open), office.days(50));
        open.complete(&token).unwrap()
    };
    let verdict = office.on_container(&younger, &nothing(), office.days(310));
    let order = Some(SubIndication::TimestampOrderFailure);
    assert!(verdict.timestamps.iter().any(|stamp| stamp.verdict.sub_indication == order), "{verdict:#?}");
}

#[test]
fn time_stamps_without_signatures_say_when_and_are_told() {
    let office = office();
    let (name, content) = FILES[0];
    let token = office.token("unit", ContentDigest::of(content, DigestAlgorithm::Sha256), office.now);
    let simple = |content: &[u8]| {
        let files = vec![
            ("mimetype".to_owned(), ASIC_S.as_bytes().to_vec()),
            (name.to_owned(), content.to_vec()),
            ("META-INF/timestamp.tst".to_owned(), token.clone()),
        ];
        packed(&files, office.now)
    };
    let verdict = office.on_container(&simple(content), &office.evidence(), office.days(1));
    assert_eq!((verdict.answer, verdict.signatures.len()), (Answer::Valid, 0), "{verdict:#?}");
    assert_eq!(verdict.timestamps[0].covers, [name]);
    let verdict = office.on_container(&simple(b"else"), &office.evidence(), office.days(1));
    assert_ne!(verdict.answer, Answer::Valid, "{verdict:#?}");
    // In the other form it is over a manifest, and what that does not name is told.
    let digests = [(name.to_owned(), ContentDigest::of(content, DigestAlgorithm::Sha256))];
    let manifest = Manifest::write_archive(FIRST_STAMP, &digests, None);
    let token = office.token("unit", ContentDigest::of(&manifest, DigestAlgorithm::Sha512), office.now);
    let extended = |more: &[&str]| {
        let mut files = vec![
            ("mimetype".to_owned(), ASIC_E.as_bytes().to_vec()),
            (name.to_owned(), content.to_vec()),
            ("META-INF/ASiCManifest.xml".to_owned(), manifest.clone()),
            (FIRST_STAMP.to_owned(), token.clone()),
        ];
        files.extend(more.iter().map(|name| ((*name).to_owned(), b"x".to_vec())));
        packed(&files, office.now)
    };
    let verdict = office.on_container(&extended(&[]), &office.evidence(), office.days(1));
    assert_eq!(verdict.answer, Answer::Valid, "{verdict:#?}");
    let verdict = office.on_container(&extended(&["more.txt"]), &office.evidence(), office.days(1));
    assert_eq!((verdict.answer, &verdict.uncovered[..]), (Answer::CannotTell, &["more.txt".to_owned()][..]));
    // The unit's certificate has run out.
    assert_ne!(
        office.on_container(&extended(&[]), &office.evidence(), office.days(310)).answer,
        Answer::Valid
    );
}

#[test]
fn whatever_octet_is_altered_no_other_content_passes() {
    let office = office();
    let archived = office.archived_container(&office.signed_container(), "later-unit", office.days(50));
    let true_files = unpacked(&archived);
    let evidence = office.evidence();
    let mut passed = 0;
    for at in (0..archived.len()).step_by(11) {
        let mut altered = archived.clone();
        altered[at] ^= 0x21;
        let anchors = std::slice::from_ref(&office.root);
        let at_late = office.days(310);
        let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at: at_late };
        let verdict = verify_container(&altered, BOUND, &basis);
        if verdict.is_some_and(|verdict| verdict.answer == Answer::Valid) {
            // Times of files and the like.
            assert_eq!(unpacked(&altered), true_files, "octet {at}");
            passed += 1;
        }
    }
    assert!(passed < archived.len() / 110, "{passed}");
}
