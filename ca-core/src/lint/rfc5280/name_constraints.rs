//! Only a CA has name constraints.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.name-constraints",
    clause: "RFC 5280 section 4.2.1.10",
    severity: Severity::Error,
    says: "only a CA has name constraints",
    check,
};

/// RFC 5280 section 4.2.1.10: MUST be used only in a CA certificate.
fn check(examined: &Examined<'_>) -> Verdict {
    let constrained = examined.extension(extension::NAME_CONSTRAINTS).is_some();
    ensure(!constrained || examined.is_ca(), "an end entity has name constraints")
}
