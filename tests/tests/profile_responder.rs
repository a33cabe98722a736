//! A responder that is opened while the service runs: a change of a profile gives a CA its first certificates that name one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tests::certificates;
use tests::judges::openssl::{self, Branch, Nonce};
use tests::ministry::own_profiles;
use tests::npki::text;
use tests::{Country, Installation, Ministry, census, workspace};

/// How long a node may take to open a responder.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes the responder's address out of every profile that the CA of things issues under.
fn silent(profiles: PathBuf) -> PathBuf {
    let hierarchy =
        std::fs::read_to_string(workspace::root().join("config/hierarchies/national.toml")).unwrap();
    let hierarchy: toml::Table = hierarchy.parse().unwrap();
    let cas = hierarchy["ca"].as_array().unwrap();
    let things = cas.iter().find(|ca| ca["id"].as_str() == Some("things")).unwrap();
    for profile in things["issues"].as_array().unwrap() {
        let file = profiles.join(format!("{}.toml", profile.as_str().unwrap()));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("ocsp = true", "ocsp = false")).unwrap();
    }
    profiles
}

#[test]
fn a_ca_is_given_a_responder_when_its_profile_is_changed() {
    let installation = Installation::planned();
    let scratch = installation.scratch("own");
    let own = silent(own_profiles(&scratch, &[]));
    installation.found(&["--hierarchy", "national", "--profiles", text(&own)]);
    let mut installation = installation;
    installation.start();
    let mut ministry = Ministry::of(Country::settled_in(installation));
    let things = |installation: &Installation| Branch {
        root: installation.ca("root"),
        issuing: installation.ca("things"),
    };
    let branch = things(&ministry.country.installation);
    let officer = &ministry.country.staff.officer.npki;
    let devices = census::devices(officer, &ministry.country.identities, 2);
    let issue = |ministry: &Ministry, device: &str| {
        let staff = &ministry.country.staff;
        staff.issue(&ministry.country.installation, &staff.officer, "device", device)
    };

    // Before, its certificates name no responder, and nobody answers for this CA.
    let before = issue(&ministry, &devices[0]);
    assert_eq!(certificates::ocsp_addresses(&before.certificate), [""; 0]);
    let answer = openssl::ocsp_serial_under(&ministry.country.installation, &branch, &before.serial);
    assert!(answer.code != 0 || !answer.text().contains(": good"), "{}", answer.text());

    let file = ministry.edited("device", "ocsp = false", "ocsp = true");
    ministry.approve(&ministry.propose(&file, &[]));
    let after = issue(&ministry, &devices[1]);
    assert_eq!(certificates::ocsp_addresses(&after.certificate).len(), 1);
    let give_up = Instant::now() + PATIENCE;
    let (answer, response) = loop {
        let asked = openssl::ocsp_post_under(
            &ministry.country.installation,
            &branch,
            &after.certificate,
            Nonce::Fresh,
        );
        if asked.0.code == 0 || Instant::now() > give_up {
            break asked;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    answer.succeeded().saying("Response verify OK").saying(": good");

    // Certified by that very CA, which answers for what it issued before, too, and says what is revoked.
    let responder = openssl::responder_certificate(&response);
    openssl::verify_path(&branch.root, &branch.issuing, &responder).succeeded();
    openssl::ocsp_serial_under(&ministry.country.installation, &branch, &before.serial)
        .succeeded()
        .saying(": good");
    ministry.country.revoke(&after.serial, "key-compromise");
    openssl::ocsp_serial_under(&ministry.country.installation, &branch, &after.serial)
        .succeeded()
        .saying(": revoked");

    // It is there after a restart, and after a power cut, without a change.
    ministry.country.installation.restart();
    openssl::ocsp_serial_under(&ministry.country.installation, &branch, &after.serial)
        .succeeded()
        .saying(": revoked");
    ministry.country.installation.stop();
    ministry.country.installation.audit_is_clean();
}
