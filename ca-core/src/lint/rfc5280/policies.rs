//! Policies are named, and each once.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.policies",
    clause: "RFC 5280 section 4.2.1.4",
    severity: Severity::Error,
    says: "policies are named, and each once",
    check,
};

/// RFC 5280 section 4.2.1.4: a policy OID MUST NOT appear more than once.
fn check(examined: &Examined<'_>) -> Verdict {
    let policies = examined.policies();
    let twice =
        policies.iter().enumerate().any(|(at, policy)| policies.iter().skip(at + 1).any(|it| it == policy));
    ensure(!twice, "a policy stands more than once")?;
    let present = examined.extension(extension::CERTIFICATE_POLICIES).is_some();
    ensure(present != policies.is_empty(), "the extension names no policy")
}
