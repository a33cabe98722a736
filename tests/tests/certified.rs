//! What those who sign a PDF document let others do to it afterwards: pyHanko certifies and locks documents, and adds to them what was
//! forbidden; npki says of each what pyHanko does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::judges::pdf::{self, Locks, Where};
use tests::npki::{exit, text};
use tests::paper::pdf as document;
use tests::{Country, Npki, Stamper};

struct Desk {
    country: Country,
    folder: PathBuf,
    person: Npki,
    signer: Issued,
    root: PathBuf,
    issuing: PathBuf,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::populated();
        let folder = country.installation.scratch("certified");
        std::fs::write(folder.join("contract.pdf"), document("The ministry pays 100 maloti.")).unwrap();
        let person = country.installation.somebody("person");
        let signer = country.certificate("person-signature").clone();
        let (root, issuing) = (country.installation.root(), country.installation.issuing());
        Self { country, folder, person, signer, root, issuing }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A document with two empty fields that lock nothing, and one that locks what is said.
    fn form(&self, locks: Locks) -> PathBuf {
        let (one, two, three) = (self.file("one.pdf"), self.file("two.pdf"), self.file("form.pdf"));
        let contract = self.file("contract.pdf");
        pdf::pyhanko_makes_field(&contract, &one, "Minister", [100, 100, 300, 160], Locks::Nothing);
        pdf::pyhanko_makes_field(&one, &two, "Clerk", [100, 200, 300, 260], Locks::Nothing);
        pdf::pyhanko_makes_field(&two, &three, "Last", [100, 300, 300, 360], locks);
        three
    }

    fn certified(&self, document: &Path, level: u8) -> PathBuf {
        let certified = self.file("author.pdf");
        pdf::pyhanko_certifies(&self.signer, &self.issuing, document, &certified, level);
        certified
    }

    fn signed_regardless(&self, document: &Path, field: (&str, Where)) -> PathBuf {
        let signed = self.file("regardless.pdf");
        pdf::pyhanko_signs_regardless(&self.signer, &self.issuing, document, &signed, field);
        signed
    }

    /// What npki says, each signature of which pyHanko says the same of.
    #[track_caller]
    fn judged(&self, document: &Path, holds: &[bool]) -> Value {
        let code = if holds.iter().all(|holds| *holds) { exit::DONE } else { exit::NO };
        let told = self.person.answered(code, &["verify", text(document), "--trust", text(&self.root)]);
        let signatures = told["details"]["signatures"].as_array().unwrap();
        let ours: Vec<bool> =
            signatures.iter().map(|one| one["indication"] == json!("TOTAL-PASSED")).collect();
        assert_eq!(ours, holds, "{told}");
        let theirs = pdf::pyhanko(&self.root, document);
        let theirs: Vec<bool> = theirs.iter().map(|one| one["sound"] == json!(true)).collect();
        assert_eq!(theirs, holds, "pyHanko");
        told["details"].clone()
    }
}

const LATER: [(&str, Where); 3] =
    [("Minister", Where::Unseen), ("Other", Where::Unseen), ("Other", Where::Seen)];

#[test]
fn what_a_certification_forbids_is_told_as_a_change() {
    let desk = Desk::opened();
    let form = desk.form(Locks::Nothing);
    for (level, says, may) in [
        (1, "nothing", [false, false, false]),
        (2, "filling-in", [true, true, false]),
        (3, "annotating", [true, true, false]),
    ] {
        let certified = desk.certified(&form, level);
        let told = desk.judged(&certified, &[true]);
        assert_eq!(
            told["signatures"][0]["restrictions"],
            json!({ "certifies": true, "permits": says }),
            "{told}"
        );
        for (field, may) in LATER.into_iter().zip(may) {
            let later = desk.signed_regardless(&certified, field);
            let told = desk.judged(&later, &[may, true]);
            if !may {
                let reason = told["reasons"][0].as_str().unwrap();
                assert!(reason.contains("changed after it was signed: the field"), "{reason}");
                assert!(reason.contains(field.0) && reason.contains("certified"), "{reason}");
                assert_eq!(told["sub_indication"], "HASH_FAILURE");
            }
        }
    }
}

#[test]
fn what_a_signature_locks_is_not_signed_later() {
    let desk = Desk::opened();
    let locks = [
        (Locks::All, [false, false, false], "no field may be changed"),
        (Locks::Only(&["Minister"]), [false, true, true], "these fields may not be changed: \"Minister\""),
        (
            Locks::AllBut(&["Minister"]),
            [true, false, false],
            "these fields alone may be changed: \"Minister\"",
        ),
        (Locks::Document, [false, false, false], "nothing may be added but time stamps"),
    ];
    for (locks, may, says) in locks {
        let (form, last) = (desk.form(locks), desk.file("last.pdf"));
        pdf::pyhanko_signs(&desk.signer, &desk.issuing, &form, &last, "Last");
        desk.judged(&last, &[true]);
        let shown = desk.person.run_as_text(&["inspect", text(&last)]);
        assert!(shown.exits(exit::DONE).stdout.contains(says), "{}", shown.stdout);
        for (field, may) in LATER.into_iter().zip(may) {
            desk.judged(&desk.signed_regardless(&last, field), &[may, true]);
        }
    }
}

/// ISO 32000-2 table 257: what long-term validation needs is no change.
#[test]
fn a_document_that_nobody_may_change_is_kept_and_stamped() {
    let desk = Desk::opened();
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let tsa = unit.address();
    for (name, certified) in [("certified", true), ("locked", false)] {
        let document = desk.file(&format!("{name}-lasting.pdf"));
        if certified {
            std::fs::rename(desk.certified(&desk.form(Locks::Nothing), 1), &document).unwrap();
        } else {
            pdf::pyhanko_signs(&desk.signer, &desk.issuing, &desk.form(Locks::Document), &document, "Last");
        }
        for _ in 0..2 {
            let raise = ["sign", "--pdf", "--raise", text(&document), "--level", "b-lta", "--tsa", &tsa];
            desk.person.done(&[&raise[..], &["--trust", text(&desk.root)]].concat());
            desk.judged(&document, &[true]);
        }
        let told = desk.judged(&document, &[true]);
        assert!(told["timestamps"].as_array().unwrap().len() >= 2, "{told}");
    }
}

#[test]
fn what_may_be_done_is_shown() {
    let desk = Desk::opened();
    let certified = desk.certified(&desk.form(Locks::Nothing), 1);
    let line = "the document is certified: nothing may be added but time stamps";
    let verify = ["verify", text(&certified), "--trust", text(&desk.root)];
    for command in [&verify[..], &["inspect", text(&certified)]] {
        let shown = desk.person.run_as_text(command);
        assert!(shown.exits(exit::DONE).stdout.contains(line), "{}", shown.stdout);
    }
    let later = desk.signed_regardless(&certified, LATER[0]);
    let cases = [
        (&certified, exit::DONE, "en", "certified it. Nothing may be added but time stamps."),
        (&certified, exit::DONE, "st", "o e netefalitse. Ha ho letho"),
        (&later, exit::NO, "en", "This document was changed after it was signed"),
    ];
    for (document, code, language, words) in cases {
        let page = desk.file("page.html");
        let verify = ["verify", text(document), "--trust", text(&desk.root), "--report", text(&page)];
        let _ = desk.person.answered(code, &[&verify[..], &["--report-language", language]].concat());
        let page = std::fs::read_to_string(&page).unwrap();
        assert!(page.contains(words), "{page}");
    }
    let report = desk.file("report.xml");
    let verify = ["verify", text(&later), "--trust", text(&desk.root), "--report", text(&report)];
    let _ = desk.person.answered(exit::NO, &verify);
    let report = std::fs::read_to_string(&report).unwrap();
    assert!(report.contains(line) && report.contains("the field"), "{report}");
}
