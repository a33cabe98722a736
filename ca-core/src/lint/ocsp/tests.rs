#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::lint;
use crate::lint::tests::parts::element;

const NOW: &[u8] = b"20270102000000Z";
const BEFORE: &[u8] = b"20270101000000Z";
const AFTER: &[u8] = b"20270103000000Z";

fn single(status: &[u8], this: &[u8], next: &[u8]) -> Vec<u8> {
    let digest = element(0x04, &[7; 20]);
    let sha1 = element(0x30, &[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a]);
    let id = element(0x30, &[&sha1[..], &digest, &digest, &[0x02, 0x01, 0x05]].concat());
    let next = element(0xa0, &element(0x18, next));
    element(0x30, &[&id[..], status, &element(0x18, this), &next].concat())
}

fn answer(version: &[u8], single: &[u8], extensions: &[u8]) -> Vec<u8> {
    let responder = element(0xa2, &element(0x04, &[9; 20]));
    let singles = element(0x30, single);
    element(0x30, &[version, &responder, &element(0x18, NOW), &singles, extensions].concat())
}

fn nonce(octets: usize) -> Vec<u8> {
    let oid = [0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
    let value = element(0x04, &element(0x04, &vec![1; octets]));
    element(0x30, &[&oid[..], &value].concat())
}

fn extensions(all: &[Vec<u8>]) -> Vec<u8> {
    element(0xa1, &element(0x30, &all.concat()))
}

fn revoked(at: &[u8], reason: u8) -> Vec<u8> {
    element(0xa1, &[element(0x18, at), element(0xa0, &[0x0a, 0x01, reason])].concat())
}

#[test]
fn answers_that_say_what_they_should_are_clean() {
    for status in [vec![0x80, 0], vec![0x82, 0], revoked(BEFORE, 1), revoked(AFTER, 1)] {
        let data = answer(&[], &single(&status, BEFORE, AFTER), &extensions(&[nonce(32)]));
        assert_eq!(lint(&data).unwrap().as_bytes(), data);
    }
}

#[test]
fn each_rule_finds_its_fault() {
    let good = single(&[0x80, 0], BEFORE, AFTER);
    let short = extensions(&[nonce(0)]);
    let twice = extensions(&[nonce(8), nonce(8)]);
    for (rule, data) in [
        ("rfc6960.answer-shape", vec![0x30, 0x00]),
        ("rfc6960.answer-version", answer(&[0xa0, 3, 2, 1, 0], &good, &[])),
        ("rfc6960.answer-not-empty", answer(&[], &[], &[])),
        ("rfc6960.answer-times", answer(&[], &single(&[0x80, 0], AFTER, AFTER), &[])),
        ("rfc6960.answer-times", answer(&[], &single(&[0x80, 0], BEFORE, BEFORE), &[])),
        ("rfc6960.answer-times", answer(&[], &single(&[0x80, 0], b"20270101000000.1Z", AFTER), &[])),
        (
            "rfc6960.answer-status",
            answer(&[], &single(&revoked(b"20270101000000.1Z", 1), BEFORE, AFTER), &[]),
        ),
        ("rfc6960.answer-status", answer(&[], &single(&revoked(BEFORE, 0), BEFORE, AFTER), &[])),
        ("rfc6960.answer-status", answer(&[], &single(&[0x83, 0], BEFORE, AFTER), &[])),
        ("rfc6960.answer-extensions", answer(&[], &good, &twice)),
        ("rfc9654.nonce", answer(&[], &good, &short)),
        ("rfc9654.nonce", answer(&[], &good, &extensions(&[nonce(129)]))),
    ] {
        let findings = lint(&data).unwrap_err();
        assert!(findings.0.iter().any(|finding| finding.rule == rule), "{rule}: {findings}");
    }
    let mut other = answer(&[], &good, &[]);
    let at = other.windows(20).position(|octets| octets == [9; 20]).unwrap();
    other[at - 2] = 0x0c;
    assert_eq!(lint(&other).unwrap_err().0[0].rule, "rfc6960.answer-responder");
    let mut other = answer(&[], &good, &[]);
    let at = other.windows(3).position(|octets| octets == [2, 1, 5]).unwrap();
    other[at] = 0x04;
    assert_eq!(lint(&other).unwrap_err().0[0].rule, "rfc6960.answer-shape");
}

#[test]
fn nothing_panics_whatever_octet_is_changed_or_missing() {
    let data = answer(&[], &single(&revoked(BEFORE, 1), BEFORE, AFTER), &extensions(&[nonce(8)]));
    for at in 0..data.len() {
        let _ = lint(&data[..at]);
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut spoiled = data.clone();
            spoiled[at] ^= change;
            let _ = lint(&spoiled);
        }
    }
}
