//! The judges themselves: one that never says no proves nothing, and one that is absent must not pass in silence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;

use tempfile::TempDir;
use tests::judges::openssl;
use tests::judges::pkilint::{self, Inspection};
use tests::npki::text;
use tests::programs::Program;
use tests::requests;

/// A self-signed certificate that breaks RFC 5280 section 4.2.1.3: a CA without keyUsage.
fn careless_ca(folder: &Path, name: &str) -> std::path::PathBuf {
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    let make = ["req", "-x509", "-nodes", "-days", "3", "-subj", "/CN=careless", "-newkey", "ec"];
    let more = ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", text(&key), "-out", text(&certificate)];
    Program::named("openssl").args(make).args(more).run().succeeded();
    certificate
}

#[test]
fn linters_see_faults_and_exceptions_must_occur() {
    let folder = TempDir::new().unwrap();
    let mut inspection = Inspection::default();
    inspection.lint(pkilint::PKIX, "careless", &careless_ca(folder.path(), "ca"));
    let nothing_is_meant = std::collections::BTreeSet::new();
    assert!(std::panic::catch_unwind(|| inspection.agrees_with(&nothing_is_meant)).is_err());

    let meant = pkilint::Finding {
        tool: "lint_pkix_cert".to_owned(),
        kind: String::new(),
        profile: "careless".to_owned(),
        code: "pkix.ca_certificate_no_ku_extension".to_owned(),
    };
    inspection.agrees_with(&[meant.clone()].into());
    let gone = pkilint::Finding { code: "pkix.something_else".to_owned(), ..meant.clone() };
    assert!(std::panic::catch_unwind(|| inspection.agrees_with(&[meant, gone].into())).is_err());
    pkilint::exceptions();
}

#[test]
fn openssl_refuses_a_path_from_elsewhere() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (careless_ca(folder.path(), "one"), careless_ca(folder.path(), "other"));
    assert_ne!(openssl::verify_path(&one, &one, &other).code, 0);
}

#[test]
fn an_absent_judge_is_a_fault() {
    assert!(std::panic::catch_unwind(|| Program::named("a-judge-nobody-has-installed")).is_err());
}

#[test]
fn requests_are_what_they_are_called() {
    let folder = TempDir::new().unwrap();
    for (key, words) in [
        (requests::P384_SHA256, &["NIST CURVE: P-384", "ecdsa-with-SHA256"][..]),
        (requests::P521, &["NIST CURVE: P-521"]),
        (requests::RSA1024, &["1024 bit"]),
        (requests::ED25519, &["ED25519"]),
    ] {
        let request = requests::openssl(folder.path(), &key);
        let shown = Program::named("openssl").args(["req", "-noout", "-text", "-in", text(&request)]).run();
        words.iter().fold(shown.succeeded(), |shown, word| shown.saying(word));
    }
    for request in [requests::certtool(folder.path()), requests::keytool(folder.path())] {
        assert!(openssl::request_key(&request).contains("BEGIN PUBLIC KEY"));
        assert_eq!(requests::der(&request).first(), Some(&0x30));
    }
}
