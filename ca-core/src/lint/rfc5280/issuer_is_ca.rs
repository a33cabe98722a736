//! The issuer is a CA.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-is-ca",
    clause: "RFC 5280 section 6.1.4",
    severity: Severity::Error,
    says: "the issuer is a CA",
    check,
};

/// RFC 5280 section 6.1.4 (k) and (n): the issuer has cA and keyCertSign.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    ensure(issuer.is_ca && issuer.signs_certificates, "the issuer is no CA")
}
