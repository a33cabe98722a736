//! An answer is made after what it knows, and is followed by a newer one.

use super::{Answer, Rule};
use crate::lint::rfc5280::moment::generalized;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-times",
    clause: "RFC 6960 section 4.2.2.1",
    severity: Severity::Error,
    says: "an answer is made after what it knows, and is followed by a newer one",
    check,
};

/// RFC 6960 section 4.2.2.1: GeneralizedTime as RFC 5280 section 4.1.2.5.2 writes it. thisUpdate is a time at which the
/// status was known to be right; nextUpdate lies after it.
fn check(answer: &Answer<'_>) -> Verdict {
    let produced = generalized(answer.produced).ok_or("producedAt is not to the second")?;
    answer.singles.iter().try_for_each(|single| {
        let this = generalized(single.this_update).ok_or("thisUpdate is not to the second")?;
        ensure(this <= produced, "thisUpdate lies after producedAt")?;
        let Some(next) = single.next_update else { return Ok(()) };
        let next = generalized(next).ok_or("nextUpdate is not to the second")?;
        ensure(next > this, "nextUpdate is not after thisUpdate")
    })
}
