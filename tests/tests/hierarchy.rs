//! The national hierarchy: a root with a CA for each kind, and a tree of its own for TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tests::bystander;
use tests::certificates::{self, Issued};
use tests::country::Country;
use tests::installation::Installation;
use tests::judges::openssl::{self, Branch, Nonce};
use tests::nation;
use tests::npki::text;
use tests::programs::Program;

/// Which CA issues under a profile, and which root it leads to.
fn branch(installation: &Installation, profile: &str) -> (&'static str, Branch) {
    let (issuing, root) = match profile {
        "person-authentication"
        | "person-authentication-pseudonymous"
        | "person-signature"
        | "person-signature-short-term" => ("persons", "root"),
        "audit-log-signer"
        | "organisation-seal"
        | "registry-document-signer"
        | "trusted-list-signer"
        | "xroad-signing" => ("seals", "root"),
        "agent" | "application" | "device" | "xroad-security-server" => ("things", "root"),
        "tls-server" => ("tls", "tls-root"),
        other => panic!("nobody issues {other}"),
    };
    (issuing, Branch { root: installation.ca(root), issuing: installation.ca(issuing) })
}

/// The policy that a profile asserts: its place below the country's arc.
fn policy(profile: &str) -> &'static str {
    match profile {
        "person-authentication" => "1.1",
        "person-authentication-pseudonymous" => "1.2",
        "person-signature" => "2.1",
        "person-signature-short-term" => "2.2",
        "organisation-seal" | "xroad-signing" => "3.1",
        "tls-server" => "4.1",
        "device" => "5.1",
        "application" | "xroad-security-server" => "6.1",
        "agent" => "6.2",
        "registry-document-signer" => "9.1",
        "trusted-list-signer" => "9.2",
        "audit-log-signer" => "9.3",
        other => panic!("{other} has no policy"),
    }
}

#[test]
fn each_kind_has_its_ca_and_nothing_is_believed_elsewhere() {
    let country = Country::populated_in(Installation::fresh_with("national"));
    a_nation_s_certificates_are_of_their_cas(&country);
    each_certificate_is_of_its_ca(&country);
    nothing_of_one_tree_is_believed_under_the_other(&country);
    a_revocation_is_in_the_crl_of_its_own_ca_alone(&country);
}

fn each_certificate_is_of_its_ca(country: &Country) {
    let installation = &country.installation;
    for issued in &country.issued {
        let (ca, branch) = branch(installation, &issued.profile);
        let shown = country.staff.officer.npki.done(&["cert", "show", &issued.serial]);
        assert_eq!(shown["issuer"], ca, "{shown}");
        openssl::verify_under(installation, &branch, &issued.certificate).succeeded();
        under_its_policy(&branch, issued);
        let (answer, _) = openssl::ocsp_post_under(installation, &branch, &issued.certificate, Nonce::Fresh);
        answer.succeeded().saying("Response verify OK").saying(": good");
        let named = certificates::crl_addresses(&issued.certificate).remove(0);
        assert!(named.ends_with(&format!("/crl/{ca}.crl")), "{named}");
    }
}

/// Those that nobody asks about too: they name neither responder nor CRL.
fn a_nation_s_certificates_are_of_their_cas(country: &Country) {
    for issued in nation::served(country) {
        let (ca, branch) = branch(&country.installation, &issued.profile);
        let shown = country.staff.officer.npki.done(&["cert", "show", &issued.serial]);
        assert_eq!(shown["issuer"], ca, "{shown}");
        openssl::verify_path(&branch.root, &branch.issuing, &issued.certificate).succeeded();
        under_its_policy(&branch, &issued);
    }
}

/// Policies are compared as whole identifiers along the path (RFC 5280 section 6.1.3).
fn under_its_policy(branch: &Branch, issued: &Issued) {
    let oid = format!("1.3.6.1.4.1.32473.426.1.{}", policy(&issued.profile));
    openssl::verify_policy(&branch.root, &branch.issuing, &issued.certificate, &oid).succeeded();
}

fn a_revocation_is_in_the_crl_of_its_own_ca_alone(country: &Country) {
    let installation = &country.installation;
    let device = country.certificate("device");
    country.revoke(&device.serial, "key-compromise");
    let (_, things) = branch(installation, "device");
    let (answer, _) = openssl::ocsp_post_under(installation, &things, &device.certificate, Nonce::Fresh);
    answer.saying(": revoked");
    country.until_crl_of("things", tests::country::CrlEntry::Listed, &device.serial);
    for other in ["root", "persons", "seals", "timestamping", "tls-root", "tls"] {
        let address = format!("{}/crl/{other}.crl", installation.public_url());
        let crl = bystander::fetch(installation, &address).body;
        assert!(certificates::crl_serials(&crl).is_empty(), "{other} lists something");
    }
    let seen = country.staff.officer.npki.answered(
        tests::npki::exit::NO,
        &["status", text(&device.certificate), "--trust", text(&installation.trust())],
    );
    assert_eq!(seen["status"], "revoked", "{seen}");
}

fn nothing_of_one_tree_is_believed_under_the_other(country: &Country) {
    let installation = &country.installation;
    let server = country.certificate("tls-server");
    let things = branch(installation, "device").1;
    let wrong = openssl::verify_path(&installation.ca("root"), &things.issuing, &server.certificate);
    assert_ne!(wrong.code, 0, "the national root vouches for a TLS server");
    // And a device is no TLS server, even where both roots are trusted.
    let device = country.certificate("device");
    let trust = installation.trust();
    let asked =
        ["verify", "-purpose", "sslserver", "-CAfile", text(&trust), "-untrusted", text(&things.issuing)];
    let asked = Program::named("openssl").args(asked).args([text(&device.certificate)]).run();
    assert_ne!(asked.code, 0, "a device passes for a TLS server");
}

#[test]
fn a_ca_can_be_revoked_while_its_root_is_at_hand() {
    let country = Country::settled_in(Installation::fresh_with("national"));
    let installation = &country.installation;
    let seals = certificates::serial(&installation.ca("seals"));
    country.revoke(&seals, "cessation-of-operation");
    country.until_crl_of("root", tests::country::CrlEntry::Listed, &seals);
}
