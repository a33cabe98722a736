//! The power goes out while agencies are being served. What a client was told of must be there afterwards, whole and
//! once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tests::installation::random_u16;
use tests::load::{Clients, Memory, Told};
use tests::{Country, answers, census, certificates};

const ROUNDS: usize = 5;
const CLIENTS: usize = 8;

#[test]
fn nothing_promised_is_lost_when_the_power_goes() {
    let mut country = Country::settled();
    let devices = devices(&country);
    let mut everything = Vec::new();
    for _ in 0..ROUNDS {
        let memory = one_round(&mut country, &devices);
        everything.extend(memory.told.iter().cloned());
        everything.extend(retried(&country, &memory));
        all_is_there(&country, &everything);
    }
}

fn devices(country: &Country) -> Vec<String> {
    let identities = &country.identities;
    let register = |number: usize| {
        let tag = format!("RSL-METER-{number:04}");
        census::device(&country.staff.officer.npki, &identities.organisation, &identities.person, &tag)
    };
    (0..3).map(register).collect()
}

/// Serves, dies at a random moment, comes back.
fn one_round(country: &mut Country, devices: &[String]) -> Memory {
    let folder = country.installation.scratch("keys");
    let rest = country.staff.officer.rest.clone();
    let installation = &mut country.installation;
    let memory = Clients::new(&rest, devices, &folder).ask_while(CLIENTS, |clients| {
        clients.wait_until_served(CLIENTS);
        std::thread::sleep(Duration::from_millis(u64::from(random_u16() % 1500)));
        installation.kill9();
    });
    assert!(memory.told.len() >= CLIENTS, "the server died before it served anybody");
    country.installation.start();
    memory
}

/// Sends again, under the same idempotency key, what was never answered and some of what was: each attempt ends in
/// one certificate, however often it is sent.
fn retried(country: &Country, memory: &Memory) -> Vec<Told> {
    let rest = &country.staff.officer.rest;
    for told in memory.told.iter().take(5) {
        let again = told.attempt.send(rest).unwrap().json(201);
        assert_eq!(answers::text(&again, "serial"), told.serial, "a retry made a second certificate");
    }
    let attempts = memory.unanswered.iter().take(12);
    let retry = |attempt: &tests::load::Attempt| {
        let [first, second] = [0, 1].map(|_| {
            let answer = attempt.send(rest).expect("the server is back").json(201);
            answers::text(&answer, "serial").to_owned()
        });
        assert_eq!(first, second, "a retry made a second certificate");
        Told { attempt: attempt.clone(), serial: first, pem: None }
    };
    attempts.map(retry).collect()
}

fn all_is_there(country: &Country, everything: &[Told]) {
    let rest = &country.staff.officer.rest;
    let listed = rest.all("/v1/certificates");
    let by_serial: BTreeMap<&str, &Value> =
        listed.iter().map(|record| (answers::text(record, "serial"), record)).collect();
    assert_eq!(by_serial.len(), listed.len(), "a serial number is listed twice");
    let told: BTreeSet<&str> = everything.iter().map(|told| told.serial.as_str()).collect();
    assert_eq!(told.len(), everything.len(), "two clients were told the same serial number");
    ledger_and_certificates_agree(country, &listed);
    one_certificate_for_each_key(&listed);
    for told in everything {
        let record = by_serial.get(told.serial.as_str());
        let record = record.unwrap_or_else(|| panic!("{} was promised and is lost", told.serial));
        assert_eq!(record["identity"], told.attempt.identity.as_str(), "bound to another identity");
    }
    for told in everything.iter().rev().take(40) {
        is_whole(country, told);
    }
    every_identity_lists_its_own(country, &listed);
}

/// Each attempt had a key of its own: a second certificate for a key is a second certificate for an attempt.
fn one_certificate_for_each_key(listed: &[Value]) {
    let devices: Vec<&Value> = listed.iter().filter(|record| record["profile"] == "device").collect();
    let keys: BTreeSet<&str> = devices.iter().map(|record| answers::text(record, "key_sha256")).collect();
    assert_eq!(keys.len(), devices.len(), "an attempt ended in two certificates");
}

/// The certificate is the one that was given out, to the octet.
fn is_whole(country: &Country, told: &Told) {
    let rest = &country.staff.officer.rest;
    let shown = rest.get(&format!("/v1/certificates/{}", told.serial)).json(200);
    let der = certificates::der(answers::text(&shown, "pem").as_bytes());
    assert_eq!(certificates::sha256(&der), answers::text(&shown, "sha256"), "record and certificate differ");
    if let Some(pem) = &told.pem {
        assert_eq!(certificates::der(pem.as_bytes()), der, "another certificate than was given out");
    }
}

/// The index by identity and the records say the same.
fn every_identity_lists_its_own(country: &Country, listed: &[Value]) {
    let rest = &country.staff.officer.rest;
    let identities: BTreeSet<&str> = listed.iter().map(|record| answers::text(record, "identity")).collect();
    // The certificates of staff and of the service itself belong to no identity of the registry.
    for identity in
        identities.into_iter().filter(|id| ["P-", "O-", "D-", "A-"].iter().any(|kind| id.starts_with(kind)))
    {
        let own: Vec<Value> =
            listed.iter().filter(|record| record["identity"] == identity).cloned().collect();
        let indexed = rest.all(&format!("/v1/certificates?identity={identity}"));
        assert_eq!(serials(&indexed), serials(&own), "{identity}");
    }
}

/// No certificate without its event, no event without its certificate.
fn ledger_and_certificates_agree(country: &Country, listed: &[Value]) {
    let on_record = serials_on_record(country);
    let unrecorded: Vec<String> = serials(listed).difference(&on_record).cloned().collect();
    assert!(unrecorded.is_empty(), "issued, and not in the ledger: {unrecorded:?}");
    // The server itself may have issued something (a responder's certificate) since the first look.
    let now = serials(&country.staff.officer.rest.all("/v1/certificates"));
    let absent: Vec<&String> = on_record.difference(&now).collect();
    assert!(absent.is_empty(), "in the ledger, and not issued: {absent:?}");
}

fn serials(records: &[Value]) -> BTreeSet<String> {
    records.iter().map(|record| answers::text(record, "serial").to_owned()).collect()
}

/// Every serial number for which the ledger has an event of issuance by the issuing CA.
fn serials_on_record(country: &Country) -> BTreeSet<String> {
    let events = country.staff.auditor.rest.all("/v1/events");
    let issued = events.iter().filter(|event| answers::text(event, "action") == "certificate.issued");
    let subjects = issued.map(|event| answers::text(event, "subject"));
    subjects.filter_map(|subject| subject.strip_prefix("certificate:issuing/")).map(str::to_owned).collect()
}
