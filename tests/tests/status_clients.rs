//! What programs of others make of OCSP and CRLs: Java's PKIXRevocationChecker, and nginx, which staples OCSP answers for its visitors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use tests::country::CrlEntry;
use tests::installation::free_ports;
use tests::nginx::Nginx;
use tests::npki::text;
use tests::programs::Program;
use tests::{Country, workspace};

const PATIENCE: Duration = Duration::from_secs(60);

/// What Java says, over OCSP or CRLs alone.
fn java(country: &Country, over: &str, certificate: &Path) -> String {
    let program = workspace::root().join("tests/judges/Revocation.java");
    let (root, issuing) = (country.installation.root(), country.installation.issuing());
    let arguments = [text(&program), over, text(&root), text(&issuing), text(certificate)];
    let answer = Program::named("java").args(arguments).run().succeeded();
    String::from_utf8(answer.stdout).unwrap().trim().to_owned()
}

#[test]
fn java_is_told_the_same_over_ocsp_and_crls() {
    let country = Country::populated();
    let [good, bad, held] =
        ["device", "application", "person-signature"].map(|profile| country.certificate(profile));
    country.revoke(&bad.serial, "key-compromise");
    country.revoke(&held.serial, "certificate-hold");
    country.until_the_crl(CrlEntry::Listed, &held.serial);
    for over in ["OCSP", "CRL"] {
        assert_eq!(java(&country, over, &good.certificate), "good", "{over}");
        assert_eq!(java(&country, over, &bad.certificate), "revoked KEY_COMPROMISE", "{over}");
        assert_eq!(java(&country, over, &held.certificate), "revoked CERTIFICATE_HOLD", "{over}");
    }
}

/// What a visitor sees of a server's certificate and its stapled answer.
fn visited(country: &Country, port: u16) -> String {
    let (root, address) = (country.installation.root(), format!("127.0.0.1:{port}"));
    let arguments =
        ["s_client", "-connect", &address, "-status", "-CAfile", text(&root), "-verify_return_error"];
    Program::named("openssl").args(arguments).run().succeeded().text()
}

/// Visits until there is a stapled answer.
fn stapled(country: &Country, port: u16, says: &str) -> String {
    let begun = Instant::now();
    loop {
        let said = visited(country, port);
        if said.contains(says) {
            return said;
        }
        // nginx asks when the first visitor comes, who is not kept waiting.
        assert!(begun.elapsed() < PATIENCE, "not {says:?}: {said}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn nginx_staples_what_the_responder_says() {
    let country = Country::populated();
    let server = country.certificate("tls-server");
    let [port, _] = free_ports();
    let (chain, key) = (text(&server.chain), text(&server.key));
    let trust = country.installation.scratch("stapling").join("trust.pem");
    let both = [country.installation.issuing(), country.installation.root()]
        .map(|file| std::fs::read(file).unwrap());
    std::fs::write(&trust, both.concat()).unwrap();
    let nginx = |port: u16| {
        Nginx::with(|plain, _| {
            format!(
                "server {{ listen 127.0.0.1:{plain}; }} server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {chain}; \
                 ssl_certificate_key {key}; ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {}; }}",
                trust.display()
            )
        })
    };
    let running = nginx(port);
    let said = stapled(&country, port, "OCSP Response Status: successful");
    assert!(said.contains("Cert Status: good") && said.contains("Verify return code: 0 (ok)"), "{said}");
    drop(running);

    // Another one, started after the certificate was revoked, hears that it is, and has nothing good to tell.
    country.revoke(&server.serial, "key-compromise");
    let [port, _] = free_ports();
    let running = nginx(port);
    let log = running.folder().join("error.log");
    let hears = "certificate status \"revoked\" in the OCSP response";
    let begun = Instant::now();
    loop {
        let said = visited(&country, port);
        assert!(said.contains("OCSP response: no response sent"), "{said}");
        let heard = std::fs::read_to_string(&log).unwrap_or_default();
        if heard.contains(hears) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "not {hears:?}: {heard}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
