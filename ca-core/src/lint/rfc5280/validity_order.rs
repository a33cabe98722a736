//! The period of validity ends after it begins.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.validity-order",
    clause: "RFC 5280 section 4.1.2.5",
    severity: Severity::Error,
    says: "the period of validity ends after it begins",
    check,
};

/// RFC 5280 section 4.1.2.5: from notBefore through notAfter, inclusive.
fn check(examined: &Examined<'_>) -> Verdict {
    let validity = examined.tbs().validity();
    ensure(validity.not_after > validity.not_before, "notAfter is not after notBefore")
}
