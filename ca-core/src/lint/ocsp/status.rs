//! A status is good, unknown, or revoked at a time and for a reason.

use super::{Answer, Rule};
use crate::lint::element::{ENUMERATED, Elements, GENERALIZED_TIME, whole};
use crate::lint::rfc5280::moment::generalized;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-status",
    clause: "RFC 6960 section 4.2.1",
    severity: Severity::Error,
    says: "a status is good, unknown, or revoked at a time and for a reason",
    check,
};

/// RFC 6960 section 4.2.1: good [0] and unknown [2] are NULL, revoked [1] a time and a reason. Section 4.4.8 and RFC 5280
/// section 5.3.1: a reason that says nothing is left out. The time may lie after the answer's by what two machines' clocks differ: to withhold
/// "revoked" for that would be worse.
fn check(answer: &Answer<'_>) -> Verdict {
    answer.singles.iter().try_for_each(|single| match (single.status.tag, single.status.body) {
        (0x80 | 0x82, []) => Ok(()),
        (0xa1, revoked) => {
            let mut parts = Elements::of(revoked);
            let at = parts.accept(GENERALIZED_TIME).and_then(generalized);
            at.ok_or("the time of revocation is not to the second")?;
            let Some(reason) = parts.accept(0xa0) else { return Ok(()) };
            let reason = whole(reason.body, ENUMERATED).map(|reason| reason.body);
            let known = matches!(reason, Ok([1..=6 | 8..=10]));
            ensure(known, "the reason is unspecified, or none of RFC 5280")
        }
        _ => Err("a status is none of good, revoked and unknown".to_owned()),
    })
}
