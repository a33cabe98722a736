//! What clients were told, and whether it holds: asked of npki after something went wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::judges::openssl;
use crate::load::{Attempt, Door, Memory, ServedCrl, Told};
use crate::rest::Rest;
use crate::{Country, answers, certificates, country};

/// Everything that was promised so far.
#[derive(Debug, Default)]
pub struct Promises {
    told: Vec<Told>,
    unanswered: Vec<Attempt>,
    revoked: Vec<String>,
    crls: Vec<ServedCrl>,
}

impl Promises {
    /// Takes over what clients remember.
    pub fn remember(&mut self, memory: Memory) {
        self.told.extend(memory.told);
        self.revoked.extend(memory.revoked);
        self.crls.extend(memory.crls);
        self.unanswered.extend(memory.unanswered);
    }

    /// Sends again, under the same idempotency key, some of what was last answered and of what was not: each attempt
    /// must end in one certificate, however often it is sent.
    #[track_caller]
    pub fn retry(&mut self, country: &Country) {
        let rest = &country.staff.officer.rest;
        for told in self.told.iter().rev().take(5) {
            let again = told.attempt.send(rest).unwrap().json(201);
            assert_eq!(answers::text(&again, "serial"), told.serial, "a retry made a second certificate");
        }
        let unanswered = std::mem::take(&mut self.unanswered);
        self.told.extend(unanswered.iter().take(12).map(|attempt| retried(rest, attempt)));
    }

    /// How many certificates were promised.
    pub fn certificates(&self) -> usize {
        self.told.len()
    }

    /// Goes on only when all of it holds, as the running npki answers.
    #[track_caller]
    pub fn hold(&self, country: &Country) {
        let rest = &country.staff.officer.rest;
        let listed = rest.all("/v1/certificates");
        let by_serial: BTreeMap<&str, &Value> =
            listed.iter().map(|record| (answers::text(record, "serial"), record)).collect();
        assert_eq!(by_serial.len(), listed.len(), "a serial number is listed twice");
        let told: BTreeSet<&str> = self.told.iter().map(|told| told.serial.as_str()).collect();
        assert_eq!(told.len(), self.told.len(), "two clients were told the same serial number");
        ledger_agrees(country, &listed);
        one_certificate_for_each_key(&listed);
        for told in &self.told {
            let record = by_serial.get(told.serial.as_str());
            let record = record.unwrap_or_else(|| panic!("{} was promised and is lost", told.serial));
            assert_eq!(record["identity"], told.attempt.identity.as_str(), "bound to another identity");
        }
        for told in self.told.iter().rev().take(40) {
            is_whole(rest, told);
        }
        every_identity_lists_its_own(rest, &listed);
        for serial in &self.revoked {
            assert_eq!(by_serial[serial.as_str()]["status"], "revoked", "{serial}");
        }
        self.revocations_are_published(country);
        self.crls_never_go_back();
    }

    /// The CRL lists every revocation, and the OCSP responder knows the last of them.
    fn revocations_are_published(&self, country: &Country) {
        let Some(last) = self.revoked.last() else { return };
        country.until_the_crl(country::CrlEntry::Listed, last);
        let door = Door::of(country, &country.installation);
        let listed: BTreeSet<String> =
            certificates::crl_serials(&door.crl().expect("a CRL")).into_iter().collect();
        let missing: Vec<&String> = self.revoked.iter().filter(|serial| !listed.contains(*serial)).collect();
        assert!(missing.is_empty(), "revoked, and not in the CRL: {missing:?}");
        openssl::until_ocsp_serial(&country.installation, last, ": revoked");
    }

    /// RFC 5280 section 5.2.3: numbers rise; a number has one CRL. Each node may show an older one than another for a
    /// moment, but never an older one than itself.
    fn crls_never_go_back(&self) {
        let mut numbers: BTreeMap<u64, &str> = BTreeMap::new();
        let mut latest: BTreeMap<&str, u64> = BTreeMap::new();
        for crl in &self.crls {
            let known = numbers.entry(crl.number).or_insert(&crl.sha256);
            assert_eq!(*known, crl.sha256, "two CRLs have the number {}", crl.number);
            let before = latest.insert(&crl.door, crl.number).unwrap_or_default();
            assert!(before <= crl.number, "after CRL {before} came CRL {}", crl.number);
        }
    }
}

fn retried(rest: &Rest, attempt: &Attempt) -> Told {
    let [first, second] = [0, 1].map(|_| {
        let answer = attempt.send(rest).expect("the server is back").json(201);
        answers::text(&answer, "serial").to_owned()
    });
    assert_eq!(first, second, "a retry made a second certificate");
    Told { attempt: attempt.clone(), serial: first, pem: None }
}

/// Each attempt had a key of its own: a second certificate for a key is a second certificate for an attempt.
fn one_certificate_for_each_key(listed: &[Value]) {
    let devices: Vec<&Value> = listed.iter().filter(|record| record["profile"] == "device").collect();
    let keys: BTreeSet<&str> = devices.iter().map(|record| answers::text(record, "key_sha256")).collect();
    assert_eq!(keys.len(), devices.len(), "an attempt ended in two certificates");
}

/// The certificate is the one that was given out, to the octet.
fn is_whole(rest: &Rest, told: &Told) {
    let shown = rest.get(&format!("/v1/certificates/{}", told.serial)).json(200);
    let der = certificates::der(answers::text(&shown, "pem").as_bytes());
    assert_eq!(certificates::sha256(&der), answers::text(&shown, "sha256"), "record and certificate differ");
    if let Some(pem) = &told.pem {
        assert_eq!(certificates::der(pem.as_bytes()), der, "another certificate than was given out");
    }
}

/// The index by identity and the records say the same.
fn every_identity_lists_its_own(rest: &Rest, listed: &[Value]) {
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

/// No certificate without its event, no event without its certificate; and each serial number and each CRL number
/// was used once.
fn ledger_agrees(country: &Country, listed: &[Value]) {
    let events = country.staff.auditor.rest.all("/v1/events");
    let on_record = each_once(subjects(&events, "certificate.issued"), "issued twice");
    let published = events.iter().filter(|event| answers::text(event, "action") == "crl.published");
    each_once(
        published.map(|event| format!("{} {}", event["subject"], event["detail"]["number"])),
        "two CRLs have one number",
    );
    let on_record: BTreeSet<String> = on_record
        .iter()
        .filter_map(|subject| subject.strip_prefix("certificate:")?.split_once('/'))
        .map(|(_, serial)| serial.to_owned())
        .collect();
    let unrecorded: Vec<String> = serials(listed).difference(&on_record).cloned().collect();
    assert!(unrecorded.is_empty(), "issued, and not in the ledger: {unrecorded:?}");
    // The server itself may have issued something (a responder's certificate) since the first look.
    let now = serials(&country.staff.officer.rest.all("/v1/certificates"));
    let absent: Vec<&String> = on_record.difference(&now).collect();
    assert!(absent.is_empty(), "in the ledger, and not issued: {absent:?}");
}

/// The subjects of all events of one action.
fn subjects<'a>(events: &'a [Value], action: &'a str) -> impl Iterator<Item = String> + 'a {
    let found = events.iter().filter(move |event| answers::text(event, "action") == action);
    found.map(|event| answers::text(event, "subject").to_owned())
}

fn each_once(of: impl Iterator<Item = String>, or_else: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for one in of {
        assert!(seen.insert(one.clone()), "{or_else}: {one}");
    }
    seen
}

fn serials(records: &[Value]) -> BTreeSet<String> {
    records.iter().map(|record| answers::text(record, "serial").to_owned()).collect()
}
