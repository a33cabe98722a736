//! Certification requests of the programs that people use: each is issued, for exactly the key that was sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;

use tests::judges::openssl;
use tests::npki::text;
use tests::requests::{self, OpensslKey};
use tests::{Country, answers};

const ADMITTED: [OpensslKey; 7] = [
    requests::P256,
    requests::P384,
    requests::P384_SHA256,
    requests::RSA2048,
    requests::RSA3072,
    requests::RSA4096,
    requests::ED25519,
];

#[test]
fn openssl_requests_are_issued_for_their_own_keys() {
    let country = Country::settled();
    let folder = country.installation.scratch("openssl");
    for key in &ADMITTED {
        issued_for_its_key(&country, &requests::openssl(&folder, key));
    }
}

#[test]
fn requests_of_other_programs_are_issued() {
    let country = Country::settled();
    let folder = country.installation.scratch("others");
    issued_for_its_key(&country, &requests::certtool(&folder));
    issued_for_its_key(&country, &requests::keytool(&folder));
}

#[test]
fn a_request_in_der_is_issued() {
    let country = Country::settled();
    let folder = country.installation.scratch("der");
    let (pem, der) = (requests::openssl(&folder, &requests::P256), folder.join("request.der"));
    std::fs::write(&der, requests::der(&pem)).unwrap();
    let serial = issue(&country, &der);
    assert!(!serial.is_empty());
}

/// What the applicant writes into a request as a name never reaches the certificate.
#[test]
fn names_come_from_the_registry_alone() {
    let country = Country::settled();
    let folder = country.installation.scratch("names");
    let subject = "/C=ZZ/O=Bank of Somewhere Else/CN=root";
    let request = requests::openssl_with_subject(&folder, &requests::P256, subject);
    let serial = issue(&country, &request);
    let shown = country.staff.officer.npki.done(&["cert", "show", &serial]);
    let name = answers::text(&shown, "subject");
    assert!(name.contains("RSL-GATE-0001") && !name.contains("Somewhere Else"), "{name}");
}

fn issued_for_its_key(country: &Country, request: &Path) {
    let serial = issue(country, request);
    let certificate = request.with_extension("issued.pem");
    country.staff.officer.npki.done(&["cert", "download", &serial, "--out", text(&certificate)]);
    assert_eq!(
        openssl::certificate_key(&certificate),
        openssl::request_key(request),
        "{} was issued for another key",
        request.display()
    );
    openssl::verify(&country.installation, &certificate).succeeded();
}

/// Asks for a device's certificate; its serial number.
fn issue(country: &Country, request: &Path) -> String {
    let ask = ["cert", "request", "--profile", "device", "--identity", &country.identities.device];
    let answer = country.staff.officer.npki.done(&[&ask[..], &["--csr", text(request)]].concat());
    let request = answers::request(&answer);
    assert_eq!(request["status"], "issued", "{answer}");
    answers::text(request, "serial").to_owned()
}
