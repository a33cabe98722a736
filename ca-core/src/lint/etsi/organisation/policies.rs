//! A policy is named, and not critical.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.organisation-policies",
    clause: "ETSI EN 319 412-2 section 4.3.3",
    severity: Severity::Error,
    says: "a policy is named, and not critical",
    check,
};

/// ETSI EN 319 412-2 section 4.3.3: certificatePolicies SHALL be present, with at least one policy, not critical.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::CERTIFICATE_POLICIES).ok_or("there is none")?;
    ensure(!found.critical, "they are critical")?;
    ensure(!examined.policies().is_empty(), "there is none")
}
