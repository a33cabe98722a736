//! No part of a name is longer than its upper bound.

use super::attributes::each;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.upper-bounds",
    clause: "RFC 5280 appendix A.1",
    severity: Severity::Error,
    says: "no part of a name is longer than its upper bound",
    check,
};

/// RFC 5280 appendix A.1: in characters.
fn check(examined: &Examined<'_>) -> Verdict {
    each(examined, |kind, attribute| {
        let (length, bound) = (attribute.text.chars().count(), kind.upper_bound());
        ensure_or(length <= bound, || format!("{kind} has {length} characters, at most {bound} are allowed"))
    })
}
