//! Signatures in PDF documents: made and judged as people do; pyHanko judges ours, and npki pyHanko's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::judges::pdf;
use tests::npki::{exit, text};
use tests::paper::pdf as document;
use tests::{Country, Npki, Stamper, bystander};

struct Desk {
    country: Country,
    folder: PathBuf,
    person: Npki,
    signer: Issued,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::populated();
        let folder = country.installation.scratch("pdf");
        std::fs::write(folder.join("contract.pdf"), document("The ministry pays 100 maloti.")).unwrap();
        let person = country.installation.somebody("person");
        let signer = country.certificate("person-signature").clone();
        Self { country, folder, person, signer }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn sign(&self, from: &str, to: &str, more: &[&str]) -> PathBuf {
        let (from, to) = (self.file(from), self.file(to));
        let (cert, key) = (text(&self.signer.chain), text(&self.signer.key));
        let sign = ["sign", "--pdf", text(&from), "--cert", cert, "--key", key, "--out", text(&to)];
        self.person.done(&[&sign[..], more].concat());
        to
    }

    #[track_caller]
    fn verdict(&self, code: i32, document: &Path) -> Value {
        let root = self.country.installation.root();
        let told = self.person.answered(code, &["verify", text(document), "--trust", text(&root)]);
        told["details"].clone()
    }
}

#[test]
fn what_npki_signs_pyhanko_accepts_and_what_pyhanko_signs_npki_does() {
    let desk = Desk::opened();
    let root = desk.country.installation.root();
    let reason = ["--reason", "Tumellano – the parties agree", "--location", "Maseru"];
    let once = desk.sign("contract.pdf", "once.pdf", &reason);
    let twice = desk.sign("once.pdf", "twice.pdf", &[]);
    for (signed, count) in [(&once, 1), (&twice, 2)] {
        let told = desk.verdict(exit::DONE, signed);
        let signatures = told["signatures"].as_array().unwrap();
        assert_eq!((signatures.len(), &told["indication"]), (count, &json!("TOTAL-PASSED")), "{told}");
        assert_eq!(
            (&signatures[0]["form"], &signatures[0]["level"]),
            (&json!("pades-baseline-b"), &json!("B-B"))
        );
        let judged = pdf::pyhanko(&root, signed);
        assert_eq!(judged.len(), count);
        for one in &judged {
            assert_eq!((&one["sound"], &one["trusted"]), (&json!(true), &json!(true)), "{one}");
            assert_eq!(one["subfilter"], "/ETSI.CAdES.detached");
        }
        assert_eq!(judged[count - 1]["coverage"], "ENTIRE_FILE");
    }
    let rest = bystander::rest(&desk.country.installation);
    let asked = |document: &[u8]| rest.post_raw("/v1/validation/documents", "application/pdf", document);
    let told = asked(&std::fs::read(&twice).unwrap()).json(200);
    assert_eq!(
        (&told["answer"], told["signatures"].as_array().unwrap().len()),
        (&json!("valid"), 2),
        "{told}"
    );
    for unsigned in [document("nothing"), b"no document".to_vec()] {
        assert_eq!(asked(&unsigned).problem(422)["code"], "E-VAL-014");
    }
    // Another program's, alone and on top of ours, and ours on top of that.
    let (theirs, both, all) = (desk.file("theirs.pdf"), desk.file("both.pdf"), "all.pdf");
    let issuing = desk.country.installation.issuing();
    pdf::pyhanko_signs(&desk.signer, &issuing, &desk.file("contract.pdf"), &theirs, "Theirs");
    pdf::pyhanko_signs(&desk.signer, &issuing, &once, &both, "Theirs");
    let all = desk.sign("both.pdf", all, &[]);
    for (signed, count) in [(&theirs, 1), (&both, 2), (&all, 3)] {
        let told = desk.verdict(exit::DONE, signed);
        assert_eq!(told["signatures"].as_array().unwrap().len(), count, "{told}");
        assert!(pdf::pyhanko(&root, signed).iter().all(|one| one["sound"] == true));
    }
}

#[test]
fn what_was_changed_after_signing_is_told() {
    let desk = Desk::opened();
    let signed = desk.sign("contract.pdf", "signed.pdf", &[]);
    let octets = std::fs::read(&signed).unwrap();
    // One digit of the sum; then the same by an update behind the signature, as attackers do.
    let mut digit = octets.clone();
    let at = octets.windows(10).position(|part| part == b"100 maloti").unwrap();
    digit[at] = b'9';
    std::fs::write(desk.file("digit.pdf"), &digit).unwrap();
    assert_eq!(desk.verdict(exit::NO, &desk.file("digit.pdf"))["sub_indication"], "HASH_FAILURE");
    std::fs::write(desk.file("update.pdf"), updated(&octets)).unwrap();
    let told = desk.verdict(exit::NO, &desk.file("update.pdf"));
    assert!(told["reasons"][0].as_str().unwrap().contains("changed after it was signed"), "{told}");
    // Cut off, it is no document any more.
    std::fs::write(desk.file("cut.pdf"), &octets[..octets.len() / 2]).unwrap();
    let trust = desk.country.installation.root();
    let refused = |name: &str| {
        let file = desk.file(name);
        desk.person.refused(exit::USAGE, &["verify", text(&file), "--trust", text(&trust)])
    };
    assert_eq!(refused("cut.pdf").code, "E-VFY-002");
    let plain = refused("contract.pdf");
    assert!(plain.code == "E-VFY-002" && plain.detail.contains("no signature"), "{plain:?}");
    std::fs::write(desk.file("letter.pdf"), "Dear all").unwrap();
    let file = desk.file("letter.pdf");
    let (cert, key) = (text(&desk.signer.chain), text(&desk.signer.key));
    let sign = ["sign", "--pdf", text(&file), "--cert", cert, "--key", key];
    let letter = desk.person.refused(exit::FAILED, &sign);
    assert!(letter.detail.contains("no PDF"), "{letter:?}");
}

/// The content replaced by an update that continues the table of objects.
fn updated(octets: &[u8]) -> Vec<u8> {
    let written = String::from_utf8_lossy(octets).into_owned();
    let previous = written.rsplit("startxref\n").next().unwrap().lines().next().unwrap().to_owned();
    let content = "BT /F1 18 Tf 72 720 Td (The ministry pays 900 000 maloti.) Tj ET";
    let mut update = octets.to_vec();
    let at = update.len();
    update.extend(
        format!("4 0 obj\n<< /Length {} >>\nstream\n{content}\nendstream\nendobj\n", content.len())
            .as_bytes(),
    );
    let table = update.len();
    let trailer =
        format!("trailer\n<< /Size 20 /Root 1 0 R /Prev {previous} >>\nstartxref\n{table}\n%%EOF\n");
    update.extend(format!("xref\n4 1\n{at:010} 00000 n \n{trailer}").as_bytes());
    update
}

#[test]
fn a_time_stamp_in_the_document_saves_it_when_its_signer_is_revoked() {
    let desk = Desk::opened();
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let tsa = unit.address();
    let plain = desk.sign("contract.pdf", "plain.pdf", &[]);
    let stamped = desk.sign("contract.pdf", "stamped.pdf", &["--level", "b-t", "--tsa", &tsa]);
    assert_eq!(desk.verdict(exit::DONE, &stamped)["signatures"][0]["level"], "B-T");
    let judged = pdf::pyhanko(&desk.country.installation.root(), &stamped);
    assert_eq!((&judged[0]["sound"], &judged[0]["stamped"]), (&json!(true), &json!(true)), "{judged:?}");
    // Whole seconds are what a revocation's moment has.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    desk.country.revoke(&desk.signer.serial, "key-compromise");
    assert_eq!(desk.verdict(exit::CANNOT_TELL, &plain)["sub_indication"], "REVOKED_NO_POE");
    assert_eq!(desk.verdict(exit::DONE, &stamped)["indication"], "TOTAL-PASSED");
}

#[test]
fn a_document_keeps_what_it_is_judged_by_and_is_raised_later() {
    let desk = Desk::opened();
    let (root, issuing) = (desk.country.installation.root(), desk.country.installation.issuing());
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let tsa = unit.address();
    let lasting = |level| ["--level", level, "--tsa", &tsa, "--trust", text(&root)];
    let lt = desk.sign("contract.pdf", "lt.pdf", &lasting("b-lt"));
    let lta = desk.sign("contract.pdf", "lta.pdf", &lasting("b-lta"));
    let t = desk.sign("contract.pdf", "t.pdf", &lasting("b-t"));
    let raised = |level: &str, document: &Path| {
        let raise = ["sign", "--pdf", "--raise", text(document), "--level", level, "--tsa", &tsa];
        desk.person.done(&[&raise[..], &["--trust", text(&root)]].concat());
    };
    raised("b-lt", &t);
    // Nobody is asked, and nobody needs to be.
    let alone = |code, document: &Path| {
        let verify = ["verify", text(document), "--trust", text(&root), "--offline"];
        desk.person.answered(code, &verify)
    };
    for (document, level) in [(&lt, "B-LT"), (&t, "B-LT"), (&lta, "B-LTA")] {
        let told = alone(exit::DONE, document);
        assert_eq!(told["details"]["signatures"][0]["level"], level, "{told}");
    }
    let judged = |document: &Path| pdf::pyhanko_lasting(&root, document);
    let sound = |over: Value| json!({ "sound": true, "stamped": true, "over": over });
    assert_eq!(judged(&lt), sound(json!([])));
    assert_eq!(judged(&lta), sound(json!([true])));
    raised("b-lta", &t);
    assert_eq!(judged(&t), sound(json!([true])));
    // Another program's; and ours on top of it, again and again.
    let theirs = desk.file("theirs-lta.pdf");
    pdf::pyhanko_signs_lasting(&desk.signer, &issuing, &root, &desk.file("contract.pdf"), &theirs, &tsa);
    assert_eq!(desk.verdict(exit::DONE, &theirs)["signatures"][0]["level"], "B-LTA");
    raised("b-lta", &theirs);
    let told = alone(exit::DONE, &theirs);
    assert_eq!(told["details"]["timestamps"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(judged(&theirs), sound(json!([true, true])));

    // The signer's key is stolen afterwards.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    desk.country.revoke(&desk.signer.serial, "key-compromise");
    for document in [&lt, &lta, &t, &theirs] {
        assert_eq!(
            desk.verdict(exit::DONE, document)["indication"],
            "TOTAL-PASSED",
            "{}",
            document.display()
        );
    }
    // What is no longer valid is not kept; there is nothing below b-lt to raise to; nor a document without a signature.
    let plain = desk.sign("contract.pdf", "plain.pdf", &[]);
    let refused = |code, level: &str, document: &Path| {
        let raise = ["sign", "--pdf", "--raise", text(document), "--level", level, "--tsa", &tsa];
        desk.person.refused(code, &[&raise[..], &["--trust", text(&root)]].concat())
    };
    assert!(refused(exit::FAILED, "b-lt", &plain).detail.contains("not valid at present"));
    assert!(refused(exit::USAGE, "b-t", &plain).fix.contains("b-lta"));
    assert_eq!(refused(exit::FAILED, "b-lta", &desk.file("contract.pdf")).code, "E-VFY-005");
}
