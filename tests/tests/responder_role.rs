//! A responder on a machine of its own: without the CA, its database and, for a day, its feed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;
use std::time::Duration;

use tests::npki::text;
use tests::{Country, FarResponder, census};

const NEVER_ISSUED: &str = "4100000000000000000000000000000a";

#[test]
fn it_answers_while_the_installation_is_gone_and_says_so_when_it_knows_too_little() {
    let mut country = Country::populated();
    let serial = |country: &Country, profile: &str| country.certificate(profile).serial.clone();
    let (good, gone) = (serial(&country, "device"), serial(&country, "person-signature"));
    let mut far = FarResponder::following(&country.installation);
    far.start();
    far.until_ready("no responder certificate");
    assert_eq!(far.readiness().status, 503);
    far.ocsp(&country.installation, &good).saying("unauthorized");
    far.certified_by(&country.staff.administrator);
    far.until_ready("ready\n");

    far.ocsp(&country.installation, &good).succeeded().saying("Response verify OK").saying(": good");
    far.ocsp(&country.installation, NEVER_ISSUED).saying(": unknown");
    country.revoke(&gone, "key-compromise");
    let seen = far.until_ocsp(&country.installation, &gone, ": revoked");
    assert!(seen < Duration::from_secs(5), "{seen:?}");
    far.ocsp(&country.installation, &gone).succeeded().saying("Reason: keyCompromise");
    let officer = &country.staff.officer;
    let device = census::devices(&officer.npki, &country.identities, 1).remove(0);
    let fresh = country.staff.issue(&country.installation, officer, "device", &device);
    far.until_ocsp(&country.installation, &fresh.serial, ": good");

    // The installation is gone; then there was a power cut here, too.
    country.installation.kill9();
    let knows = |far: &FarResponder, country: &Country| {
        far.ocsp(&country.installation, &good).succeeded().saying("Response verify OK").saying(": good");
        far.ocsp(&country.installation, &fresh.serial).succeeded().saying(": good");
        far.ocsp(&country.installation, &gone).succeeded().saying(": revoked");
        far.ocsp(&country.installation, NEVER_ISSUED).saying(": unknown");
    };
    knows(&far, &country);
    far.kill9();
    far.start();
    knows(&far, &country);
    far.stop();

    // Ten hours later it still answers, and says of when that is; after a day it says that it cannot tell.
    far.start_with_clock("+10h");
    far.ocsp(&country.installation, &good).succeeded().saying(": good");
    far.until_ready("ready\n");
    far.stop();
    far.start_with_clock("+25h");
    for serial in [&good, &gone, NEVER_ISSUED] {
        far.ocsp(&country.installation, serial).saying("trylater");
    }
    far.until_ready("too old to be told");
    assert_eq!(far.readiness().status, 503);
    far.stop();

    // Both are back: it goes on where it was.
    country.installation.start();
    far.start();
    country.revoke(&good, "superseded");
    far.until_ocsp(&country.installation, &good, ": revoked");
    far.until_ready("ready\n");
}

fn export(country: &Country, out: &Path, after: Option<&Path>) {
    let (data, operator) = (country.installation.data(), country.installation.somebody("operator"));
    let mut arguments = vec!["feed", "export", "--data", text(&data), "--out", text(out)];
    arguments.extend(after.iter().flat_map(|after| ["--after", text(after)]));
    operator.done(&arguments);
}

#[test]
fn files_that_are_carried_by_hand_do_the_same_and_nothing_else_is_taken() {
    let country = Country::populated();
    let serial = country.certificate("device").serial.clone();
    let key = country.installation.data().join("certificates/feed.vkey");
    let mut far = FarResponder::founded(&["--key-file", text(&key)]);
    let (operator, data) = (far.operator(), far.data());
    let refused = operator
        .refused(1, &["responder", "request", "--data", text(&data), "--out", text(&far.file("none"))]);
    assert!(refused.detail.contains("npki responder import"), "{refused:?}");

    // Before it runs, and while it does.
    let (first, second) = (far.file("first.feed"), far.file("second.feed"));
    export(&country, &first, None);
    let import = |file: &Path| ["responder", "import", text(file), "--data", text(&data)].map(str::to_owned);
    let bring = |file: &Path| operator.done(&import(file).each_ref().map(String::as_str));
    assert_eq!(bring(&first)["changed"], true);
    far.certified_by(&country.staff.administrator);
    far.start();
    far.until_ready("ready\n");
    far.ocsp(&country.installation, &serial).succeeded().saying("Response verify OK").saying(": good");
    country.revoke(&serial, "key-compromise");
    export(&country, &second, Some(&first));
    assert_eq!(bring(&second)["changed"], true);
    far.ocsp(&country.installation, &serial).succeeded().saying(": revoked");

    // The same again, an older one, an altered one, another installation's, something else.
    let refuse = |file: &Path| {
        let refused = operator.refused(3, &import(file).each_ref().map(String::as_str));
        assert_eq!(refused.code, "E-FEED-002", "{}", file.display());
    };
    refuse(&second);
    refuse(&first);
    let mut octets = std::fs::read(&second).unwrap();
    *octets.last_mut().unwrap() ^= 1;
    let altered = far.file("altered.feed");
    std::fs::write(&altered, octets).unwrap();
    refuse(&altered);
    refuse(&country.installation.root());
    let other = Country::settled();
    let foreign = far.file("foreign.feed");
    export(&other, &foreign, None);
    refuse(&foreign);
    far.ocsp(&country.installation, &serial).succeeded().saying(": revoked");
    far.kill9();
    far.start();
    far.ocsp(&country.installation, &serial).succeeded().saying(": revoked");

    // Certificates of another responder's request, and a second process on the same folder.
    let stranger = FarResponder::founded(&["--key-file", text(&key)]);
    let taken = stranger.operator().refused(
        1,
        &["responder", "accept", text(&far.file("certificates")), "--data", text(&stranger.data())],
    );
    assert!(taken.detail.contains("another request"), "{taken:?}");
    let second = far.operator().refused(6, &["serve", "--role", "responder", "--data", text(&far.data())]);
    assert_eq!(second.code, "E-FEED-004");
}
