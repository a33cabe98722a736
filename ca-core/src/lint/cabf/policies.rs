//! A server's certificate has a policy.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.policies",
    clause: "CA/Browser Forum BR section 7.1.2.7.9",
    severity: Severity::Error,
    says: "a server's certificate has a policy",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.9: certificatePolicies MUST be present. Which ones is a matter of public trust.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(!examined.policies().is_empty(), "there is none")
}
