//! The next generation of a CA: planned in hierarchy.toml, founded, and at work from its day on; the former one still
//! answers for what it issued.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use tests::codes;
use tests::country::{Country, CrlEntry};
use tests::installation::Installation;
use tests::judges::openssl::{self, Branch, Nonce};
use tests::npki::{exit, text};

/// A CA that takes over from the pilot's on a day, RFC 3339.
fn next_generation(from: &str) -> String {
    let issues = [
        "application",
        "device",
        "organisation-seal",
        "person-authentication",
        "person-authentication-pseudonymous",
        "person-signature",
        "staff-authentication",
        "timestamping-unit",
        "tls-server",
    ];
    format!(
        "\n[[ca]]\nid = \"issuing-g2\"\nissuer = \"root\"\nname = \"Issuing CA G2\"\nprofile = \"issuing-ca\"\n\
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
