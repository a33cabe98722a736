//! Everything npki issues, before programs that npki's authors did not write.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use tests::country::CrlEntry;
use tests::installation::Installation;
use tests::judges::openssl::Nonce;
use tests::judges::pkilint::{self, Inspection, Linter};
use tests::judges::{gnutls, openssl};
use tests::npki::text;
use tests::programs::Program;
use tests::{Country, bystander, certificates, nation};

#[test]
fn openssl_accepts_every_path_with_every_crl() {
    let country = Country::populated();
    let staff = [&country.staff.officer.certificate, &country.staff.administrator.certificate];
    let issued = country.issued.iter().map(|issued| &issued.certificate);
    for certificate in issued.chain(staff) {
        openssl::verify(&country.installation, certificate).succeeded();
        gnutls::verify_chain(&country.installation, &alone(&country, certificate))
            .succeeded()
            .saying("The certificate is trusted");
    }
    let device = country.certificate("device");
    country.revoke(&device.serial, "superseded");
    country.until_the_crl(CrlEntry::Listed, &device.serial);
    let refused = openssl::verify(&country.installation, &device.certificate);
    assert_ne!(refused.code, 0, "the CRL does not list a revoked certificate");
    refused.saying("certificate revoked");
}

/// The first certificate of a file in a file of its own.
fn alone(country: &Country, certificate: &Path) -> PathBuf {
    let der = certificates::der(&std::fs::read(certificate).unwrap());
    let file = country.installation.scratch("alone").join(format!("{}.pem", certificates::sha256(&der)));
    let convert = ["x509", "-in", text(certificate), "-out", text(&file)];
    Program::named("openssl").args(convert).run().succeeded();
    file
}

#[test]
fn responders_answer_good_until_revoked() {
    let country = Country::populated();
    for issued in &country.issued {
        says(&country, &issued.certificate, ": good");
    }
    let seal = country.certificate("organisation-seal");
    country.revoke(&seal.serial, "key-compromise");
    says(&country, &seal.certificate, ": revoked");
    let held = country.certificate("application");
    country.revoke(&held.serial, "certificate-hold");
    says(&country, &held.certificate, ": revoked");
    country.until_the_crl(CrlEntry::Listed, &held.serial);
    country.staff.administrator.npki.done(&["cert", "release", &held.serial]);
    says(&country, &held.certificate, ": good");
    country.until_the_crl(CrlEntry::Absent, &held.serial);
}

/// OpenSSL by POST with and without a nonce, by GET, and GnuTLS: all hear the same.
fn says(country: &Country, certificate: &Path, status: &str) {
    let installation = &country.installation;
    for nonce in [Nonce::Fresh, Nonce::Absent] {
        let (answer, _) = openssl::ocsp_post(installation, certificate, nonce);
        let answer = answer.succeeded().saying("Response verify OK").saying(status);
        assert!(!answer.text().contains("no nonce in response"), "a nonce was not answered");
    }
    openssl::ocsp_get(installation, certificate).succeeded().saying("Response verify OK").saying(status);
    let heard = format!("Certificate Status{status}");
    gnutls::ocsp(installation, certificate).saying("Verifying OCSP Response: Success").saying(&heard);
}

#[test]
fn a_certificate_that_was_never_issued_is_not_good() {
    let country = Country::populated();
    let issuing = country.installation.issuing();
    let asked = ["ocsp", "-issuer", text(&issuing), "-serial", "0x4242424242424242", "-no_nonce"];
    let (root, address) =
        (country.installation.root(), format!("{}/ocsp", country.installation.public_url()));
    let more = ["-url", &address, "-CAfile", text(&root), "-verify_other", text(&issuing)];
    let answer = Program::named("openssl").args(asked).args(more).run();
    let answer = answer.saying("Response verify OK");
    assert!(!answer.text().contains(": good"), "{}", answer.text());
}

/// Which linter, told to expect what, judges the certificates of a profile.
fn linters(profile: &str) -> Vec<Linter> {
    let more: &[Linter] = match profile {
        "person-authentication"
        | "person-authentication-pseudonymous"
        | "person-signature"
        | "person-signature-short-term" => &[pkilint::etsi("NCP-NATURAL-PERSON-CERTIFICATE")],
        "agent"
        | "application"
        | "audit-log-signer"
        | "device"
        | "organisation-seal"
        | "registry-document-signer"
        | "trusted-list-signer"
        | "xroad-security-server"
        | "xroad-signing" => &[pkilint::etsi("NCP-LEGAL-PERSON-CERTIFICATE")],
        "tls-server" => &[pkilint::etsi("OVCP-FINAL-CERTIFICATE"), pkilint::cabf("OV-FINAL-CERTIFICATE")],
        "ocsp-responder" => &[pkilint::cabf("OCSP-RESPONDER")],
        "root-ca" => &[pkilint::cabf("ROOT-CA")],
        "tls-ca" => &[pkilint::cabf("INTERNAL-UNCONSTRAINED-TLS-CA")],
        _ => &[],
    };
    [&[pkilint::PKIX], more].concat()
}

#[test]
fn linters_find_only_what_is_meant() {
    let country = Country::populated();
    let retired = &country.certificate("device").serial;
    country.revoke(retired, "cessation-of-operation");
    country.until_the_crl(CrlEntry::Listed, retired);
    let installation = &country.installation;
    let person = &country.certificate("person-authentication").certificate;
    let (answer, response) = openssl::ocsp_post(installation, person, Nonce::Fresh);
    answer.succeeded();
    let responder = openssl::responder_certificate(&response);
    let officer = alone(&country, &country.staff.officer.certificate);

    let served = nation::served(&country);

    let mut inspection = Inspection::default();
    let leaves = country
        .issued
        .iter()
        .chain(&served)
        .map(|issued| (issued.profile.as_str(), issued.certificate.as_path()));
    let more = [("staff-authentication", officer.as_path()), ("ocsp-responder", responder.as_path())];
    for (profile, certificate) in leaves.chain(more) {
        for linter in linters(profile) {
            inspection.lint(linter, profile, certificate);
        }
        inspection.lint_pair(profile, &installation.issuing(), certificate);
    }
    for (profile, certificate) in [("root-ca", installation.root()), ("issuing-ca", installation.issuing())] {
        for linter in linters(profile) {
            inspection.lint(linter, profile, &certificate);
        }
        inspection.lint_pair(profile, &installation.root(), &certificate);
    }
    inspect_national_cas(&mut inspection);
    inspection.lint(pkilint::OCSP_RESPONSE, "ocsp-response", &response);
    inspection.lint(pkilint::CRL, "crl-issuing", &crl(&country, person));
    inspection.lint(pkilint::ARL, "crl-root", &crl(&country, &installation.issuing()));
    inspection.agrees_with(&pkilint::exceptions());
}

/// The CAs of the national hierarchy, each beside the one that certified it.
fn inspect_national_cas(inspection: &mut Inspection) {
    let national = Installation::fresh_with("national");
    for (ca, issuer) in [
        ("persons", "root"),
        ("seals", "root"),
        ("things", "root"),
        ("timestamping", "root"),
        ("tls", "tls-root"),
    ] {
        let profile = format!("{ca}-ca");
        for linter in linters(&profile) {
            inspection.lint(linter, &profile, &national.ca(ca));
        }
        inspection.lint_pair(&profile, &national.ca(issuer), &national.ca(ca));
    }
    inspection.lint(pkilint::cabf("ROOT-CA"), "root-ca", &national.ca("tls-root"));
}

/// The CRL a certificate names, as published.
fn crl(country: &Country, certificate: &Path) -> PathBuf {
    let address = certificates::crl_addresses(certificate).remove(0);
    let published = bystander::fetch(&country.installation, &address);
    let file =
        country.installation.scratch("crl").join(format!("{}.crl", certificates::sha256(&published.body)));
    std::fs::write(&file, published.body).unwrap();
    file
}

#[test]
fn certificates_name_where_their_issuer_is() {
    let country = Country::populated();
    let der = |pem: PathBuf| certificates::der(&std::fs::read(pem).unwrap());
    let device = &country.certificate("device").certificate;
    for (certificate, issuer) in [
        (device.clone(), country.installation.issuing()),
        (country.installation.issuing(), country.installation.root()),
    ] {
        for address in certificates::issuer_addresses(&certificate) {
            assert_eq!(
                bystander::fetch(&country.installation, &address).body,
                der(issuer.clone()),
                "{address}"
            );
        }
    }
    assert_eq!(certificates::issuer_addresses(device).len(), 1);
}

#[test]
fn openssl_verifies_what_npki_signs() {
    let country = Country::populated();
    let (root, issuing) = (country.installation.root(), country.installation.issuing());
    let npki = country.installation.somebody("signer");
    for (act, profile) in [("seal", "organisation-seal"), ("sign", "person-signature")] {
        let signer = country.certificate(profile);
        let document = npki.home().join(format!("{profile}.txt"));
        std::fs::write(&document, "Khotso, pula, nala.\r\nBinary too: \u{0}\n").unwrap();
        let signature = document.with_extension("txt.p7s");
        let by = ["--cert", text(&signer.chain), "--key", text(&signer.key), "--out", text(&signature)];
        npki.done(&[&[act, text(&document)], &by[..]].concat());
        openssl::cms_verify(&root, &issuing, &document, &signature).succeeded();
        std::fs::write(&document, "Khotso, pula.\n").unwrap();
        assert_ne!(
            openssl::cms_verify(&root, &issuing, &document, &signature).code,
            0,
            "another document passed"
        );
    }
}
