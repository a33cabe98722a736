//! A responder on a machine of its own renews its certificates, until an administrator takes its appointment back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::judges::openssl;
use tests::npki::{Outcome, exit, text};
use tests::programs::{self, Program};
use tests::{Country, FarResponder, Npki, certificates};

const PATIENCE: Duration = Duration::from_secs(60);

/// Half of a responder's certificate is over, and of the next one.
const FIRST: &str = "+16d";
const SECOND: &str = "+32d";

fn current(far: &FarResponder) -> String {
    std::fs::read_to_string(far.data().join("certificates/issuing.pem")).unwrap()
}

#[track_caller]
fn until(what: &str, far: &FarResponder, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}\n{}", far.said());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Runs a command by a clock that is so far ahead.
fn ahead(npki: &Npki, by: &str, arguments: &[&str]) -> Value {
    let mut command = npki.command();
    command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", by);
    command.args(["--json", "--no-input", "--context", "test"]).args(arguments);
    Outcome::of(&mut command).data(exit::DONE)
}

/// What OpenSSL makes of an answer, by a clock that is so far ahead.
fn openssl_accepts(country: &Country, far: &FarResponder, by: &str, serial: &str) -> String {
    let (root, issuing) = (country.installation.root(), country.installation.issuing());
    let serial = format!("0x{serial}");
    let answer = Program::named("faketime").args(["-f", by, "openssl", "ocsp", "-issuer", text(&issuing)]);
    let answer =
        answer.args(["-serial", &serial, "-CAfile", text(&root), "-url", &far.address(), "-resp_text"]);
    answer.run().succeeded().saying("Response verify OK").saying(": good").text()
}

#[test]
fn it_goes_on_by_itself_until_its_appointment_is_taken_back() {
    let mut country = Country::populated();
    let serial = country.certificate("device").serial.clone();
    let renewal = country.installation.url();
    let key = country.installation.data().join("certificates/feed.vkey");
    let feed = country.installation.public_url();
    let arguments = ["--feed", &feed, "--key-file", text(&key), "--renewal", &renewal];
    let mut far = FarResponder::founded(&arguments);
    far.start();
    far.certified_by(&country.staff.administrator);
    far.until_ready("ready\n");
    let first = current(&far);
    let keys = || std::fs::read_dir(far.data().join("keys")).unwrap().count();
    assert_eq!(keys(), 2);

    // Sixteen days later it has new ones: other keys, and the former are gone from its disk.
    far.stop();
    country.installation.stop();
    country.installation.start_with_clock(FIRST);
    far.start_with_clock(FIRST);
    until("renewed", &far, || current(&far) != first && far.said().matches("was renewed").count() == 2);
    let second = current(&far);
    let [before, file] = [("first.pem", &first), ("second.pem", &second)].map(|(name, text)| {
        std::fs::write(far.file(name), text).unwrap();
        far.file(name)
    });
    assert_ne!(openssl::certificate_key(&before), openssl::certificate_key(&file));
    assert_eq!(std::fs::read_dir(far.data().join("keys")).unwrap().count(), 2);
    until("answering with it", &far, || far.said().matches("answering with a new certificate").count() >= 4);
    openssl_accepts(&country, &far, FIRST, &serial);
    assert!(!String::from_utf8(far.readiness().body).unwrap().contains("warning"));
    let administrator = &country.staff.administrator.npki;
    let search = ["audit", "search", "--actor", "responder:alpha", "--action", "certificate.issued"];
    let events = ahead(administrator, FIRST, &search);
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "{events}");

    // An administrator takes the word back: it answers on, and says everywhere that it is not renewed.
    let own = certificates::serial(&file);
    let ending = &own[own.len() - 4..];
    ahead(administrator, FIRST, &["revoke", &own, "--reason", "cessation-of-operation", "--confirm", ending]);
    far.stop();
    country.installation.stop();
    country.installation.start_with_clock(SECOND);
    far.start_with_clock(SECOND);
    until("refused", &far, || far.said().contains("took its appointment back"));
    assert_eq!(current(&far), second);
    let ready = far.readiness();
    let said = String::from_utf8(ready.body.clone()).unwrap();
    assert!(ready.status == 200 && said.contains("warning: the certificate for issuing ends"), "{said}");
    openssl_accepts(&country, &far, SECOND, &serial);
    far.stop();
}
