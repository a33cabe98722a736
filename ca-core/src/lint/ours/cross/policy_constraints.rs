//! An explicit policy is required, and nothing is mapped further down.

use super::terms;
use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.cross-policies",
    clause: "RFC 5280 section 4.2.1.11",
    severity: Severity::Error,
    says: "an explicit policy is required, and nothing is mapped further down",
    check,
};

/// RFC 5280 section 4.2.1.11: an explicit policy is required, and nothing is mapped further down.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::POLICY_CONSTRAINTS).map(|found| found.value);
    ensure(found == terms(examined)?.policy_constraints.as_deref(), "they are not those of the terms")
}
