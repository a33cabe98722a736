//! `npki profile simulate`: what a changed profile would do to requests that were made, before anybody proposes it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;

use serde_json::Value;
use tests::certificates::sha256;
use tests::npki::{exit, text};
use tests::requests::{self, OpensslKey};
use tests::{Country, Ministry, answers, census};

/// Has a certificate issued for a device's key; the request's identifier.
fn issue(ministry: &Ministry, key: &OpensslKey) -> String {
    let folder = ministry.country.installation.scratch("requests");
    let csr = requests::openssl(&folder, key);
    let staff = &ministry.country.staff;
    answers::id(&staff.issue_for("device", &ministry.country.identities.device, &csr))
}

fn simulate(ministry: &Ministry, file: &Path, more: &[&str]) -> Value {
    let words = ["profile", "simulate", text(file)];
    ministry.country.staff.administrator.npki.done(&[&words, more].concat())
}

#[track_caller]
fn effect<'a>(found: &'a Value, effect: &str, detail: Option<&str>) -> &'a Value {
    let effects = found["effects"].as_array().unwrap();
    let is = |it: &&Value| it["effect"] == effect && it["detail"].as_str() == detail;
    effects.iter().find(is).unwrap_or_else(|| panic!("no {effect} {detail:?} in {found}"))
}

#[test]
fn a_change_is_tried_on_the_requests_that_were_made() {
    let ministry = Ministry::of(Country::settled());
    let p256 = [issue(&ministry, &requests::P256), issue(&ministry, &requests::P256)];
    let rsa = issue(&ministry, &requests::RSA2048);
    let census = census::Census::of(&ministry.country.staff.officer.rest);

    // What is in force does nothing to anybody.
    let same = ministry.edited("device", "# device", "# a comment and nothing else\n# device");
    let found = simulate(&ministry, &same, &[]);
    assert_eq!((&found["requests"], &found["erased"]), (&3.into(), &0.into()), "{found}");
    assert_eq!(effect(&found, "same", None)["count"], 3, "{found}");

    // What was admitted is refused, by rule and with the requests; the others' certificates differ in one part.
    let file = ministry.edited("device", "\"p256\", \"p384\", \"ed25519\"", "\"p384\", \"ed25519\"");
    let shorter =
        std::fs::read_to_string(&file).unwrap().replace("validity_days = 365", "validity_days = 30");
    std::fs::write(&file, shorter).unwrap();
    let found = simulate(&ministry, &file, &[]);
    let effects = found["effects"].as_array().unwrap();
    let refused = effects.iter().find(|it| it["effect"] == "refused-now").expect("something is refused now");
    assert!(answers::text(refused, "detail").starts_with("key-not-admitted"), "{found}");
    assert_eq!((&refused["count"], &refused["status"]), (&2.into(), &"issued".into()), "{found}");
    let mut examples: Vec<_> =
        refused["examples"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    examples.sort_unstable();
    let mut asked: Vec<_> = p256.iter().map(String::as_str).collect();
    asked.sort_unstable();
    assert_eq!(examples, asked, "each is named");
    let differs = effect(&found, "differs", Some("validity changed"));
    assert_eq!((&differs["count"], &differs["examples"][0]), (&1.into(), &rsa.as_str().into()), "{found}");
    let told = found.to_string();
    assert!(!told.contains("RSL-GATE-0001") && !told.contains("Revenue"), "it names somebody: {told}");

    // For people.
    let administrator = &ministry.country.staff.administrator.npki;
    let page = administrator.run_as_text(&["profile", "simulate", text(&file)]);
    let page = &page.exits(exit::DONE).stdout;
    for said in ["differs", "profile device, 3 requests", "refused-now", "validity changed", rsa.as_str()] {
        assert!(page.contains(said), "no {said:?} in\n{page}");
    }

    // Nothing came of it but an event, which names the very text.
    census.is_unchanged(&ministry.country.staff.officer.rest, "a simulation");
    assert_eq!(ministry.days("device"), 365);
    let waiting = administrator.done(&["profile", "proposals"]);
    assert!(answers::items(&waiting).is_empty(), "{waiting}");
    let events =
        ministry.country.staff.auditor.npki.done(&["audit", "search", "--action", "profile.simulated"]);
    let digest = sha256(&std::fs::read(&file).unwrap());
    let tried = answers::items(&events).iter().filter(|event| event["detail"]["sha256"] == digest.as_str());
    assert_eq!(tried.count(), 2, "{events}");
}

#[test]
fn requests_that_wait_are_tried_too_and_old_ones_left_out() {
    let ministry = Ministry::of(Country::settled());
    let (staff, person) = (&ministry.country.staff, &ministry.country.identities.person);
    let out = ministry.country.installation.scratch("waiting");
    let ask = ["cert", "request", "--profile", "person-signature", "--identity", person, "--generate"];
    let asked = staff.officer.npki.answered(exit::WAITING, &[&ask[..], &["--out", text(&out)]].concat());
    let id = answers::id(answers::request(&asked));
    let file = ministry.edited("person-signature", "approvals = 1", "approvals = 2\nassurance = \"high\"");
    let found = simulate(&ministry, &file, &[]);
    for part in ["approvals changed", "assurance changed"] {
        let differs = effect(&found, "differs", Some(part));
        assert_eq!((&differs["status"], &differs["examples"][0]), (&"waiting".into(), &id.as_str().into()));
    }
    let missing = ministry.edited("person-signature", "'^(PNO|IDC|PAS|TIN)", "'^(PAS|TIN)");
    let found = simulate(&ministry, &missing, &[]);
    let refused = effect(&found, "refused-now", Some("fact-unfit person identifier"));
    assert_eq!(refused["count"], 1, "{found}");
    assert!(!found.to_string().contains("012345678901"), "a number left by it: {found}");
    let none = simulate(&ministry, &file, &["--since", "2099-01-01"]);
    assert_eq!((&none["requests"], none["effects"].as_array().unwrap().len()), (&0.into(), 0), "{none}");
}

#[test]
fn wrong_input_is_told_and_nothing_is_tried() {
    let ministry = Ministry::of(Country::settled());
    let first = &ministry.country.staff.administrator.npki;
    let good = ministry.edited("device", "validity_days = 365", "validity_days = 30");
    let simulate = |code: i32, file: &Path, more: &[&str]| {
        first.refused(code, &[&["profile", "simulate", text(file)], more].concat())
    };
    let broken = ministry.edited("device", "validity_days", "validity_dais");
    let problem = simulate(exit::USAGE, &broken, &[]);
    assert!(problem.code == "E-PROF-201" && problem.detail.contains("did you mean"), "{problem:?}");
    let unnamed = good.with_file_name("device.txt");
    std::fs::copy(&good, &unnamed).unwrap();
    assert_eq!(simulate(exit::USAGE, &unnamed, &[]).code, "E-CLI-001");
    assert_eq!(simulate(exit::USAGE, &good.with_file_name("absent.toml"), &[]).code, "E-FILE-001");
    let problem = simulate(exit::USAGE, &good, &["--since", "tomorrow"]);
    assert!(problem.code == "E-CLI-001" && problem.detail.contains("30d"), "{problem:?}");
    let meter = good.with_file_name("meter.toml");
    std::fs::copy(&good, &meter).unwrap();
    assert_eq!(simulate(exit::USAGE, &meter, &[]).code, "E-PROF-206");
    assert_eq!(simulate(exit::NOT_FOUND, &meter, &["--issued-by", "isuing"]).code, "E-CA-001");
    let officer = &ministry.country.staff.officer.npki;
    let refused = officer.refused(exit::NOT_PERMITTED, &["profile", "simulate", text(&good)]);
    assert_eq!(refused.code, "E-AUTH-002");
    let events =
        ministry.country.staff.auditor.npki.done(&["audit", "search", "--action", "profile.simulated"]);
    assert!(answers::items(&events).is_empty(), "{events}");
}
