//! `npki lint`: what an installation issues is clean, what is broken is found, and nothing but files is needed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;

use serde_json::Value;
use tests::Country;
use tests::certificates;
use tests::npki::{Npki, text};
use tests::programs::Program;

/// The exit code and the answer's data.
fn lint(npki: &Npki, arguments: &[&str]) -> (i32, Value) {
    let answer = npki.run(&[&["lint"], arguments].concat());
    (answer.code, answer.document()["data"].clone())
}

fn rules(data: &Value) -> Vec<String> {
    let objects = data["objects"].as_array().unwrap().iter();
    let findings = objects.flat_map(|object| object["findings"].as_array().unwrap());
    findings.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_issued_is_clean_and_what_is_broken_is_found() {
    let country = Country::populated();
    let npki = country.installation.somebody("linter");
    let issuing = country.installation.issuing();
    let folder = country.installation.scratch("corpus");
    for issued in &country.issued {
        let (code, data) = lint(&npki, &[text(&issued.certificate), "--issuer", text(&issuing)]);
        assert_eq!((code, rules(&data)), (0, Vec::new()), "{}: {data}", issued.profile);
        let copy = folder.join(format!("{}.pem", issued.profile));
        std::fs::copy(&issued.certificate, copy).unwrap();
    }
    std::fs::write(folder.join("notes.txt"), "neither").unwrap();
    let (code, data) = lint(&npki, &[text(&folder)]);
    assert_eq!((code, rules(&data), data["skipped"].as_array().unwrap().len()), (0, Vec::new(), 1), "{data}");

    let device = &country.certificate("device").certificate;
    let (code, data) = lint(&npki, &[text(device), "--as", "tls"]);
    assert_eq!(code, 3, "{data}");
    assert!(rules(&data).contains(&"cabf.purpose".to_owned()), "{data}");
    let root = country.installation.root();
    let (code, data) = lint(&npki, &[text(device), "--issuer", text(&root)]);
    assert!(code == 3 && rules(&data).contains(&"rfc5280.issuer-name".to_owned()), "{data}");
    assert_careless_is_found(&npki, &folder);
}

/// A certificate and a CRL that OpenSSL makes without thought.
fn assert_careless_is_found(npki: &Npki, folder: &Path) {
    let (key, certificate) = (folder.join("careless.key"), folder.join("careless.cer"));
    let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/C=ls/CN=a", "-set_serial", "1"];
    let to = ["-sha1", "-outform", "DER", "-keyout", text(&key), "-out", text(&certificate)];
    Program::named("openssl").args(make).args(to).run().succeeded();
    let (code, data) = lint(npki, &[text(&certificate)]);
    let found = rules(&data);
    assert_eq!(code, 3);
    for rule in ["npki.signature-strength", "npki.serial-entropy", "rfc5280.country"] {
        assert!(found.contains(&rule.to_owned()), "{rule}: {data}");
    }
    assert_eq!(npki.refused(2, &["lint", text(&key)]).code, "E-FILE-004");
}

#[test]
fn published_crls_are_clean() {
    let country = Country::populated();
    let device = country.certificate("device");
    country.revoke(&device.serial, "superseded");
    country.until_the_crl(tests::country::CrlEntry::Listed, &device.serial);
    let npki = country.installation.somebody("linter");
    let address = certificates::crl_addresses(&device.certificate).remove(0);
    let published = tests::bystander::fetch(&country.installation, &address);
    let file = npki.home().join("issuing.crl");
    std::fs::write(&file, &published.body).unwrap();
    let issuing = country.installation.issuing();
    let (code, data) = lint(&npki, &[text(&file), "--issuer", text(&issuing)]);
    assert_eq!((code, rules(&data)), (0, Vec::new()), "{data}");
    assert_eq!(data["objects"][0]["object"], "crl");
    let (code, data) = lint(&npki, &[text(&file), "--issuer", text(&country.installation.root())]);
    assert!(code == 3 && rules(&data).contains(&"rfc5280.crl-issuer-name".to_owned()), "{data}");
}

#[test]
fn every_rule_is_listed_with_its_clause() {
    let home = tempfile::tempdir().unwrap();
    let (code, data) = lint(&Npki::at_home(home.path()), &["--list"]);
    let rules = data["rules"].as_array().unwrap();
    assert!(code == 0 && rules.len() > 100, "{}", rules.len());
    assert!(rules.iter().all(|rule| rule["clause"].as_str().is_some_and(|clause| !clause.is_empty())));
}
