//! Reports in the shape of SiVa's simple report: the members that its interface description requires are there, and say what the
//! verdict says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::npki::{exit, text};
use tests::{Country, Npki, Stamper};

/// What is required of a conclusion, and of each signature.
const CONCLUSION: [&str; 4] = ["policy", "signaturesCount", "validSignaturesCount", "validationTime"];
const SIGNATURE: [&str; 6] =
    ["claimedSigningTime", "id", "indication", "signatureFormat", "signatureMethod", "signedBy"];

struct Desk {
    country: Country,
    folder: PathBuf,
    person: Npki,
}

impl Desk {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn sign(&self, arguments: &[&str]) {
        let signer = self.country.certificate("person-signature");
        let key = ["--cert", text(&signer.chain), "--key", text(&signer.key)];
        self.person.done(&[&["sign"], arguments, &key].concat());
    }

    /// The conclusion of the report about a file.
    fn report(&self, code: i32, file: &Path) -> Value {
        let (report, root) = (self.file("report.json"), self.country.installation.root());
        let verify = ["verify", text(file), "--trust", text(&root), "--report", text(&report)];
        self.person.answered(code, &verify);
        let read: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        let conclusion = read["validationReport"]["validationConclusion"].clone();
        let has = |holder: &Value, names: &[&str]| {
            names.iter().for_each(|name| assert!(holder.get(name).is_some(), "{name}: {holder}"));
        };
        has(&conclusion, &CONCLUSION);
        let signatures = conclusion["signatures"].as_array().unwrap();
        signatures.iter().for_each(|signature| has(signature, &SIGNATURE));
        assert_eq!(conclusion["signaturesCount"], signatures.len());
        conclusion
    }
}

#[test]
fn each_form_of_signature_has_a_report_that_says_what_the_verdict_says() {
    let country = Country::populated();
    let unit = Stamper::at_work(&country.staff.administrator);
    let (folder, person) = (country.installation.scratch("reports"), country.installation.somebody("person"));
    let desk = Desk { country, folder, person };
    let (letter, root, tsa) = (desk.file("letter.txt"), desk.country.installation.root(), unit.address());
    std::fs::write(&letter, "Khotso\n").unwrap();
    desk.sign(&[text(&letter), "--level", "b-lta", "--tsa", &tsa, "--trust", text(&root)]);
    let container = desk.file("case.asice");
    desk.sign(&[text(&letter), "--container", text(&container)]);

    let of_letter = desk.report(exit::DONE, &letter);
    let signature = &of_letter["signatures"][0];
    assert_eq!(of_letter["validSignaturesCount"], 1);
    assert_eq!(of_letter["validatedDocument"], json!({ "filename": "letter.txt" }));
    assert_eq!(signature["signatureFormat"], "CAdES_BASELINE_LTA");
    assert_eq!(signature["signatureMethod"], "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256");
    assert_eq!(signature["signedBy"], "Mokoena, Thabo, PNOLS-012345678901");
    assert_eq!(signature["subjectDistinguishedName"]["commonName"], "MOKOENA,THABO");
    assert_eq!(signature["signatureScopes"][0]["name"], "letter.txt");
    assert_eq!(signature["info"]["archiveTimestamps"][0]["indication"], "PASSED");
    assert_eq!(signature["info"]["bestSignatureTime"], signature["info"]["timestampCreationTime"]);
    let of_container = desk.report(exit::DONE, &container);
    assert_eq!(
        (&of_container["signatureForm"], &of_container["signatures"][0]["signatureFormat"]),
        (&json!("ASiC-E"), &json!("CAdES_BASELINE_B"))
    );
    assert!(of_container["signatures"][0]["info"]["bestSignatureTime"].is_null());

    // The letter is another; and what a report is not about.
    std::fs::write(&letter, "Khotso, Pula\n").unwrap();
    let altered = desk.report(exit::NO, &letter);
    let signature = &altered["signatures"][0];
    assert_eq!(altered["validSignaturesCount"], 0);
    assert_eq!(
        (&signature["indication"], &signature["subIndication"]),
        (&json!("TOTAL-FAILED"), &json!("HASH_FAILURE"))
    );
    assert!(!signature["errors"][0]["content"].as_str().unwrap().is_empty());
    let refused = |file: &Path, report: &str| {
        let report = desk.file(report);
        let verify = ["verify", text(file), "--trust", text(&root), "--report", text(&report)];
        let refused = desk.person.refused(exit::USAGE, &verify);
        assert!(!report.exists());
        refused
    };
    let certificate = desk.country.certificate("device").certificate.clone();
    assert!(refused(&certificate, "certificate.json").detail.contains("about signatures"));
    assert!(refused(&letter, "report.xml").detail.contains(".json"));
}
