#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Context, every_finding, found, lint};
use crate::lint::tests::made::ISSUING;
use crate::lint::tests::parts::element;

const UTC: u8 = 0x17;

/// The parts of a CRL of the issuing CA, which can be spoiled before they are put together.
struct Parts {
    version: Vec<u8>,
    algorithm: Vec<u8>,
    issuer: Vec<u8>,
    this_update: Vec<u8>,
    next_update: Vec<u8>,
    entries: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

fn time(text: &str) -> Vec<u8> {
    element(UTC, text.as_bytes())
}

fn extension(oid: &[u8], critical: &[u8], value: &[u8]) -> Vec<u8> {
    element(0x30, &[&element(0x06, oid)[..], critical, &element(0x04, value)].concat())
}

const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];
const KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const DELTA: &[u8] = &[0x55, 0x1d, 0x1b];
const POINT: &[u8] = &[0x55, 0x1d, 0x1c];
const FRESHEST: &[u8] = &[0x55, 0x1d, 0x2e];
const REASON: &[u8] = &[0x55, 0x1d, 0x15];
const INVALIDITY: &[u8] = &[0x55, 0x1d, 0x18];

fn entry(serial: &[u8], date: &str, extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() { Vec::new() } else { element(0x30, &extensions.concat()) };
    element(0x30, &[element(0x02, serial), time(date), extensions].concat())
}

fn reason(code: u8) -> Vec<u8> {
    extension(REASON, &[], &[0x0a, 0x01, code])
}

fn number(octets: &[u8]) -> Vec<u8> {
    element(0x02, octets)
}

impl Parts {
    fn good() -> Self {
        let (_, issuer) = x509_parser::parse_x509_certificate(&ISSUING.certificate).unwrap();
        let identifier =
            crate::lint::rfc5280::above::subject_key_identifier(&issuer.tbs_certificate).unwrap();
        let identifier = element(0x30, &element(0x80, identifier));
        Self {
            version: vec![0x02, 0x01, 0x01],
            // ecdsa-with-SHA384
            algorithm: element(0x30, &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]),
            issuer: issuer.subject().as_raw().to_vec(),
            this_update: time("270201000000Z"),
            next_update: time("270202000000Z"),
            entries: [
                entry(&[0x41; 16], "270115000000Z", &[reason(1)]),
                entry(&[0x42; 16], "270201000000Z", &[]),
            ]
            .concat(),
            extensions: vec![
                extension(KEY_IDENTIFIER, &[], &identifier),
                extension(NUMBER, &[], &number(&[0x07])),
            ],
        }
    }

    fn assemble(&self) -> Vec<u8> {
        let entries = if self.entries == [0xff] { vec![0x30, 0x00] } else { element(0x30, &self.entries) };
        let entries = if self.entries.is_empty() { Vec::new() } else { entries };
        let extensions = element(0xa0, &element(0x30, &self.extensions.concat()));
        let head = [&self.version[..], &self.algorithm, &self.issuer, &self.this_update, &self.next_update];
        element(0x30, &[&head.concat()[..], &entries, &extensions].concat())
    }
}

fn context() -> Context<'static> {
    Context { issuer: Some(&ISSUING.certificate), newer_than: Some(6) }
}

#[test]
fn full_partitioned_and_delta_lists_are_clean() {
    let mut parts = Parts::good();
    let full = parts.assemble();
    assert_eq!(lint(&full, &context()).unwrap().as_bytes(), full);
    parts.entries.clear();
    // onlyContainsUserCerts
    parts.extensions.push(extension(POINT, CRITICAL, &[0x30, 0x03, 0x81, 0x01, 0xff]));
    lint(&parts.assemble(), &context()).unwrap();
    parts.extensions.push(extension(DELTA, CRITICAL, &number(&[0x05])));
    let date = element(0x18, b"20270101000000Z");
    let invalid = extension(INVALIDITY, &[], &date);
    parts.entries = entry(&[0x41; 16], "270115000000Z", &[reason(8), invalid]);
    lint(&parts.assemble(), &context()).unwrap();
}

type Case = (&'static str, fn(&mut Parts));

const CASES: &[Case] = &[
    ("rfc5280.crl-shape", |it| it.issuer.clear()),
    ("rfc5280.crl-shape", |it| it.entries = vec![0x30, 0x03, 0x02, 0x01, 0x05]),
    ("rfc5280.crl-version", |it| it.version.clear()),
    ("rfc5280.crl-signature-algorithm", |it| it.algorithm[11] = 0x02),
    ("rfc5280.crl-issuer-name", |it| it.issuer = vec![0x30, 0x00]),
    ("rfc5280.crl-updates", |it| it.next_update.clear()),
    ("rfc5280.crl-updates", |it| it.next_update = it.this_update.clone()),
    ("rfc5280.crl-updates", |it| it.this_update = element(0x18, b"20270201000000Z")),
    ("rfc5280.crl-not-empty", |it| it.entries = vec![0xff]),
    ("rfc5280.crl-extensions-once", |it| it.extensions.push(it.extensions[1].clone())),
    ("rfc5280.crl-authority-key-identifier", |it| drop(it.extensions.remove(0))),
    ("rfc5280.crl-authority-key-identifier", |it| {
        it.extensions[0] = extension(KEY_IDENTIFIER, &[], &element(0x30, &element(0x80, &[7; 20])));
    }),
    ("rfc5280.crl-number", |it| drop(it.extensions.remove(1))),
    ("rfc5280.crl-number", |it| it.extensions[1] = extension(NUMBER, &[], &number(&[0x06]))),
    ("rfc5280.crl-number", |it| it.extensions[1] = extension(NUMBER, &[], &number(&[0x86]))),
    ("rfc5280.crl-number", |it| it.extensions[1] = extension(NUMBER, CRITICAL, &number(&[0x07]))),
    ("rfc5280.crl-distribution-point", |it| it.extensions.push(extension(POINT, CRITICAL, &[0x30, 0x00]))),
    ("rfc5280.crl-distribution-point", |it| {
        it.extensions.push(extension(POINT, &[], &[0x30, 0x03, 0x81, 0x01, 0xff]));
    }),
    ("rfc5280.crl-distribution-point", |it| {
        it.extensions.push(extension(POINT, CRITICAL, &[0x30, 0x06, 0x81, 0x01, 0xff, 0x82, 0x01, 0xff]));
    }),
    ("rfc5280.crl-delta", |it| it.extensions.push(extension(DELTA, &[], &number(&[0x05])))),
    ("rfc5280.crl-delta", |it| it.extensions.push(extension(DELTA, CRITICAL, &number(&[0x07])))),
    ("rfc5280.crl-delta", |it| {
        it.extensions.push(extension(DELTA, CRITICAL, &number(&[0x05])));
        it.extensions.push(extension(FRESHEST, &[], &[0x30, 0x00]));
    }),
    ("rfc5280.crl-critical", |it| it.extensions.push(extension(&[0x2a, 0x03], CRITICAL, &[0x05, 0x00]))),
    ("rfc5280.crl-entry-serial-number", |it| it.entries = entry(&[0], "270115000000Z", &[])),
    ("rfc5280.crl-entry-serial-number", |it| it.entries = entry(&[0x81], "270115000000Z", &[])),
    ("rfc5280.crl-entry-serial-number", |it| it.entries = entry(&[0, 1], "270115000000Z", &[])),
    ("rfc5280.crl-entry-serial-number", |it| it.entries = entry(&[1; 21], "270115000000Z", &[])),
    ("rfc5280.crl-entry-date", |it| it.entries = entry(&[1], "2701150000Z", &[])),
    ("rfc5280.crl-entry-announced", |it| it.entries = entry(&[1], "270201000001Z", &[])),
    ("rfc5280.crl-entry-extensions", |it| {
        it.entries = entry(&[1], "270115000000Z", &[extension(REASON, CRITICAL, &[0x0a, 0x01, 0x01])]);
    }),
    ("rfc5280.crl-entry-extensions", |it| it.entries = entry(&[1], "270115000000Z", &[reason(1), reason(1)])),
    ("rfc5280.crl-entry-reason", |it| it.entries = entry(&[1], "270115000000Z", &[reason(0)])),
    ("rfc5280.crl-entry-reason", |it| it.entries = entry(&[1], "270115000000Z", &[reason(7)])),
    ("rfc5280.crl-entry-reason", |it| it.entries = entry(&[1], "270115000000Z", &[reason(8)])),
    ("rfc5280.crl-entry-invalidity-date", |it| {
        let date = extension(INVALIDITY, &[], &time("270101000000Z"));
        it.entries = entry(&[1], "270115000000Z", &[date]);
    }),
    ("rfc5280.crl-entry-invalidity-date", |it| {
        let date = extension(INVALIDITY, &[], &element(0x18, b"20270116000000Z"));
        it.entries = entry(&[1], "270115000000Z", &[date]);
    }),
    ("rfc5280.crl-serials-once", |it| it.entries = [&it.entries[..], &it.entries].concat()),
    ("rfc5280.crl-serials-once", |it| {
        let one = |serial: u8| entry(&[serial], "270115000000Z", &[]);
        it.entries = [one(1), one(2), one(2)].concat();
    }),
];

/// Its fault lies in the issuer.
const ELSEWHERE: &str = "rfc5280.crl-issuer-may";

#[test]
fn each_rule_finds_its_fault() {
    for (rule, spoil) in CASES {
        let mut parts = Parts::good();
        spoil(&mut parts);
        let findings = every_finding(&parts.assemble(), &context());
        assert!(findings.iter().any(|finding| finding.rule == *rule), "{rule}: {findings:?}");
    }
    for listed in super::listed() {
        let broken = CASES.iter().any(|(rule, _)| *rule == listed.id) || listed.id == ELSEWHERE;
        assert!(broken, "nothing breaks {}", listed.id);
    }
}

#[test]
fn an_issuer_without_the_right_is_found() {
    let leaf = crate::lint::tests::made::signed("device");
    let tbs = Parts::good().assemble();
    let findings = lint(&tbs, &Context { issuer: Some(&leaf), newer_than: None }).unwrap_err();
    assert!(findings.0.iter().any(|finding| finding.rule == ELSEWHERE), "{findings}");
}

#[test]
fn a_signed_list_is_read_too_and_entries_are_counted() {
    let mut parts = Parts::good();
    parts.entries = (1..=9).flat_map(|serial| entry(&[serial], "280101000000Z", &[])).collect();
    let signature = element(0x03, &[0, 1, 2, 3]);
    let crl = element(0x30, &[&parts.assemble()[..], &parts.algorithm, &signature].concat());
    let findings = found(&crl, &Context::default());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].message, "entry 01: it lies after thisUpdate, and 8 more");
    assert_eq!(found(&crl[..9], &Context::default())[0].rule, "rfc5280.crl-shape");
}

#[test]
fn nothing_panics_whatever_octet_is_changed_or_missing() {
    let tbs = Parts::good().assemble();
    for at in 0..tbs.len() {
        let _ = lint(&tbs[..at], &context());
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut spoiled = tbs.clone();
            spoiled[at] ^= change;
            let _ = lint(&spoiled, &context());
        }
    }
}
