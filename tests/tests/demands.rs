//! What a relying party asks of signatures besides that they hold: whose, under which policy, of which level; and whom npki asks for
//! the status of certificates.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::npki::{exit, text};
use tests::{Country, Npki, paper};

/// The policies of the profiles person-signature and organisation-seal.
const SIGNATURES: &str = "1.3.6.1.4.1.32473.426.1.2.1";
const SEALS: &str = "1.3.6.1.4.1.32473.426.1.3.1";

struct Desk {
    country: Country,
    folder: PathBuf,
    clerk: Npki,
    person: Issued,
    seal: Issued,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::settled();
        let folder = country.installation.scratch("desk");
        std::fs::write(folder.join("letter"), "Lengolo\n").unwrap();
        std::fs::write(folder.join("letter.pdf"), paper::pdf("Lengolo")).unwrap();
        let (staff, identities) = (&country.staff, &country.identities);
        let issue = |profile, identity| staff.issue(&country.installation, &staff.officer, profile, identity);
        let person = issue("person-signature", &identities.person);
        let seal = issue("organisation-seal", &identities.organisation);
        Self { clerk: country.installation.somebody("clerk"), person, seal, folder, country }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn makes(&self, act: &str, signer: &Issued, arguments: &[&str]) {
        let by = ["--cert", text(&signer.chain), "--key", text(&signer.key)];
        self.clerk.done(&[&[act], arguments, &by].concat());
    }

    #[track_caller]
    fn verdict(&self, code: i32, file: &Path, demands: &[&str]) -> Value {
        let root = self.country.installation.root();
        let verify = [&["verify", text(file), "--trust", text(&root)], demands].concat();
        self.clerk.answered(code, &verify)["details"].clone()
    }
}

#[test]
fn a_signature_is_taken_from_whom_it_is_asked_of_alone() {
    let desk = Desk::opened();
    let letter = desk.file("letter");
    desk.makes("sign", &desk.person, &[text(&letter)]);
    let told = desk.verdict(exit::DONE, &letter, &[]);
    let policies = told["certificate"]["policies"].as_array().unwrap();
    assert!(policies.contains(&json!(SIGNATURES)), "{told}");
    let signer = &told["certificate"]["path"][0];
    let subject = signer["subject"].as_str().unwrap();
    let number = subject.split(',').find(|part| part.starts_with("serialNumber=")).unwrap();
    let fingerprint = format!("sha256={}", signer["sha256"].as_str().unwrap());
    for met in [
        vec!["--policy", SIGNATURES],
        vec!["--policy", SEALS, "--policy", SIGNATURES],
        vec!["--signer", number],
        vec!["--signer", "cn=*, c=ls"],
        vec!["--signer", &fingerprint, "--level", "b-b"],
    ] {
        assert_eq!(desk.verdict(exit::DONE, &letter, &met)["indication"], "TOTAL-PASSED", "{met:?}");
    }
    for (unmet, why) in [
        (["--policy", SEALS], "CHAIN_CONSTRAINTS_FAILURE"),
        (["--signer", "serialNumber=PNOLS"], "SIG_CONSTRAINTS_FAILURE"),
        (["--signer", "sha256=00"], "SIG_CONSTRAINTS_FAILURE"),
        (["--level", "b-t"], "SIG_CONSTRAINTS_FAILURE"),
    ] {
        let told = desk.verdict(exit::CANNOT_TELL, &letter, &unmet);
        let said = (&told["indication"], &told["sub_indication"]);
        assert_eq!(said, (&json!("INDETERMINATE"), &json!(why)), "{told}");
    }
    for wrong in [["--policy", "7.1x"], ["--signer", "Thabo"], ["--level", "b-x"], ["--status", "fax"]] {
        let verify = [&["verify", text(&letter)], &wrong[..]].concat();
        assert_eq!(desk.clerk.refused(exit::USAGE, &verify).code, "E-CLI-001");
    }
    // What does not hold is told as before.
    std::fs::write(&letter, "Lengolo le leng\n").unwrap();
    assert_eq!(desk.verdict(exit::NO, &letter, &["--level", "b-t"])["sub_indication"], "HASH_FAILURE");

    // A certificate itself: somebody else's, or one under another policy, is a plain no.
    let certificate = &desk.person.chain;
    desk.verdict(exit::DONE, certificate, &["--policy", SIGNATURES, "--signer", number]);
    let told = desk.verdict(exit::NO, certificate, &["--policy", SEALS]);
    assert_eq!(told["sub_indication"], "CHAIN_CONSTRAINTS_FAILURE", "{told}");
    desk.verdict(exit::NO, certificate, &["--signer", "CN=Somebody"]);
    let root = desk.country.installation.root();
    let level = ["verify", text(certificate), "--trust", text(&root), "--level", "b-b"];
    assert_eq!(desk.clerk.refused(exit::USAGE, &level).code, "E-CLI-001");
}

#[test]
fn of_several_signatures_one_must_be_what_is_asked_for() {
    let desk = Desk::opened();
    let (document, sealed, both) = (desk.file("letter.pdf"), desk.file("sealed.pdf"), desk.file("both.pdf"));
    desk.makes("seal", &desk.seal, &["--pdf", text(&document), "--out", text(&sealed)]);
    desk.makes("sign", &desk.person, &["--pdf", text(&sealed), "--out", text(&both)]);
    let container = desk.file("letter.asice");
    desk.makes("seal", &desk.seal, &["--container", text(&container), text(&document)]);
    desk.makes("sign", &desk.person, &["--container", text(&container)]);
    let organisation = "organizationIdentifier=GO:LS-RSL";
    for file in [&both, &container] {
        desk.verdict(exit::DONE, file, &["--signer", organisation, "--policy", SEALS]);
        desk.verdict(exit::DONE, file, &["--policy", SIGNATURES]);
        // Not the one by one of them and the other by the other.
        let asked = ["--signer", organisation, "--policy", SIGNATURES];
        let told = desk.verdict(exit::CANNOT_TELL, file, &asked);
        assert_eq!(told["indication"], "INDETERMINATE", "{told}");
        assert_eq!(told["reasons"].as_array().map(Vec::len), Some(2), "{told}");
    }
    let told = desk.verdict(exit::CANNOT_TELL, &sealed, &["--policy", SIGNATURES]);
    assert_eq!(told["sub_indication"], "CHAIN_CONSTRAINTS_FAILURE", "{told}");
}

#[test]
fn the_status_is_asked_where_the_relying_party_says() {
    let desk = Desk::opened();
    let letter = desk.file("letter");
    desk.makes("sign", &desk.person, &[text(&letter)]);
    let answered = |code, arguments: &[&str]| {
        let told = desk.verdict(code, &letter, arguments);
        let evidence = told["certificate"]["path"][0]["status"]["evidence"].as_array().unwrap().clone();
        evidence.iter().map(|one| one["source"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let sources = |arguments: &[&str]| answered(exit::DONE, arguments);
    let both = sources(&[]);
    assert!(both.contains(&"ocsp".to_owned()) && both.contains(&"crl".to_owned()), "{both:?}");
    // The root tells of the issuing CA by its list alone: who asks by OCSP only hears of the signer and cannot tell of the CA.
    assert_eq!(answered(exit::CANNOT_TELL, &["--status", "ocsp"]), ["ocsp"]);
    assert_eq!(sources(&["--status", "crl"]), ["crl"]);
    assert_eq!(sources(&["--status", "ocsp,crl"]), ["ocsp"]);
    assert_eq!(sources(&["--status", "crl,ocsp"]), ["crl"]);
    desk.country.revoke(&desk.person.serial, "key-compromise");
    let told = desk.verdict(exit::CANNOT_TELL, &letter, &["--status", "ocsp,crl"]);
    assert_eq!(told["sub_indication"], "REVOKED_NO_POE", "{told}");
}
