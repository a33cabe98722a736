//! The issuer lists every policy of the certificate.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-policies",
    clause: "RFC 5280 section 6.1.3",
    severity: Severity::Error,
    says: "the issuer lists every policy of the certificate",
    check,
};

/// RFC 5280 section 6.1.3 (d): a policy that the issuer does not list exactly is not valid on the path. A trust anchor
/// lists none (section 6.1.1).
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let listed = &issuer.policies;
    if issuer.is_self_issued() || listed.contains(&oids::ANY_POLICY) {
        return Ok(());
    }
    match examined.policies().iter().find(|policy| !listed.contains(policy)) {
        Some(missing) => Err(format!("the issuer does not list policy {missing}")),
        None => Ok(()),
    }
}
