//! The key usage of a CA is there, and no key usage is empty.

use crate::lint::examined::Examined;
use crate::lint::{Kind, Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.key-usage",
    clause: "RFC 5280 section 4.2.1.3",
    severity: Severity::Error,
    says: "the key usage of a CA is there, and no key usage is empty",
    check,
};

/// RFC 5280 section 4.2.1.3: MUST be included for keys that verify certificates or CRLs; when it appears, at least one
/// bit MUST be set.
fn check(examined: &Examined<'_>) -> Verdict {
    match examined.key_usage() {
        Some(bits) => ensure(bits != 0, "no bit is set"),
        None => ensure(examined.kind() != Kind::Ca, "a CA has none"),
    }
}
