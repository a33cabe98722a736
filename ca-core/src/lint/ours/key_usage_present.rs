//! Every certificate says what its key is for.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.key-usage-present",
    clause: "npki",
    severity: Severity::Warning,
    says: "every certificate says what its key is for",
    check,
};

/// Ours: RFC 5280 section 4.2.1.3 demands it of CAs only; without it a key is for everything.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.key_usage().is_some(), "there is no key usage")
}
