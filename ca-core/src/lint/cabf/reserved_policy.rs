//! Public trust is claimed under exactly one of the Forum's policies.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.reserved-policy",
    clause: "CA/Browser Forum BR section 7.1.6.1",
    severity: Severity::Error,
    says: "public trust is claimed under exactly one of the Forum's policies",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.9: exactly one Reserved Certificate Policy Identifier.
fn check(examined: &Examined<'_>) -> Verdict {
    let reserved = examined.policies().iter().filter(|policy| super::is_reserved(policy)).count();
    ensure_or(reserved == 1, || format!("{reserved} of the Forum's policies stand in it"))
}
