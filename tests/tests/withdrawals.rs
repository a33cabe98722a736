//! Withdrawals and reviews as officers, administrators and relying parties see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::judges::openssl;
use tests::npki::{Npki, exit};
use tests::{Country, answers};

/// Waits until OCSP says so of all these certificates.
fn ocsp_says(country: &Country, serials: &[String], status: &str) {
    let give_up = Instant::now() + Duration::from_secs(30);
    for serial in serials {
        loop {
            let answer = openssl::ocsp_serial(&country.installation, serial).succeeded().text();
            if answer.contains(status) {
                break;
            }
            assert!(Instant::now() < give_up, "{answer}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn step(by: &Npki, word: &str, id: &str) -> Value {
    by.done(&["withdrawal", word, id, "--text", "as said at the office", "--yes"])
}

fn serials(withdrawal: &Value) -> Vec<String> {
    let serials = withdrawal["certificates"].as_array().unwrap().iter();
    serials.map(|serial| serial.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_person_is_heard_and_the_appeal_is_seen_by_relying_parties() {
    let country = Country::populated();
    let staff = &country.staff;
    let (one, two, three) = (&staff.officer.npki, &staff.second_officer.npki, &staff.third_officer.npki);
    let person = &country.identities.person;
    let noticed = one.done(&["withdrawal", "notice", person, "--reason", "section 12 of the Act"]);
    let (id, serials) = (answers::id(&noticed).to_owned(), serials(&noticed));
    assert!(!serials.is_empty(), "{noticed}");
    ocsp_says(&country, &serials, ": good");
    let early = two.refused(exit::CONFLICT, &["withdrawal", "uphold", &id, "--text", "so be it"]);
    assert_eq!(early.code, "E-WDR-003");
    step(one, "reply", &id);
    let own = one.refused(exit::NOT_PERMITTED, &["withdrawal", "uphold", &id, "--text", "so be it"]);
    assert_eq!(own.code, "E-WDR-005");
    assert_eq!(step(two, "uphold", &id)["stage"], "upheld");
    ocsp_says(&country, &serials, ": revoked");
    assert_eq!(step(one, "appeal", &id)["stage"], "appealed");
    assert_eq!(step(three, "grant", &id)["stage"], "undone");
    ocsp_says(&country, &serials, ": good");
    let shown = three.done(&["withdrawal", "show", &id]);
    let words: Vec<_> = shown["said"].as_array().unwrap().iter().map(|said| said["word"].clone()).collect();
    assert_eq!(words, ["notice", "reply", "uphold", "appeal", "grant"]);
    assert_eq!(shown["said"][0]["text"], "section 12 of the Act");
    let listed = one.done(&["withdrawal", "list", "--identity", person, "--open"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 0, "{listed}");
    let mistyped = one.refused(exit::USAGE, &["withdrawal", "show", "W-0000000000"]);
    assert!(mistyped.detail.contains("mistyped"), "{mistyped:?}");
}

#[test]
fn what_is_revoked_at_once_is_reviewed() {
    let mut country = Country::populated();
    let (administrator, officer) = (&country.staff.administrator.npki, &country.staff.officer.npki);
    let serial = country.certificate("person-signature").serial.clone();
    let confirm = &serial[serial.len() - 4..];
    let revoke = ["revoke", &serial, "--reason", "privilege-withdrawn", "--confirm", confirm];
    let unheard = administrator.refused(exit::USAGE, &revoke);
    assert_eq!(unheard.code, "E-WDR-011");
    country.revoke(&serial, "key-compromise");
    let open = officer.done(&["review", "list", "--open"]);
    assert_eq!(open["items"][0]["serial"], serial.as_str(), "{open}");
    let decide =
        ["review", "decide", &serial, "--verdict", "confirmed", "--note", "the card was seen in other hands"];
    assert_eq!(administrator.refused(exit::NOT_PERMITTED, &decide).code, "E-WDR-010");
    assert_eq!(officer.done(&decide)["verdict"], "confirmed");
    assert_eq!(officer.refused(exit::CONFLICT, &decide).code, "E-WDR-009");
    country.installation.stop();
    country.installation.audit_is_clean();
}
