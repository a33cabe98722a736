//! Whoever asks a responder is answered: while its certificate is exchanged, while the feed is gone and comes back, and while the
//! process is restarted behind a socket that is kept open.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use tests::asker::Asker;
use tests::held_socket::HeldSocket;
use tests::judges::openssl;
use tests::npki::text;
use tests::{Country, FarResponder, certificates};

const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A question about a certificate that is good.
fn question(country: &Country) -> Vec<u8> {
    openssl::ocsp_request(&country.installation, &country.certificate("device").certificate)
}

fn answering(country: &Country) -> FarResponder {
    let mut far = FarResponder::following(&country.installation);
    far.edit_settings(|text| text.replacen("each_second = 1000", "each_second = 0", 1));
    far.start();
    far.certified_by(&country.staff.administrator);
    far.until_ready("ready\n");
    far
}

#[test]
fn while_certificates_are_exchanged() {
    let country = Country::populated_without_pace();
    let far = answering(&country);
    let question = question(&country);
    let own = country.installation.data().join("certificates/responder-issuing.pem");
    let here = Asker::begin(country.installation.http_port(), &question);
    let there = Asker::begin(far.port(), &question);
    for round in 2..=4 {
        // The installation's own gives way when its key is blocked, the other's when it is certified anew.
        let before = std::fs::read(&own).unwrap();
        let block = ["key", "block", text(&own), "--source", "copied from the machine", "--revoke"];
        let blocked = country.staff.administrator.npki.done(&block);
        assert_eq!(blocked["revoked"], serde_json::json!([certificates::serial(&own)]));
        until("another key here", || std::fs::read(&own).unwrap() != before);
        far.certified_by(&country.staff.administrator);
        let exchanged = || far.said().matches("answering with a new certificate ca=issuing").count();
        until("another key there", || exchanged() >= round);
    }
    here.end().never_failed();
    there.end().never_failed();
}

#[test]
fn while_the_feed_is_gone_and_comes_back() {
    let mut country = Country::populated_without_pace();
    let far = answering(&country);
    let asker = Asker::begin(far.port(), &question(&country));
    for round in 1..=2 {
        if round == 1 {
            country.installation.kill9();
        } else {
            country.installation.stop();
        }
        until("the feed is missed", || far.said().matches("the feed is not heard").count() >= round);
        country.installation.start();
        until("the feed is heard", || far.said().matches("the feed is heard").count() >= round);
    }
    let serial = country.certificate("application").serial.clone();
    country.revoke(&serial, "key-compromise");
    far.until_ocsp(&country.installation, &serial, ": revoked");
    asker.end().never_failed();
}

#[test]
fn while_the_process_is_restarted_behind_a_socket_that_is_kept_open() {
    let mut country = Country::populated_without_pace();
    let mut far = answering(&country);
    let question = question(&country);
    far.stop();
    country.installation.stop();
    let folder = country.installation.scratch("held");
    let (here_port, there_port) = (country.installation.http_port(), far.port());
    let mut serve = country.installation.somebody("operator").command();
    serve.args(["serve", "--data", text(&country.installation.data())]);
    let [here_log, there_log] = ["here.log", "there.log"].map(|name| folder.join(name));
    let mut here = HeldSocket::serving(here_port, &serve, &here_log);
    let mut serve = far.operator().command();
    serve.args(["serve", "--role", "responder", "--data", text(&far.data())]);
    let mut there = HeldSocket::serving(there_port, &serve, &there_log);
    // Whoever asks before it is there waits.
    let askers = [here_port, there_port].map(|port| Asker::begin(port, &question));
    let said = |log: &Path| std::fs::read_to_string(log).unwrap();
    let both_answer = |times: usize| {
        until("it is there again", || said(&here_log).matches(" serving service=").count() == times);
        until("it is there again", || said(&there_log).matches(" answering listen=").count() == times);
        // Long enough that answers are under way at the next restart.
        std::thread::sleep(Duration::from_millis(300));
    };
    for round in 1..=3 {
        both_answer(round);
        here.restart();
        there.restart();
    }
    both_answer(4);
    for asker in askers {
        asker.end().never_failed();
    }
    let said = said(&here_log);
    assert_eq!(said.matches("the listener that was handed over is used").count(), 4, "{said}");
}
