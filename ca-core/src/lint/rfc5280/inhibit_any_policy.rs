//! Only a CA inhibits anyPolicy.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.inhibit-any-policy",
    clause: "RFC 5280 section 4.2.1.14",
    severity: Severity::Error,
    says: "only a CA inhibits anyPolicy",
    check,
};

/// RFC 5280 section 4.2.1.14: in certificates issued to CAs.
fn check(examined: &Examined<'_>) -> Verdict {
    let present = examined.extension(extension::INHIBIT_ANY_POLICY).is_some();
    ensure(!present || examined.is_ca(), "an end entity inhibits anyPolicy")
}
