//! The version is 1, and so is left out.

use super::{Answer, Rule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-version",
    clause: "RFC 6960 section 4.2.1",
    severity: Severity::Error,
    says: "the version is 1, and so is left out",
    check,
};

/// RFC 6960 section 4.2.1: DEFAULT v1, which DER leaves out (X.690 section 11.5).
fn check(answer: &Answer<'_>) -> Verdict {
    ensure(answer.version.is_none(), "a version stands in it")
}
