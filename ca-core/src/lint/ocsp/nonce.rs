//! A nonce has 1 to 128 octets.

use super::{Answer, Rule};
use crate::lint::element::{OCTET_STRING, whole};
use crate::lint::{Severity, Verdict, ensure};
use const_oid::ObjectIdentifier;

pub(super) const RULE: Rule = Rule {
    id: "rfc9654.nonce",
    clause: "RFC 9654 section 2.1",
    severity: Severity::Error,
    says: "a nonce has 1 to 128 octets",
    check,
};

/// RFC 9654 section 2.1: an OCTET STRING of 1 to 128 octets, within the extension's.
fn check(answer: &Answer<'_>) -> Verdict {
    const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
    let Some(nonce) = answer.extensions.iter().find(|found| found.is(NONCE)) else { return Ok(()) };
    let fits = whole(nonce.value, OCTET_STRING).is_ok_and(|nonce| (1..=128).contains(&nonce.body.len()));
    ensure(fits, "the nonce has not 1 to 128 octets")
}
