//! The issuer has a name.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-present",
    clause: "RFC 5280 section 4.1.2.4",
    severity: Severity::Error,
    says: "the issuer has a name",
    check,
};

/// RFC 5280 section 4.1.2.4: the issuer field MUST contain a non-empty distinguished name.
fn check(examined: &Examined<'_>) -> Verdict {
    let named = examined.tbs().issuer().iter_attributes().next().is_some();
    ensure(named, "the issuer's name is empty")
}
