//! The responder is named, by its name or by its key.

use super::{Answer, Rule};
use crate::lint::element::{OCTET_STRING, SEQUENCE, whole};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-responder",
    clause: "RFC 6960 section 4.2.1",
    severity: Severity::Error,
    says: "the responder is named, by its name or by its key",
    check,
};

/// RFC 6960 section 4.2.1: byName [1] a non-empty Name, or byKey [2] a digest of 20 octets.
fn check(answer: &Answer<'_>) -> Verdict {
    let responder = answer.responder;
    let named = match responder.tag {
        0xa1 => whole(responder.body, SEQUENCE).is_ok_and(|name| !name.body.is_empty()),
        _ => whole(responder.body, OCTET_STRING).is_ok_and(|digest| digest.body.len() == 20),
    };
    ensure(named, "the responder is named neither by name nor by a key's digest")
}
