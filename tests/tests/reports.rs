//! Reports on signatures. In the shape of SiVa's simple report: the members that its interface description requires are there, and say what
//! the verdict says. After ETSI TS 119 102-2: as its schema has it, which pyHanko knows. The page for
//! people: html5lib finds no fault, and it says first what holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::judges::report;
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::{Country, Npki, Stamper, bystander};

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

    /// Writes a report about a file.
    fn written(&self, code: i32, file: &Path, name: &str, more: &[&str]) -> PathBuf {
        let (report, root) = (self.file(name), self.country.installation.root());
        let verify = ["verify", text(file), "--trust", text(&root), "--report", text(&report)];
        self.person.answered(code, &[&verify, more].concat());
        report
    }

    /// The conclusion of the report about a file.
    fn report(&self, code: i32, file: &Path) -> Value {
        let report = self.written(code, file, "report.json", &[]);
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

    /// The root of another country.
    fn elsewhere(&self) -> PathBuf {
        let (root, key) = (self.file("elsewhere.pem"), self.file("elsewhere.key"));
        let new =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
        let named = ["-subj", "/C=ZZ/CN=Elsewhere", "-keyout", text(&key), "-out", text(&root)];
        Program::named("openssl").args(new).args(named).run().succeeded();
        root
    }

    /// What the schema's classes read in the report about a file.
    #[track_caller]
    fn etsi(&self, code: i32, file: &Path) -> Value {
        report::etsi(&self.written(code, file, "report.xml", &[]))
    }
}

fn opened(name: &str) -> Desk {
    let country = Country::populated();
    let (folder, person) = (country.installation.scratch(name), country.installation.somebody("person"));
    Desk { country, folder, person }
}

const PASSED: &str = "urn:etsi:019102:mainindication:passed";

fn sha256(octets: &[u8]) -> String {
    ca_core::fingerprint::fingerprint(octets)
}

#[test]
fn each_form_of_signature_has_a_report_that_says_what_the_verdict_says() {
    let desk = opened("reports");
    let unit = Stamper::at_work(&desk.country.staff.administrator);
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
    assert!(refused(&letter, "report.pdf").detail.contains(".xml"));
}

#[test]
fn reports_after_etsi_are_as_the_schema_has_them_and_say_what_the_verdict_says() {
    let desk = opened("etsi");
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let (root, tsa) = (desk.country.installation.root(), unit.address());
    // A name that would be markup, and one that would turn the text around.
    let letter = desk.file("a<b>&\"\u{202e}c.txt");
    std::fs::write(&letter, "Khotso\n").unwrap();
    desk.sign(&[text(&letter), "--level", "b-lta", "--tsa", &tsa, "--trust", text(&root)]);
    let told = desk.etsi(exit::DONE, &letter);
    let one = &told["signatures"][0];
    assert_eq!(one["indication"], "urn:etsi:019102:mainindication:total-passed");
    assert_eq!(
        (&one["value"], &one["proof"], &one["sub_indications"]),
        (&json!(true), &json!(true), &json!([]))
    );
    assert_eq!(one["document"], sha256(b"Khotso\n"));
    assert!(one["signer"].as_str().unwrap().contains("Mokoena"), "{one}");
    let constraints = one["constraints"].as_object().unwrap();
    assert!(constraints.len() == 9 && constraints.values().all(|ended| ended == PASSED), "{one}");
    let file = letter.file_name().unwrap().to_str().unwrap();
    assert_eq!(one["data"][0], json!(["urn:x-npki:report:file", file]));
    let kinds: Vec<&str> = told["objects"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "timestamp").count(), 2, "{kinds:?}");
    assert!(kinds.contains(&"certificate") && kinds.contains(&"CRL"), "{kinds:?}");

    // The letter is another: no more is said than was found out.
    std::fs::write(&letter, "Khotso, Pula\n").unwrap();
    let told = desk.etsi(exit::NO, &letter);
    let one = &told["signatures"][0];
    assert_eq!(one["indication"], "urn:etsi:019102:mainindication:total-failed");
    assert_eq!(one["sub_indications"], json!(["urn:etsi:019102:subindication:HASH_FAILURE"]));
    assert_eq!((&one["document"], &one["proof"]), (&json!(sha256(b"Khotso, Pula\n")), &json!(false)));
    let constraints = one["constraints"].as_object().unwrap();
    let ended = &constraints["urn:x-npki:constraint:signed-content"];
    assert_eq!((constraints.len(), ended), (3, &json!("urn:etsi:019102:mainindication:failed")), "{one}");

    // A JSON Web Signature, and a container with two signatures.
    let (note, container) = (desk.file("note.txt"), desk.file("case.asice"));
    std::fs::write(&note, "Pula\n").unwrap();
    desk.sign(&[text(&note), "--jws=json", "--level", "b-t", "--tsa", &tsa]);
    let told = desk.etsi(exit::DONE, &note);
    assert_eq!(told["signatures"][0]["document"], sha256(b"Pula\n"));
    desk.sign(&[text(&note), "--container", text(&container)]);
    desk.sign(&["--container", text(&container)]);
    let told = desk.etsi(exit::DONE, &container);
    let signatures = told["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 2, "{told}");
    assert!(
        signatures[0]["data"].as_array().unwrap().contains(&json!(["urn:x-npki:report:covers", "note.txt"]))
    );
    // Nobody whom we trust vouches for its signer; and who cannot be asked.
    let (report, elsewhere) = (desk.file("elsewhere.xml"), desk.elsewhere());
    let verify = ["verify", text(&container), "--trust", text(&elsewhere), "--report", text(&report)];
    desk.person.answered(exit::CANNOT_TELL, &verify);
    let one = &report::etsi(&report)["signatures"][0];
    assert_eq!(one["sub_indications"], json!(["urn:etsi:019102:subindication:NO_CERTIFICATE_CHAIN_FOUND"]));
}

/// What stands behind a term of a page, the first time.
fn term<'a>(page: &'a Value, name: &str) -> &'a str {
    page["terms"][name][0].as_str().unwrap_or_else(|| panic!("{name}: {page}"))
}

#[test]
fn the_page_says_in_one_sentence_what_holds_and_what_to_do() {
    let desk = opened("pages");
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let tsa = unit.address();
    let page = |code, file: &Path, more: &[&str]| report::page(&desk.written(code, file, "page.html", more));
    // A name that would be markup, and one that would turn the text around.
    let letter = desk.file("<img src=x>\u{202e}fdp.txt");
    std::fs::write(&letter, "Khotso\n").unwrap();
    desk.sign(&[text(&letter)]);
    let told = page(exit::DONE, &letter, &[]);
    let verdict = told["verdict"].as_str().unwrap();
    assert!(verdict.contains("This document was signed by Thabo Mokoena, on "), "{verdict}");
    assert!(verdict.ends_with("as the signer says. Nothing was changed since."), "{verdict}");
    assert_eq!((&told["language"], &told["class"]), (&json!("en"), &json!("verdict valid")));
    assert_eq!(term(&told, "File"), "<img src=x>[U+202E]fdp.txt");
    assert!(term(&told, "When").ends_with("nothing proves it."), "{told}");
    assert_eq!(term(&told, "What is signed"), "The whole file.");
    assert_eq!(term(&told, "The signer's certificate"), "It is valid, and not revoked.");
    assert!(term(&told, "How that is known").starts_with("From the "), "{told}");
    assert_eq!((term(&told, "Algorithm"), &told["folded"]), ("ecdsa-with-sha256", &json!(1)));
    let told = page(exit::DONE, &letter, &["--report-language", "st"]);
    assert_eq!(told["language"], "st");
    assert!(told["verdict"].as_str().unwrap().contains("e saennoe ke Thabo Mokoena"), "{told}");

    // With a time stamp; changed; and vouched for by nobody who is trusted.
    let note = desk.file("note.txt");
    std::fs::write(&note, "Pula\n").unwrap();
    desk.sign(&[text(&note), "--level", "b-t", "--tsa", &tsa]);
    let told = page(exit::DONE, &note, &[]);
    assert!(told["verdict"].as_str().unwrap().contains("as a time stamp proves"), "{told}");
    assert_eq!(term(&told, "The signer's certificate"), "It was valid, and not revoked, at that time.");
    std::fs::write(&note, "Nala\n").unwrap();
    let told = page(exit::NO, &note, &[]);
    let verdict = told["verdict"].as_str().unwrap();
    assert!(verdict.contains("was changed after it was signed: do not rely on it."), "{verdict}");
    assert_eq!(told["class"], "verdict invalid");
    std::fs::write(&note, "Pula\n").unwrap();
    let elsewhere = desk.elsewhere();
    let written = desk.file("elsewhere.html");
    let verify = ["verify", text(&note), "--trust", text(&elsewhere), "--report", text(&written)];
    desk.person.answered(exit::CANNOT_TELL, &verify);
    let told = report::page(&written);
    let verdict = told["verdict"].as_str().unwrap();
    assert!(
        verdict.contains("We cannot tell") && verdict.contains("nobody whom you trust vouches"),
        "{verdict}"
    );
    assert!(verdict.contains("What you can do: find out which country"), "{verdict}");

    // A container with a file that nobody signed is no signed case.
    let container = desk.file("case.asice");
    desk.sign(&[text(&note), "--container", text(&container)]);
    let told = page(exit::DONE, &container, &[]);
    assert_eq!(term(&told, "What is signed"), "These files: note.txt.");

    // Over REST, each form.
    let rest = bystander::rest(&desk.country.installation);
    let octets = std::fs::read(&container).unwrap();
    let asked = |query: &str| {
        let path = format!("/v1/validation/documents?{query}");
        rest.post_raw(&path, "application/vnd.etsi.asic-e+zip", &octets)
    };
    let simple = asked("report=simple&name=case.asice").json(200);
    assert_eq!(
        simple["validationReport"]["validationConclusion"]["validatedDocument"]["filename"],
        "case.asice"
    );
    let kept = desk.file("over-rest.xml");
    std::fs::write(&kept, asked("report=etsi").body).unwrap();
    assert_eq!(report::etsi(&kept)["signatures"].as_array().unwrap().len(), 1);
    let kept = desk.file("over-rest.html");
    std::fs::write(&kept, asked("report=page&language=st").body).unwrap();
    assert_eq!(report::page(&kept)["language"], "st");
    assert_eq!(asked("report=pdf").problem(422)["code"], "E-VAL-002");
}
