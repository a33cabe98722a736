//! Signatures that are seen in PDF documents: PDFium shows where and what, and pyHanko judges them and what came after.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::judges::pdf::{self, Locks};
use tests::npki::{Problem, exit, text};
use tests::{Country, Npki};

struct Desk {
    country: Country,
    folder: PathBuf,
    person: Npki,
    signer: Issued,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::populated();
        let folder = country.installation.scratch("visible");
        let person = country.installation.somebody("person");
        let signer = country.certificate("person-signature").clone();
        Self { country, folder, person, signer }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn with(&self, name: &str, document: &[u8]) -> PathBuf {
        std::fs::write(self.file(name), document).unwrap();
        self.file(name)
    }

    fn sign(&self, from: &Path, to: &str, more: &[&str]) -> PathBuf {
        let to = self.file(to);
        let (cert, key) = (text(&self.signer.chain), text(&self.signer.key));
        let sign = ["sign", "--pdf", text(from), "--cert", cert, "--key", key, "--out", text(&to)];
        self.person.done(&[&sign[..], more].concat());
        to
    }

    #[track_caller]
    fn refused(&self, code: i32, from: &Path, more: &[&str]) -> Problem {
        let never = self.file("never.pdf");
        let (cert, key) = (text(&self.signer.chain), text(&self.signer.key));
        let sign = ["sign", "--pdf", text(from), "--cert", cert, "--key", key, "--out", text(&never)];
        let told = self.person.refused(code, &[&sign[..], more].concat());
        assert!(!never.exists());
        told
    }

    /// The document holds for npki and for pyHanko, which looks at what was changed, too.
    #[track_caller]
    fn holds(&self, document: &Path, count: usize) -> Value {
        let root = self.country.installation.root();
        let told = self.person.done(&["verify", text(document), "--trust", text(&root)]);
        assert_eq!(told["details"]["signatures"].as_array().map(Vec::len), Some(count), "{told}");
        let judged = pdf::pyhanko(&root, document);
        assert_eq!(judged.len(), count);
        for one in &judged {
            assert_eq!((&one["sound"], &one["trusted"]), (&json!(true), &json!(true)), "{one}");
        }
        told["details"]["signatures"].clone()
    }
}

/// A document of two pages with what they have in common, what the first has besides, and further objects from 9 on.
fn document(in_common: &str, of_first: &str, more: &[&str]) -> Vec<u8> {
    let content = "BT /F1 18 Tf 120 200 Td (100 maloti) Tj ET";
    let resources = "/Resources << /Font << /F1 5 0 R >> >>";
    let page = |more| format!("<< /Type /Page /Parent 2 0 R /Contents 4 0 R {resources} {more} >>");
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 {in_common} >>"),
        page(of_first),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        page(""),
        "null".to_owned(),
        "null".to_owned(),
    ];
    objects.extend(more.iter().map(|object| (*object).to_owned()));
    let mut written = "%PDF-1.7\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(&objects) {
        writeln!(table, "{:010} 00000 n ", written.len()).unwrap();
        write!(written, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let start = written.len();
    let trailer = format!("trailer\n<< /Size {} /Root 1 0 R >>", objects.len() + 1);
    write!(written, "{table}{trailer}\nstartxref\n{start}\n%%EOF\n").unwrap();
    written.into_bytes()
}

const A4: &str = "/MediaBox [0 0 595 842]";

/// Whether a box is within another, or not by more than a frame's width.
#[track_caller]
fn is_within(told: &Value, outer: [f64; 4]) {
    let inner: Vec<f64> = told["box"]
        .as_array()
        .expect("something is seen")
        .iter()
        .map(|edge| edge.as_f64().unwrap())
        .collect();
    let fits = inner[0] >= outer[0] - 1.0
        && inner[1] >= outer[1] - 1.0
        && inner[2] <= outer[2] + 1.0
        && inner[3] <= outer[3] + 1.0;
    assert!(fits, "{outer:?}: {told}");
}

#[track_caller]
fn says(told: &Value, texts: &[&str]) {
    for text in texts {
        assert!(told["text"].as_str().unwrap().contains(text), "{text}: {told}");
    }
}

#[test]
fn a_signature_is_seen_where_it_is_wanted_however_the_page_is_turned() {
    let desk = Desk::opened();
    let reason = ["--reason", "Tumellano", "--location", "Maseru"];
    for (turn, page) in
        [(0, [500.0, 400.0]), (90, [400.0, 500.0]), (180, [500.0, 400.0]), (-90, [400.0, 500.0])]
    {
        // Inherited from above the page, and a list of annotations that stands by itself.
        let shown = format!("/MediaBox [100 50 600 450] /Rotate {turn}");
        let blank = desk.with("turned.pdf", &document(&shown, "/Annots 9 0 R", &["[ ]"]));
        let once = desk.sign(&blank, "once.pdf", &[&["--visible", "1:30,20,200x60"], &reason[..]].concat());
        let told = pdf::pdfium_shows(&blank, &once, 1);
        assert_eq!(told["page"], json!(page), "{turn}");
        is_within(&told, [30.0, 20.0, 230.0, 80.0]);
        says(&told, &["Signed by Thabo Mokoena", "UTC", "Reason: Tumellano", "Place: Maseru", "100 maloti"]);
        // Another on the last page, in a corner; both hold.
        let own = ["--visible", "last:top-right", "--text", "{who}", "--text", "Se saennoe { joalo"];
        let twice = desk.sign(&once, "twice.pdf", &own);
        let signatures = desk.holds(&twice, 2);
        assert_eq!(
            (&signatures[0]["covers_all"], &signatures[1]["covers_all"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(pdf::pdfium_shows(&once, &twice, 1)["box"], Value::Null, "{turn}");
        let [across, up] = page;
        let told = pdf::pdfium_shows(&once, &twice, 2);
        is_within(&told, [across / 2.0 - 50.0, up / 2.0, across, up]);
        says(&told, &["Thabo Mokoena", "Se saennoe { joalo"]);
    }
}

#[test]
fn sesotho_is_written_with_its_letters_and_millimetres_are_understood() {
    let desk = Desk::opened();
    let blank = desk.with("blank.pdf", &document(A4, "", &[]));
    let sesotho = ["--visible", "-2:20,20,80x25mm", "--text-language", "st", "--reason", "Litšenyehelo"];
    let signed = desk.sign(&blank, "st.pdf", &sesotho);
    desk.holds(&signed, 1);
    let told = pdf::pdfium_shows(&blank, &signed, 1);
    is_within(&told, [56.6, 56.6, 283.5, 127.6]);
    says(&told, &["E saennoe ke Thabo Mokoena", "Lebaka: Litšenyehelo"]);
}

#[test]
fn a_field_of_the_form_is_signed_where_it_stands() {
    let desk = Desk::opened();
    let blank = desk.with("blank.pdf", &document(A4, "", &[]));
    let (form, locking) = (desk.file("form.pdf"), desk.file("locking.pdf"));
    pdf::pyhanko_makes_field(&blank, &form, "Minister", [100, 100, 300, 160], Locks::Nothing);
    pdf::pyhanko_makes_field(&form, &locking, "Last", [100, 300, 300, 360], Locks::All);
    // Before it, somebody else signs: the field that is filled later is no change of what they saw.
    let first = desk.sign(&locking, "first.pdf", &["--visible", "1:bottom-right"]);
    let signed = desk.sign(&first, "minister.pdf", &["--field", "Minister"]);
    let signatures = desk.holds(&signed, 2);
    assert_eq!(
        (&signatures[0]["field"], &signatures[1]["field"]),
        (&json!("Signature1"), &json!("Minister"))
    );
    let seen = pdf::pdfium_shows(&first, &signed, 1);
    is_within(&seen, [100.0, 100.0, 300.0, 160.0]);
    says(&seen, &["Signed by Thabo Mokoena"]);

    let refused = |file: &Path, more: &[&str]| desk.refused(exit::USAGE, file, more).detail;
    assert!(refused(&signed, &["--field", "Minister"]).contains("signed already"));
    assert!(refused(&signed, &["--field", "Nobody"]).contains("\"Last\""));
    assert!(refused(&signed, &["--field", "Last"]).contains("locks other fields"));
    // Whoever signed the last field locked the others.
    let locked = desk.file("locked.pdf");
    let issuing = desk.country.installation.issuing();
    pdf::pyhanko_signs(&desk.signer, &issuing, &locking, &locked, "Last");
    let told = desk.refused(exit::FAILED, &locked, &["--field", "Minister"]);
    assert!(told.detail.contains("locks the field"), "{told:?}");
    // Certified: fields of its own may be signed, and what is not seen may be added; or nothing at all.
    for (level, field, unseen) in [(1_u8, false, false), (2, true, true)] {
        let certified = desk.file("certified.pdf");
        pdf::pyhanko_certifies(&desk.signer, &issuing, &form, &certified, level);
        let told = desk.refused(exit::FAILED, &certified, &["--visible", "1:top-left"]);
        assert!(told.detail.contains("certified"), "{told:?}");
        for (wanted, more) in [(field, &["--field", "Minister"][..]), (unseen, &[])] {
            if wanted {
                desk.holds(&desk.sign(&certified, "on-top.pdf", more), 2);
            } else {
                assert!(desk.refused(exit::FAILED, &certified, more).detail.contains("certified"));
            }
        }
    }
}

#[test]
fn what_cannot_be_shown_is_told_and_nothing_is_written() {
    let desk = Desk::opened();
    let blank = desk.with("blank.pdf", &document(A4, "", &[]));
    let refused = |more: &[&str]| desk.refused(exit::USAGE, &blank, more).detail;
    for page in ["3:top-left", "-3:top-left"] {
        assert!(refused(&["--visible", page]).contains("2 pages"), "{page}");
    }
    let off = refused(&["--visible", "1:500,0,200x50"]);
    assert!(off.contains("595 by 842 points (210 by 297 mm)"), "{off}");
    assert!(refused(&["--visible", "1:0,0,20x9"]).contains("does not fit"));
    let letter = refused(&["--visible", "1:top-left", "--text", "中"]);
    assert!(letter.contains("U+4E2D"), "{letter}");
    let reason = refused(&["--visible", "1:top-left", "--text", "{reason}"]);
    assert!(reason.contains("nothing is given for it"), "{reason}");
    assert!(refused(&["--visible", "1:top-left", "--text", "{name}"]).contains("{who}"));
    assert!(refused(&["--text", "Khotso"]).contains("nothing is"));
    for place in ["0:top-left", "first:top-left", "1", "1:middle", "1:1,2,3", "1:1,2,3x", "1:1,2,3xNaN"] {
        let _ = desk.refused(exit::USAGE, &blank, &["--visible", place]);
    }
}
