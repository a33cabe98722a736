//! CA is said of CAs, and of nothing else.

use crate::lint::examined::Examined;
use crate::lint::{Kind, Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.basic-constraints",
    clause: "RFC 5280 section 4.2.1.9",
    severity: Severity::Error,
    says: "cA is said of CAs, and of nothing else",
    check,
};

/// RFC 5280 section 4.2.1.9: whether the subject is a CA. What it is follows from its profile, from `--as`, or from the
/// rest of its content.
fn check(examined: &Examined<'_>) -> Verdict {
    let is_ca = examined.is_ca();
    ensure_or(is_ca == (examined.kind() == Kind::Ca), || format!("cA is {is_ca}"))
}
