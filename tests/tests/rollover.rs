//! The next generation of a CA: planned in hierarchy.toml, founded, and at work from its day on; the former one still
//! answers for what it issued.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use tests::bystander;
use tests::certificates::Issued;
use tests::codes;
use tests::country::{Country, CrlEntry};
use tests::installation::Installation;
use tests::judges::openssl::{self, Branch, Nonce};
use tests::npki::{exit, text};
use tests::programs::Program;

/// The policies of applications and devices.
const APPLICATION: &str = "1.3.6.1.4.1.32473.426.1.6.1";
const DEVICE: &str = "1.3.6.1.4.1.32473.426.1.5.1";

/// A CA that takes over from the pilot's on a day, RFC 3339.
fn next_generation(from: &str) -> String {
    generation(from, "root")
}

/// The same, certified by this root.
fn generation(from: &str, root: &str) -> String {
    let issues = [
        "agent",
        "application",
        "audit-log-signer",
        "device",
        "organisation-seal",
        "person-authentication",
        "person-authentication-pseudonymous",
        "person-signature",
        "person-signature-short-term",
        "registry-document-signer",
        "staff-authentication",
        "timestamping-unit",
        "tls-server",
        "trusted-list-signer",
        "xroad-security-server",
        "xroad-signing",
    ];
    format!(
        "\n[[ca]]\nid = \"issuing-g2\"\nissuer = \"{root}\"\nname = \"Issuing CA G2\"\nprofile = \"issuing-ca\"\n\
         key = \"p384\"\nissues = {issues:?}\nissues_from = \"{from}\"\n"
    )
}

fn plan(data: &Path, more: &str) {
    let path = data.join("hierarchy.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}{more}")).unwrap();
}

#[test]
fn the_next_generation_takes_over_and_the_former_still_answers() {
    let mut country = Country::settled();
    let before = country.staff.issue(
        &country.installation,
        &country.staff.officer,
        "device",
        &country.identities.device,
    );
    let data = country.installation.data();
    let operator = country.installation.somebody("operator");
    country.installation.stop();
    plan(&data, &next_generation("2026-01-01T00:00:00Z"));
    let founded = operator.done(&["ca", "found", "--data", text(&data)]);
    assert_eq!(founded["cas"][0]["id"], "issuing-g2", "{founded}");
    country.installation.start();

    let installation = &country.installation;
    let officer = &country.staff.officer;
    let after = country.staff.issue(installation, officer, "application", &country.identities.application);
    let issuer = |serial: &str| officer.npki.done(&["cert", "show", serial])["issuer"].clone();
    assert_eq!((issuer(&before.serial), issuer(&after.serial)), ("issuing".into(), "issuing-g2".into()));

    let former = Branch::of_a_pilot(installation);
    let next = Branch { root: installation.root(), issuing: installation.ca("issuing-g2") };
    for (branch, issued) in [(&former, &before), (&next, &after)] {
        openssl::verify_under(installation, branch, &issued.certificate).succeeded();
        let (answer, _) = openssl::ocsp_post_under(installation, branch, &issued.certificate, Nonce::Fresh);
        answer.succeeded().saying("Response verify OK").saying(": good");
    }
    // A revocation under the former CA is in its CRL, and in no other.
    country.revoke(&before.serial, "superseded");
    country.until_crl_of("issuing", CrlEntry::Listed, &before.serial);
    country.until_crl_of("issuing-g2", CrlEntry::Absent, &before.serial);
    let listed = officer.npki.done(&["ca", "list"]);
    let issuing = |id: &str| {
        let cas = listed["items"].as_array().unwrap();
        cas.iter().find(|ca| ca["id"] == id).unwrap()["issuing"].clone()
    };
    assert_eq!([issuing("root"), issuing("issuing"), issuing("issuing-g2")], [false, true, true], "{listed}");
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn a_new_root_and_the_old_one_vouch_for_each_other() {
    let mut country = Country::settled();
    let officer = &country.staff.officer;
    let before = country.staff.issue(&country.installation, officer, "device", &country.identities.device);
    let (data, old_anchors) =
        (country.installation.data(), country.installation.scratch("old").join("anchors.pem"));
    std::fs::copy(country.installation.trust(), &old_anchors).unwrap();
    let operator = country.installation.somebody("operator");
    country.installation.stop();
    let root = "\n[[ca]]\nid = \"root-g2\"\nname = \"National Root CA G2\"\nprofile = \"root-ca\"\nkey = \"p384\"\n\
                succeeds = \"root\"\n";
    plan(&data, &format!("{root}{}", generation("2026-01-01T00:00:00Z", "root-g2")));
    let founded = operator.done(&["ca", "found", "--data", text(&data)]);
    assert_eq!(founded["cas"].as_array().unwrap().len(), 2, "{founded}");
    country.installation.start();

    let installation = &country.installation;
    let officer = &country.staff.officer;
    let after = country.staff.issue(installation, officer, "application", &country.identities.application);
    let (old, new) = (installation.root(), installation.ca("root-g2"));
    let (old_ca, new_ca) = (installation.issuing(), installation.ca("issuing-g2"));
    // Without the link nobody gets from one root to the other.
    assert_ne!(openssl::verify_path(&old, &new_ca, &after.certificate).code, 0);
    openssl::verify_over_links(installation, &old, "root-g2", &new_ca, (&after.certificate, APPLICATION))
        .succeeded();
    openssl::verify_over_links(installation, &new, "root", &old_ca, (&before.certificate, DEVICE))
        .succeeded();
    // What is handed to subscribers brings the link along, so that those who only know the old root believe it at once;
    // npki judges as OpenSSL does.
    let chain = after.certificate.with_file_name("chain.pem");
    let said = officer.npki.done(&["verify", text(&chain), "--trust", text(&old_anchors)]);
    assert_eq!(said["verdict"], "valid", "{said}");
    let shown = officer.npki.done(&["ca", "show", "root-g2"]);
    assert_eq!(shown["links"][0]["issuer"], "root", "{shown}");
    let anchors = std::fs::read_to_string(installation.trust()).unwrap();
    assert_eq!(anchors.matches("BEGIN CERTIFICATE").count(), 2);

    // Found again, nothing is made twice.
    country.installation.stop();
    country.installation.audit_is_clean();
    let signatures = operator.done(&["audit", "signatures", "--data", text(&data)]);
    assert_eq!(signatures["verdict"], "clean", "{signatures}");
    let again = operator.refused(exit::FAILED, &["ca", "found", "--data", text(&data)]);
    assert!(again.detail.contains("every CA"), "{again:?}");
}

/// Things' next generation; what the former one may not do any more.
fn things_handed_over(hierarchy: &str) -> String {
    let former = "id = \"things\"\n";
    assert!(hierarchy.contains(former));
    let ended = hierarchy.replace(former, &format!("{former}issues_until = \"2026-01-02T00:00:00Z\"\n"));
    format!(
        "{ended}\n[[ca]]\nid = \"things-g2\"\nissuer = \"root\"\nname = \"Things CA G2\"\nprofile = \"things-ca\"\n\
         key = \"p384\"\nissues = [\"device\", \"application\", \"agent\", \"xroad-security-server\"]\n\
         issues_from = \"2026-01-01T00:00:00Z\"\n"
    )
}

#[test]
fn a_former_generation_is_retired_and_its_last_crl_is_published_for_ever() {
    let mut country = Country::settled_in(Installation::fresh_with("national"));
    let (data, operator) = (country.installation.data(), country.installation.somebody("operator"));
    let officer = &country.staff.officer;
    let before = country.staff.issue(&country.installation, officer, "device", &country.identities.device);
    country.installation.stop();
    let retire = ["ca", "retire", "things", "--data", text(&data), "--reason", "succeeded by G2"];
    let refused = |why: &str| {
        let refused = operator.refused(exit::FAILED, &retire);
        assert!(refused.detail.contains(why), "{refused:?}");
    };
    refused("has not stopped issuing");
    let path = data.join("hierarchy.toml");
    let hierarchy = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, things_handed_over(&hierarchy)).unwrap();
    operator.done(&["ca", "found", "--data", text(&data)]);
    refused(&before.serial);
    refused("npki campaign start");
    country.installation.audit_is_clean();
    country.installation.start();
    country.revoke(&before.serial, "superseded");
    country.until_crl_of("things", CrlEntry::Listed, &before.serial);
    country.installation.stop();

    let retired = operator.done(&retire);
    assert_eq!(
        (&retired["ca"], retired["crls"].as_array().unwrap().len()),
        (&"things".into(), 1),
        "{retired}"
    );
    assert_eq!(operator.done(&retire), retired, "done again it changes nothing");
    // Nobody needs its key any more.
    std::fs::remove_file(data.join("keys/things.key")).unwrap();
    country.installation.start();
    ended(&country, &before);
    country.installation.stop();
    country.installation.audit_is_clean();
    let signatures = operator.done(&["audit", "signatures", "--data", text(&data)]);
    assert_eq!(signatures["verdict"], "clean", "{signatures}");
    refused("keys/things.key");
}

/// The last CRL is what OpenSSL takes, forever; nobody answers for the CA, and the next one issues.
fn ended(country: &Country, before: &Issued) {
    let (installation, officer) = (&country.installation, &country.staff.officer);
    let branch = Branch { root: installation.ca("root"), issuing: installation.ca("things") };
    let file = installation.scratch("last").join("things.crl");
    let address = format!("{}/crl/things.crl", installation.public_url());
    std::fs::write(&file, bystander::fetch(installation, &address).body).unwrap();
    Program::named("openssl")
        .args(["crl", "-noout", "-nextupdate", "-CAfile", text(&branch.issuing), "-in", text(&file)])
        .run()
        .succeeded()
        .saying("verify OK")
        .saying("nextUpdate=Dec 31 23:59:59 9999 GMT");
    openssl::verify_under(installation, &branch, &before.certificate).saying("certificate revoked");
    let status = officer.npki.answered(exit::NO, &["status", &before.serial, "--trust", text(&branch.root)]);
    assert_eq!(status["status"], "revoked", "{status}");
    let shown = officer.npki.done(&["ca", "show", "things"]);
    assert_eq!((&shown["crl_state"], &shown["issuing"]), (&"last".into(), &false.into()), "{shown}");
    assert!(shown["retired"].is_string(), "{shown}");
    let after = country.staff.issue(installation, officer, "application", &country.identities.application);
    let shown = officer.npki.done(&["cert", "show", &after.serial]);
    assert_eq!(shown["issuer"], "things-g2", "{shown}");
}

#[test]
fn a_plan_that_does_not_fit_changes_nothing() {
    let mut installation = Installation::founded();
    let data = installation.data();
    let operator = installation.somebody("operator");
    let nothing = operator.refused(exit::FAILED, &["ca", "found", "--data", text(&data)]);
    assert!(nothing.detail.contains("every CA of hierarchy.toml is founded"), "{nothing:?}");
    // Two CAs that would issue at the same time: nobody could say which does.
    let whole = std::fs::read_to_string(data.join("hierarchy.toml")).unwrap();
    let undated = next_generation("x").replace("issues_from = \"x\"\n", "");
    plan(&data, &undated);
    let refused = operator.refused(exit::USAGE, &["ca", "found", "--data", text(&data)]);
    assert_eq!(refused.code, codes::SERVICE_SETTINGS);
    assert!(refused.detail.contains("say issues_from and issues_until"), "{refused:?}");
    assert!(!installation.ca("issuing-g2").exists());
    // A CA that is planned and not founded keeps the service from starting, with a reason that says so.
    std::fs::write(data.join("hierarchy.toml"), &whole).unwrap();
    plan(&data, &next_generation("2030-01-01T00:00:00Z"));
    let refused = operator.refused(exit::FAILED, &["serve", "--data", text(&data)]);
    assert!(refused.detail.contains("issuing-g2"), "{refused:?}");
    assert!(refused.detail.contains("not founded"), "{refused:?}");
    operator.done(&["ca", "found", "--data", text(&data)]);
    installation.start();
}
