//! A certificate lies within its issuer's lifetime.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.within-issuer",
    clause: "ETSI EN 319 411-1 section 6.3.3",
    severity: Severity::Error,
    says: "a certificate lies within its issuer's lifetime",
    check,
};

/// ETSI EN 319 411-1 section 6.3.3: a certificate does not outlive its CA's; nor, here, begin before it.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let own = examined.tbs().validity();
    ensure(own.not_before >= issuer.not_before, "it begins before the issuer's certificate")?;
    ensure(own.not_after <= issuer.not_after, "it outlives the issuer's certificate")
}
