//! An answer answers something.

use super::{Answer, Rule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-not-empty",
    clause: "RFC 6960 section 4.2.1",
    severity: Severity::Error,
    says: "an answer answers something",
    check,
};

/// RFC 6960 section 4.2.2.3: a response for each certificate in the request, which names at least one.
fn check(answer: &Answer<'_>) -> Verdict {
    ensure(!answer.singles.is_empty(), "nothing is answered")
}
