//! Signatures of the higher CAdES levels, made and judged as people do; OpenSSL, pyHanko and asn1crypto look at them, too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tests::certificates::Issued;
use tests::judges::{cades, openssl};
use tests::npki::text;
use tests::{Country, Npki, Stamper};

/// A person who signs, and what is needed for it.
struct Desk {
    country: Country,
    unit: Stamper,
    person: Npki,
    signer: Issued,
    letter: PathBuf,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::populated();
        let unit = Stamper::at_work(&country.staff.administrator);
        let person = country.installation.somebody("person");
        let signer = country.certificate("person-signature").clone();
        let letter = unit.file("letter.txt");
        std::fs::write(&letter, "Tumellano\n").unwrap();
        Self { country, unit, person, signer, letter }
    }

    fn root(&self) -> PathBuf {
        self.country.installation.root()
    }

    /// Signs the letter; the signature's file.
    fn sign(&self, name: &str, more: &[&str]) -> PathBuf {
        let out = self.unit.file(name);
        let (cert, key) = (text(&self.signer.chain), text(&self.signer.key));
        let sign = ["sign", text(&self.letter), "--cert", cert, "--key", key, "--out", text(&out)];
        self.person.done(&[&sign[..], more].concat());
        out
    }

    /// What is said of a signature over the letter.
    #[track_caller]
    fn verdict(&self, code: i32, signature: &Path, more: &[&str]) -> serde_json::Value {
        let (letter, root) = (text(&self.letter), self.root());
        let verify = ["verify", letter, "--signature", text(signature), "--trust", text(&root)];
        self.person.answered(code, &[&verify[..], more].concat())["details"].clone()
    }
}

#[test]
fn a_time_stamp_saves_a_signature_whose_signer_is_revoked_afterwards() {
    let desk = Desk::opened();
    let (root, issuing) = (desk.root(), desk.country.installation.issuing());
    let tsa = desk.unit.address();
    let plain = desk.sign("plain.p7s", &[]);
    let stamped = desk.sign("stamped.p7s", &["--level", "b-t", "--tsa", &tsa]);
    let verdict = desk.verdict(0, &stamped, &[]);
    assert_eq!((&verdict["level"], &verdict["indication"]), (&json!("B-T"), &json!("TOTAL-PASSED")));
    assert_eq!(desk.verdict(0, &plain, &[])["level"], "B-B");
    openssl::cms_verify(&root, &issuing, &desk.letter, &stamped).succeeded();
    let said = cades::pyhanko(&root, &desk.letter, &stamped);
    for member in ["intact", "valid", "trusted"] {
        assert_eq!((&said[member], &said["stamp"][member]), (&json!(true), &json!(true)), "{said}");
    }
    assert_eq!(cades::pyhanko(&root, &desk.letter, &plain)["stamp"], json!(null));

    // Whole seconds are what a revocation's moment has.
    std::thread::sleep(Duration::from_millis(1_100));
    desk.country.revoke(&desk.signer.serial, "key-compromise");
    desk.country.until_the_crl(tests::country::CrlEntry::Listed, &desk.signer.serial);
    let verdict = desk.verdict(8, &plain, &[]);
    assert_eq!(verdict["sub_indication"], "REVOKED_NO_POE");
    let verdict = desk.verdict(0, &stamped, &[]);
    assert_eq!((&verdict["level"], &verdict["indication"]), (&json!("B-T"), &json!("TOTAL-PASSED")));
    // Raised too late: it is not known any more that it is older.
    let late = desk.unit.file("late.p7s");
    std::fs::copy(&plain, &late).unwrap();
    let raise = ["sign", text(&desk.letter), "--raise", text(&late), "--level", "b-t", "--tsa", &tsa];
    desk.person.done(&raise);
    assert_eq!(desk.verdict(8, &late, &[])["sub_indication"], "REVOKED_NO_POE");
    let raise = ["sign", text(&desk.letter), "--raise", text(&late), "--level", "b-lt", "--tsa", &tsa];
    let refused = desk.person.refused(1, &[&raise[..], &["--trust", text(&root)]].concat());
    assert_eq!(refused.code, "E-VFY-005");
}

#[test]
fn what_is_raised_is_judged_when_nobody_answers_any_more() {
    let mut desk = Desk::opened();
    let (root, issuing) = (desk.root(), desk.country.installation.issuing());
    let tsa = desk.unit.address();
    let complete = desk.sign("lt.p7s", &["--level", "b-lt", "--tsa", &tsa, "--trust", text(&root)]);
    let archived = desk.sign("lta.p7s", &[]);
    // From the lowest level to the highest, and once more.
    let raise = ["sign", text(&desk.letter), "--raise", text(&archived), "--level", "b-lta", "--tsa", &tsa];
    for stamps in [2, 3] {
        desk.person.done(&[&raise[..], &["--trust", text(&root)]].concat());
        let verdict = desk.verdict(0, &archived, &[]);
        assert_eq!(verdict["level"], "B-LTA");
        assert_eq!(verdict["timestamps"].as_array().unwrap().len(), stamps, "{verdict}");
        let said = cades::archive(&desk.letter, &archived);
        let all = json!({ "imprint": true, "certificates": true, "crls": true, "unsigned": true });
        assert_eq!(said, all);
    }
    for signature in [&complete, &archived] {
        openssl::cms_verify(&root, &issuing, &desk.letter, signature).succeeded();
        let said = cades::pyhanko(&root, &desk.letter, signature);
        assert_eq!((&said["valid"], &said["stamp"]["trusted"]), (&json!(true), &json!(true)), "{said}");
    }
    // Whether nobody may be asked, or nobody is there.
    desk.country.installation.stop();
    assert_eq!(desk.verdict(0, &complete, &["--offline"])["level"], "B-LT");
    for more in [&["--offline"][..], &[]] {
        assert_eq!(desk.verdict(0, &archived, more)["level"], "B-LTA");
    }
    // What was taken out, and another file.
    std::fs::write(&desk.letter, "Tumellano e nngwe\n").unwrap();
    assert_eq!(desk.verdict(3, &archived, &["--offline"])["sub_indication"], "HASH_FAILURE");
}

#[test]
fn a_signature_that_carries_its_file_is_raised_and_judged_as_any_other() {
    let desk = Desk::opened();
    let root = desk.root();
    let tsa = desk.unit.address();
    let level = ["--attached", "--level", "b-lta", "--tsa", &tsa, "--trust", text(&root)];
    let carried = desk.sign("letter.p7m", &level);
    let verdict = desk.person.answered(0, &["verify", text(&carried), "--trust", text(&root)]);
    assert_eq!(verdict["details"]["level"], "B-LTA", "{verdict}");
    let content = tests::programs::Program::named("openssl")
        .args(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", text(&carried)])
        .args(["-CAfile", text(&root), "-purpose", "any"])
        .run()
        .succeeded();
    assert_eq!(content.stdout, std::fs::read(&desk.letter).unwrap());
    let said = cades::archive(Path::new("-"), &carried);
    assert_eq!(said["imprint"], json!(true), "{said}");
    let said = cades::pyhanko(&root, Path::new("-"), &carried);
    assert_eq!((&said["valid"], &said["trusted"]), (&json!(true), &json!(true)), "{said}");
    // Without a unit, without an address, without a level to raise to.
    let (cert, key) = (text(&desk.signer.chain), text(&desk.signer.key));
    let sign = ["sign", text(&desk.letter), "--cert", cert, "--key", key];
    desk.person.refused(2, &[&sign[..], &["--level", "b-t"]].concat());
    desk.person.refused(2, &["sign", text(&desk.letter), "--raise", text(&carried)]);
    let nobody =
        desk.person.refused(7, &[&sign[..], &["--level", "b-t", "--tsa", "http://127.0.0.1:1/tsa"]].concat());
    assert!(nobody.code.starts_with("E-NET-"), "{nobody:?}");
    assert!(!desk.unit.file("letter.txt.p7s").exists(), "nothing was written");
}
