//! Containers with XAdES signatures, made by signxml, OpenSSL and Python's zipfile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use ca_core::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::kept_tests::{Files, packed, unpacked};
use super::*;
use crate::signature::levels::{Office, office};
use crate::signature::{SignatureForm, SignatureLevel, SignaturePolicy, SignatureVerdict};
use crate::validation::fixture::LEAF;
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, Indication, SubIndication};

const BOUND: u64 = 64 * 1024 * 1024;
const FILES: [(&str, &[u8]); 2] =
    [("contract 1.txt", b"The ministry pays 100 maloti."), ("more/Lek\u{f6}to+%.bin", b"in 3 parts\0\xff")];
const SIGNATURES: &str = "META-INF/signatures0.xml";

impl Office {
    fn text_of(&self, name: &str) -> String {
        self.workshop.path(name).to_str().unwrap().to_owned()
    }

    fn stamper(&self, name: &str) -> Value {
        let certificates = [name, "issuing"].map(|name| self.text_of(&format!("{name}.pem")));
        json!({"key": self.text_of(&format!("{name}.key")), "certificates": certificates})
    }

    /// What the judge makes, by the key and certificate of this name.
    fn made(&self, signer: &str, more: &Value) -> Vec<u8> {
        let mut files = serde_json::Map::new();
        for (place, (name, content)) in FILES.iter().enumerate() {
            let path = self.text_of(&format!("file{place}"));
            std::fs::write(&path, content).unwrap();
            files.insert((*name).to_owned(), path.into());
        }
        let certificates = [signer, "issuing"].map(|name| self.text_of(&format!("{name}.pem")));
        let mut order = json!({
            "out": self.text_of("out.asice"), "files": files,
            "key": self.text_of(&format!("{signer}.key")), "certificates": certificates,
        });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        std::fs::write(self.text_of("order.json"), order.to_string()).unwrap();
        let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/judges/xades/judge.py");
        let done = Command::new(python()).args([judge, "make", &self.text_of("order.json")]).output();
        let done = done.expect("Python is installed where NPKI_PYTHON_BIN says");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        std::fs::read(self.text_of("out.asice")).unwrap()
    }

    fn now(&self, container: &[u8]) -> ContainerVerdict {
        self.on_container(container, &self.evidence(), SystemClock.now() + Duration::from_secs(2))
    }

    #[track_caller]
    fn told(&self, container: &[u8], why: SubIndication, reason: &str) -> ContainerVerdict {
        let verdict = self.now(container);
        let first = verdict.signatures.first().map(|signature| signature.verdict.sub_indication);
        assert_eq!(first.unwrap_or(verdict.sub_indication), Some(why), "{verdict:?}");
        assert_ne!(verdict.answer, Answer::Valid);
        assert!(verdict.reasons.join("\n").contains(reason), "{verdict:?}");
        verdict
    }
}

fn python() -> PathBuf {
    let installed = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/judges/bin"));
    std::env::var_os("NPKI_PYTHON_BIN").map_or(installed, PathBuf::from).join("python3")
}

fn xml(container: &[u8]) -> String {
    let file = unpacked(container).into_iter().find(|(name, _)| name == SIGNATURES).unwrap();
    String::from_utf8(file.1).unwrap()
}

/// The container with another file of this name, or with one more.
fn with(container: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut files = unpacked(container);
    files.retain(|(known, _)| known != name);
    files.push((name.to_owned(), content.to_vec()));
    packed(&files, OffsetDateTime::UNIX_EPOCH)
}

#[track_caller]
fn changed(container: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = xml(container);
    assert!(text.contains(from), "{from} in {text}");
    with(container, SIGNATURES, text.replacen(from, to, 1).as_bytes())
}

/// What stands between two texts, both included.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let begin = text.find(from).unwrap();
    let end = begin + text[begin..].find(to).unwrap() + to.len();
    &text[begin..end]
}

#[test]
fn what_signxml_makes_is_judged() {
    let office = office();
    for (name, kind) in [("p384", "P-384"), ("rsa", "RSA")] {
        office.workshop.issue("issuing", name, kind, LEAF);
    }
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    for (signer, more) in [
        ("leaf", json!({})),
        ("leaf", json!({"form": exclusive, "digest": "sha512"})),
        ("leaf", json!({"form": format!("{exclusive}WithComments"), "stated": "v1"})),
        ("leaf", json!({"form": inclusive, "stated": "both", "unsigned_keys": true})),
        ("leaf", json!({"form": format!("{inclusive}#WithComments")})),
        ("p384", json!({"algorithm": "ecdsa-sha384", "digest": "sha384", "stated": "v1"})),
        ("rsa", json!({"algorithm": "rsa-sha256"})),
        ("rsa", json!({"algorithm": "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"})),
    ] {
        let verdict = office.now(&office.made(signer, &more));
        assert_eq!(verdict.indication, Indication::TotalPassed, "{more}: {verdict:?}");
        assert_eq!((verdict.container, &verdict.uncovered[..]), (Some(ContainerForm::Extended), &[][..]));
        let [signature] = verdict.signatures.as_slice() else { panic!("{verdict:?}") };
        assert_eq!((signature.file.as_str(), signature.leaves_out.len()), (SIGNATURES, 0));
        assert_eq!(signature.covers, FILES.map(|(name, _)| name));
        let verdict = &signature.verdict;
        assert_eq!(verdict.form, Some(SignatureForm::XadesBaselineB));
        assert_eq!(verdict.level, Some(SignatureLevel::B));
        assert!(verdict.claimed_signing_time.is_some() && verdict.marks.is_some());
    }
    // Two in one file, which are told apart.
    let verdict = office.now(&office.made("leaf", &json!({"signatures": 2})));
    let files: Vec<_> = verdict.signatures.iter().map(|signature| signature.file.as_str()).collect();
    assert_eq!(files, ["META-INF/signatures0.xml#1", "META-INF/signatures0.xml#2"]);
    assert_eq!(verdict.answer, Answer::Valid);
    // Without what the baseline asks for; by a key of which nobody says whose it is.
    let bare = office.now(&office.made("leaf", &json!({"undescribed": true})));
    let verdict = &bare.signatures[0].verdict;
    assert_eq!(
        (verdict.form, verdict.level, verdict.answer),
        (Some(SignatureForm::Xades), None, Answer::Valid)
    );
}

#[test]
fn what_time_stamps_and_values_prove() {
    let office = office();
    let dir = |name: &str| office.text_of(name);
    for (name, crl) in ["root.crl", "issuing.crl"].iter().zip(office.evidence().crls) {
        std::fs::write(dir(name), crl).unwrap();
    }
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let values = json!({
        "tsa": office.stamper("unit"), "certificate_values": [dir("issuing.pem"), dir("root.pem")],
        "crls": [dir("root.crl"), dir("issuing.crl")],
    });
    let kept = |form: Option<&str>, archive: &[&str]| {
        let mut order = values.clone();
        form.iter().for_each(|form| order["form"] = json!(form));
        if !archive.is_empty() {
            order["archive"] = archive.iter().map(|name| office.stamper(name)).collect();
        }
        office.made("leaf", &order)
    };
    let nothing = GatheredEvidence { crls: Vec::new(), ocsp_responses: Vec::new() };
    let level = |verdict: &ContainerVerdict| verdict.signatures[0].verdict.level;
    let plain = office.made("leaf", &json!({}));
    let stamped = office.made("leaf", &json!({"tsa": office.stamper("unit")}));
    let complete = kept(None, &[]);
    // The signer's certificate is out of date after 90 days; nobody else is asked for what is kept.
    let later = office.days(200);
    let lost = office.on_container(&plain, &office.evidence(), later);
    assert_eq!(lost.sub_indication, Some(SubIndication::OutOfBoundsNoPoe), "{lost:?}");
    let saved = office.on_container(&stamped, &office.evidence(), later);
    assert_eq!((saved.answer, level(&saved)), (Answer::Valid, Some(SignatureLevel::T)), "{saved:?}");
    assert_eq!(office.on_container(&stamped, &nothing, later).answer, Answer::CannotTell);
    let saved = office.on_container(&complete, &nothing, later);
    assert_eq!((saved.answer, level(&saved)), (Answer::Valid, Some(SignatureLevel::Lt)), "{saved:?}");
    // The unit's is after 300 days, a later one's after 340.
    let latest = office.days(320);
    assert_eq!(office.on_container(&complete, &nothing, latest).answer, Answer::CannotTell);
    for form in [None, Some(exclusive)] {
        for archive in [&["later-unit"][..], &["unit", "later-unit"]] {
            let archived = kept(form, archive);
            let verdict = office.on_container(&archived, &nothing, latest);
            assert_eq!(
                (verdict.answer, level(&verdict)),
                (Answer::Valid, Some(SignatureLevel::Lta)),
                "{verdict:?}"
            );
            assert_eq!(verdict.signatures[0].verdict.timestamps.len(), 1 + archive.len());
            // What it keeps is not altered: neither a file, nor what was there before it.
            let altered = with(&archived, FILES[0].0, b"The ministry pays 900 maloti.");
            assert_eq!(
                office.on_container(&altered, &nothing, latest).sub_indication,
                Some(SubIndication::HashFailure)
            );
            let text = xml(&archived);
            let certificate =
                between(&text, "<xades:EncapsulatedX509Certificate>", "</xades:EncapsulatedX509Certificate>");
            let verdict = office.on_container(&changed(&archived, certificate, ""), &nothing, latest);
            assert_eq!(verdict.answer, Answer::CannotTell, "{verdict:?}");
            assert!(verdict.reasons[0].contains("is about something else"), "{verdict:?}");
        }
    }
    // A time stamp of another signature, one of a form that is not judged, and one that is none.
    let own = xml(&stamped);
    let own = between(&own, "<xades:EncapsulatedTimeStamp>", "</xades:EncapsulatedTimeStamp>");
    let other = xml(&complete);
    let other = between(&other, "<xades:EncapsulatedTimeStamp>", "</xades:EncapsulatedTimeStamp>");
    for (from, to, reason) in [
        (own, other, "about something else"),
        (own, "<xades:XMLTimeStamp/>", "another kind"),
        (own, "<xades:EncapsulatedTimeStamp>AA</xades:EncapsulatedTimeStamp>", "cannot be read"),
        (own, "<xades:Include URI='#x'/>", "names itself"),
        (own, &own.replace("Stamp>", "Stamp>MA=="), "cannot be read"),
    ] {
        let verdict = office.on_container(&changed(&stamped, from, to), &office.evidence(), later);
        assert_eq!(verdict.sub_indication, Some(SubIndication::OutOfBoundsNoPoe), "{verdict:?}");
        assert!(verdict.reasons[0].contains(reason), "{reason}: {verdict:?}");
        assert_eq!(level(&verdict), Some(SignatureLevel::B));
    }
    let older = changed(&kept(None, &["later-unit"]), "xades141:ArchiveTimeStamp", "xades:ArchiveTimeStamp");
    let older = changed(&older, "/xades141:ArchiveTimeStamp", "/xades:ArchiveTimeStamp");
    let verdict = office.on_container(&older, &nothing, latest);
    assert!(verdict.reasons[0].contains("before version 1.4.1"), "{verdict:?}");
    // BDOC's time marks do not count, and that is said.
    let marked = office.made("leaf", &json!({"policy": "urn:oid:1.3.6.1.4.1.10015.1000.3.2.1"}));
    assert_eq!(office.now(&marked).sub_indication, Some(SubIndication::SignaturePolicyNotAvailable));
    let verdict = office.on_container(&marked, &office.evidence(), later);
    assert!(verdict.reasons[0].contains("profile TM of BDOC"), "{verdict:?}");
}

#[test]
fn a_policy_that_is_named_leaves_it_open_and_an_implied_one_does_not() {
    let office = office();
    let implied = office.now(&office.made("leaf", &json!({"implied": true})));
    assert_eq!(implied.indication, Indication::TotalPassed, "{implied:?}");
    assert_eq!(implied.signatures[0].verdict.policy, Some(SignaturePolicy::Implied));
    let named = office.made("leaf", &json!({"policy": "urn:oid:1.3.6.1.4.1.32473.1.5"}));
    let verdict = office.told(&named, SubIndication::SignaturePolicyNotAvailable, "1.3.6.1.4.1.32473.1.5");
    assert_eq!((verdict.answer, verdict.indication), (Answer::CannotTell, Indication::Indeterminate));
    let identifier = "1.3.6.1.4.1.32473.1.5".to_owned();
    let stated = SignaturePolicy::Explicit { identifier, address: None };
    assert_eq!(verdict.signatures[0].verdict.policy, Some(stated));
    // That is said where nothing else is against it.
    let more = office.now(&with(&named, "more.txt", b"and 900 more"));
    assert_eq!(more.sub_indication, Some(SubIndication::SigConstraintsFailure), "{more:?}");
    assert_eq!(more.signatures[0].verdict.sub_indication, Some(SubIndication::SigConstraintsFailure));
    let altered = with(&named, FILES[0].0, b"The ministry pays 900 maloti.");
    assert_eq!(office.now(&altered).sub_indication, Some(SubIndication::HashFailure));
    let other = changed(&named, "1.3.6.1.4.1.32473.1.5", "1.3.6.1.4.1.32473.1.6");
    assert_eq!(office.now(&other).sub_indication, Some(SubIndication::HashFailure));
}

#[test]
fn counter_signatures_are_told_and_are_none_over_the_files() {
    let office = office();
    office.workshop.issue("issuing", "notary", "P-256", LEAF);
    let notary = |more: Value| {
        let mut counter = office.stamper("notary");
        counter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        office.made("leaf", &json!({"counter": counter}))
    };
    for container in [notary(json!({})), notary(json!({"beside": true}))] {
        let verdict = office.now(&container);
        assert_eq!(verdict.indication, Indication::TotalPassed, "{verdict:?}");
        let [signature] = verdict.signatures.as_slice() else { panic!("{verdict:?}") };
        let [counter] = signature.verdict.countersignatures.as_slice() else { panic!("{verdict:?}") };
        let signer = |verdict: &SignatureVerdict| {
            verdict.certificate.as_ref().unwrap().path[0].certificate.subject.clone()
        };
        assert_eq!((counter.answer, counter.form), (Answer::Valid, Some(SignatureForm::XadesBaselineB)));
        assert!(signer(counter).contains("notary") && signer(&signature.verdict).contains("leaf"));
        // It is over the signature, and over this one.
        let text = xml(&container);
        let begins = text.find("#S0-value").unwrap();
        let value = between(&text[begins..], "<ds:DigestValue>", "</ds:DigestValue>");
        let (tag, digest) = value.split_at("<ds:DigestValue>".len());
        let first = if digest.starts_with('A') { 'B' } else { 'A' };
        let other = changed(&container, value, &format!("{tag}{first}{}", &digest[1..]));
        let verdict = office.now(&other);
        assert_eq!(verdict.indication, Indication::TotalPassed, "{verdict:?}");
        let counter = &verdict.signatures[0].verdict.countersignatures[0];
        assert_eq!(counter.indication, Indication::TotalFailed, "{counter:?}");
    }
    // Alone it is over nothing that is in the container.
    let beside = notary(json!({"beside": true}));
    let text = xml(&beside);
    let alone = changed(&beside, between(&text, "<ds:Signature ", "</ds:Signature>"), "");
    let verdict = office.told(&alone, SubIndication::SignedDataNotFound, "counter-signature");
    assert_eq!(verdict.uncovered.len(), FILES.len(), "{verdict:?}");
}

#[test]
fn the_containers_own_list_is_compared_and_decides_nothing() {
    let office = office();
    let odf = |entries: &[(&str, &str)]| {
        let entries: String = entries
            .iter()
            .map(|(path, kind)| format!("<m:file-entry m:full-path=\"{path}\" m:media-type=\"{kind}\"/>"))
            .collect();
        format!(
            "<m:manifest xmlns:m=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\">{entries}</m:manifest>"
        )
    };
    let (one, other) = (FILES[0].0, FILES[1].0);
    let (own, octets) = ("application/vnd.etsi.asic-e+zip", "application/octet-stream");
    let container =
        office.made("leaf", &json!({"manifest": odf(&[("/", own), (one, octets), (other, octets)])}));
    let verdict = office.now(&container);
    assert_eq!((verdict.answer, verdict.warnings.as_slice()), (Answer::Valid, &[][..]), "{verdict:?}");
    assert_eq!(verdict.signatures[0].media_types.get(one).map(String::as_str), Some(octets));
    let warned = |entries: &[(&str, &str)]| {
        let verdict = office.now(&with(&container, "META-INF/manifest.xml", odf(entries).as_bytes()));
        assert_eq!(verdict.answer, Answer::Valid, "{verdict:?}");
        verdict.warnings.join("\n")
    };
    assert!(warned(&[("/", own), (one, octets)]).contains("does not list more/"));
    assert!(
        warned(&[(one, octets), (other, octets), ("third.txt", octets)]).contains("third.txt, which is not")
    );
    assert!(warned(&[(one, "text/plain"), (other, octets)]).contains("is text/plain, and the signer"));
    assert!(
        warned(&[("/", "application/zip"), (one, octets), (other, octets)])
            .contains("says that the container")
    );
    assert!(warned(&[(one, octets), (one, octets), (other, octets)]).contains("twice"));
    let broken = office.now(&with(&container, "META-INF/manifest.xml", b"<!DOCTYPE a><a/>"));
    assert_eq!(broken.answer, Answer::Valid);
    assert!(broken.warnings[0].contains("cannot be read"), "{broken:?}");
}

#[test]
fn no_altered_octet_is_accepted() {
    let office = office();
    let container = packed(&unpacked(&office.made("leaf", &json!({}))), OffsetDateTime::UNIX_EPOCH);
    let content = unpacked(&container);
    let evidence = office.evidence();
    let at = SystemClock.now() + Duration::from_secs(2);
    assert_eq!(office.on_container(&container, &evidence, at).answer, Answer::Valid);
    let mut tried = 0;
    let anchors = std::slice::from_ref(&office.root);
    let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at };
    let mut refused = |altered: &[u8], what: &str| {
        tried += 1;
        let verdict = verify_container(altered, BOUND, &basis);
        if verdict.is_some_and(|verdict| verdict.answer == Answer::Valid) {
            // Of the ZIP file itself nothing counts but what is in it: not when a file was last touched.
            assert!(unpacked(altered) == content, "{what}");
        }
    };
    for at in (0..container.len()).step_by(11) {
        for change in [1_u8, 0x20] {
            let mut altered = container.clone();
            altered[at] ^= change;
            refused(&altered, &format!("octet {at} changed by {change}"));
        }
    }
    // The same where the ZIP file's own sums fit.
    let text = xml(&container);
    let begins = text.find("<asic:XAdESSignatures").unwrap();
    for at in (begins..text.len()).step_by(5) {
        for change in [1_u8, 4, 0x20] {
            let mut altered = text.clone().into_bytes();
            altered[at] ^= change;
            refused(
                &with(&container, SIGNATURES, &altered),
                &format!("octet {at} of XML changed by {change}"),
            );
        }
        let mut shorter = text.clone().into_bytes();
        shorter.remove(at);
        refused(&with(&container, SIGNATURES, &shorter), &format!("octet {at} of XML removed"));
    }
    assert!(tried > 4_000, "{tried}");
}

/// What is changed, into what, and why it is refused.
type Case<'a> = (&'a str, &'a str, SubIndication, &'a str);

/// A container, the text of its signatures, and what is made of it.
struct Forging {
    office: Office,
    container: Vec<u8>,
    text: String,
}

impl Forging {
    fn of_a_signature() -> Self {
        let office = office();
        let container = office.made("leaf", &json!({}));
        Self { text: xml(&container), container, office }
    }

    fn part(&self, from: &str, to: &str) -> &str {
        between(&self.text, from, to)
    }

    fn info(&self) -> &str {
        self.part("<ds:SignedInfo>", "</ds:SignedInfo>")
    }

    /// The reference to the first file.
    fn file(&self) -> &str {
        self.part("<ds:Reference Id=\"S0-r0\"", "</ds:Reference>")
    }

    #[track_caller]
    fn are_refused(&self, cases: &[Case<'_>]) {
        for (from, to, why, reason) in cases {
            let verdict = self.office.told(&changed(&self.container, from, to), *why, reason);
            assert_ne!(verdict.signatures[0].verdict.answer, Answer::Valid);
        }
    }
}

const FORMAT: SubIndication = SubIndication::FormatFailure;

#[test]
fn what_is_signed_stands_where_it_must_or_nothing_is() {
    let forging = Forging::of_a_signature();
    let properties = forging.part("<xades:SignedProperties", "</xades:SignedProperties>");
    let id = between(properties, "Id=\"", "\"><").trim_start_matches("Id=\"").trim_end_matches("\"><");
    let object = forging.part("<ds:Object>", "</ds:Object>");
    let forged = properties.replace("octet-stream", "pdf");
    let moved = properties.replace(id, "moved");
    let inside = |part: &str| object.replace(properties, part);
    forging.are_refused(&[
        // XML that could be anything.
        ("<asic:XAdES", "<!DOCTYPE a [<!ENTITY b 'c'>]><asic:XAdES", FORMAT, "document type"),
        (
            "<asic:XAdESSignatures ",
            "<asic:XAdESSignatures xml:base='x' ",
            SubIndication::SigConstraintsFailure,
            "xml:base",
        ),
        ("</asic:XAdESSignatures>", "<x/></asic:XAdESSignatures>", FORMAT, "something else stands beside"),
        ("02918/v1.2.1", "02918/v9", FORMAT, "no file of XAdES"),
        // Two elements that a reference could be to.
        ("<ds:Object>", &format!("<ds:Object Id=\"{id}\">"), FORMAT, "stands twice"),
        ("<ds:Object>", &format!("<ds:Object xml:id=\"{id}\">"), FORMAT, "stands twice"),
        (object, &format!("{object}{object}"), FORMAT, "stands twice"),
        // What is signed hidden in another place, something else where it is looked for.
        (
            object,
            &format!("{}<ds:Object>{properties}</ds:Object>", inside(&forged.replace(id, "forged"))),
            SubIndication::SignedDataNotFound,
            "neither a file",
        ),
        (
            object,
            &inside(&format!("{}<x>{properties}</x>", forged.replace(id, "forged"))),
            SubIndication::SignedDataNotFound,
            "neither a file",
        ),
        (object, &inside(&format!("{forged}{moved}")), FORMAT, "stands twice"),
        (object, &inside(&forged), SubIndication::HashFailure, "what it says of itself"),
        (object, &format!("{}{}", object, object.replace(id, "moved")), FORMAT, "stands twice"),
        ("Target=\"#S0\"", "Target=\"#S1\"", FORMAT, "another signature"),
        (" Type=\"http://uri.etsi.org/01903#SignedProperties\"", "", FORMAT, "what it is to"),
    ]);
}

#[test]
fn nothing_is_made_of_what_is_signed() {
    let forging = Forging::of_a_signature();
    let transform = between(forging.info(), "<ds:Transforms>", "</ds:Transforms>");
    forging.are_refused(&[
        // Transforms that make something else of it.
        (
            "xml-c14n11\"/></ds:Transforms>",
            "xml-c14n11\"/><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"/></ds:Transforms>",
            SubIndication::SigConstraintsFailure,
            "several transforms",
        ),
        (
            transform,
            "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/></ds:Transforms>",
            SubIndication::SigConstraintsFailure,
            "REC-xslt",
        ),
        (
            transform,
            "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/></ds:Transforms>",
            SubIndication::SigConstraintsFailure,
            "enveloped",
        ),
        (
            "URI=\"contract%201.txt\">",
            &format!("URI=\"contract%201.txt\">{transform}"),
            SubIndication::SigConstraintsFailure,
            "transform of a file",
        ),
    ]);
}

#[test]
fn what_is_signed_is_in_the_container() {
    let forging = Forging::of_a_signature();
    let file = forging.file();
    forging.are_refused(&[
        // References to what is not in the container.
        ("URI=\"contract%201.txt\"", "URI=\"http://example.org/a.txt\"", FORMAT, "not accepted"),
        ("URI=\"contract%201.txt\"", "URI=\"file%3A///etc/passwd\"", FORMAT, "not accepted"),
        ("URI=\"contract%201.txt\"", "URI=\"..%2Fcontract%201.txt\"", FORMAT, "not accepted"),
        ("URI=\"contract%201.txt\"", "URI=\"\"", SubIndication::SignedDataNotFound, "neither a file"),
        (
            "URI=\"contract%201.txt\"",
            "URI=\"#xpointer(/)\"",
            SubIndication::SignedDataNotFound,
            "neither a file",
        ),
        (
            "URI=\"contract%201.txt\"",
            "URI=\"contract%201.txt?a\"",
            SubIndication::SignedDataNotFound,
            "neither a file",
        ),
        ("URI=\"contract%201.txt\"", "", FORMAT, "no address"),
        (
            file,
            &format!("{file}{}", file.replace("S0-r0", "S0-r9").replace("contract%201", "contract%20%31")),
            FORMAT,
            "signed twice",
        ),
    ]);
}

#[test]
fn weak_algorithms_and_other_certificates_are_refused() {
    let forging = Forging::of_a_signature();
    let (info, file) = (forging.info(), forging.file());
    forging.are_refused(&[
        // Algorithms.
        ("xmldsig-more#ecdsa-sha256", "xmldsig-more#hmac-sha256", FORMAT, "proves nothing"),
        (
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            SubIndication::CryptoConstraintsFailureNoPoe,
            "rsa-sha1",
        ),
        ("ecdsa-sha256", "rsa-sha256", FORMAT, "does not fit"),
        // What is not signed, or not by this certificate.
        ("<ds:KeyInfo", "<ds:KeyInf", FORMAT, "not well-formed"),
        (
            forging.part("<xades:SigningCertificateV2>", "</xades:SigningCertificateV2>"),
            "",
            FORMAT,
            "does not name its certificate",
        ),
        (
            info,
            &info.replace(between(info, "<ds:Reference URI=\"#S0-", "</ds:Reference>"), ""),
            FORMAT,
            "is not signed",
        ),
    ]);
    // By weak digests: of a file, of the certificate.
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let weak = file.replace("http://www.w3.org/2001/04/xmlenc#sha256", sha1);
    let weak = forging.office.now(&changed(&forging.container, file, &weak));
    assert_eq!(weak.indication, Indication::TotalFailed, "{weak:?}");
    let named = between(&forging.text, "<xades:SigningCertificateV2>", "</xades:SigningCertificateV2>");
    let weak =
        changed(&forging.container, named, &named.replace("http://www.w3.org/2001/04/xmlenc#sha256", sha1));
    forging.office.told(&weak, SubIndication::CryptoConstraintsFailureNoPoe, "SHA-1");
    // Another's certificate, of the same name even.
    forging.office.workshop.issue("issuing", "other", "P-256", LEAF);
    let other = xml(&forging.office.made("other", &json!({})));
    let certificates = |text: &str| between(text, "<ds:X509Data>", "</ds:X509Data>").to_owned();
    let swapped = changed(&forging.container, &certificates(&forging.text), &certificates(&other));
    forging.office.told(&swapped, SubIndication::NoSigningCertificateFound, "another certificate");
}

#[test]
fn every_file_is_signed_once_and_as_it_is() {
    let office = office();
    let container = office.made("leaf", &json!({}));
    let more = with(&container, "more.txt", b"and 900 more");
    let verdict = office.told(&more, SubIndication::SigConstraintsFailure, "more.txt is not covered by it");
    assert_eq!(
        (&verdict.uncovered[..], verdict.indication),
        (&["more.txt".to_owned()][..], Indication::Indeterminate)
    );
    assert_eq!(verdict.signatures[0].leaves_out, ["more.txt"]);
    let altered = with(&container, FILES[0].0, b"The ministry pays 900 maloti.");
    office.told(&altered, SubIndication::HashFailure, "contract 1.txt is not the file");
    let mut files = unpacked(&container);
    files.retain(|(name, _)| name != FILES[1].0);
    office.told(
        &packed(&files, OffsetDateTime::UNIX_EPOCH),
        SubIndication::SignedDataNotFound,
        "was signed, and is not in",
    );
    // Of another kind; of the form for one file, with two; without saying.
    let other = office.made("leaf", &json!({"mediatype": "application/zip"}));
    office.told(&other, SubIndication::FormatFailure, "another kind");
    let simple = office.made(
        "leaf",
        &json!({"mediatype": "application/vnd.etsi.asic-s+zip", "name": "META-INF/signatures.xml"}),
    );
    office.told(&simple, SubIndication::FormatFailure, "has 2 files");
    let silent: Files = unpacked(&container).into_iter().skip(1).collect();
    assert_eq!(office.now(&packed(&silent, OffsetDateTime::UNIX_EPOCH)).answer, Answer::Valid);
    // Nothing is added to them here.
    let adding = PreparedContainer::adding_to(container, office.now).unwrap_err();
    assert_eq!(adding, ContainerError::NotExtended);
}

#[test]
fn what_is_large_or_deep_is_refused_in_time() {
    let office = office();
    let container = office.made("leaf", &json!({}));
    let text = xml(&container);
    let evidence = office.evidence();
    let at = SystemClock.now() + Duration::from_secs(2);
    let object = "</xades:QualifyingProperties>";
    let tokens = "<xades:EncapsulatedTimeStamp>AAAA</xades:EncapsulatedTimeStamp>".repeat(5_000);
    let unsigned = |inside: &str| {
        let inside = format!(
            "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{inside}</xades:UnsignedSignatureProperties>\
             </xades:UnsignedProperties>{object}"
        );
        text.replace(object, &inside)
    };
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let declared: String = (0..300).map(|number| format!("<a xmlns:b{number}='c'/>")).collect();
    let signature = between(&text, "<ds:Signature ", "</ds:Signature>");
    let many: String = (1..70)
        .map(|number| {
            signature.replace("S0", &format!("S{number}")).replace("SignXML", &format!("K{number}"))
        })
        .collect();
    for (hostile, reason) in [
        (unsigned(&deep), "nested too deeply"),
        (unsigned(&declared), "declarations"),
        (unsigned(&"<a/>".repeat(70_000)), "nodes"),
        (unsigned(&"<!---->".repeat(70_000)), "nodes"),
        (unsigned(&"a".repeat(9 * 1024 * 1024)), "larger"),
        (text.replace(signature, &many), "more files or signatures"),
    ] {
        let begun = Instant::now();
        let verdict = office.on_container(&with(&container, SIGNATURES, hostile.as_bytes()), &evidence, at);
        assert_eq!(verdict.indication, Indication::TotalFailed, "{reason}: {verdict:?}");
        assert!(verdict.reasons.join("\n").contains(reason), "{reason}: {verdict:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{reason}");
    }
    // Time stamps that are none do not hold up whoever judges, nor do they break what is signed.
    let begun = Instant::now();
    let stamps =
        unsigned(&format!("<xades:SignatureTimeStamp>{tokens}</xades:SignatureTimeStamp>").repeat(2));
    let verdict = office.on_container(&with(&container, SIGNATURES, stamps.as_bytes()), &evidence, at);
    assert_eq!(verdict.answer, Answer::Valid, "{verdict:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
