//! The issuer's path length admits a CA here.

use super::above::path_length;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-path-length",
    clause: "RFC 5280 section 4.2.1.9",
    severity: Severity::Error,
    says: "the issuer's path length admits a CA here",
    check,
};

/// RFC 5280 section 4.2.1.9: how many intermediate CAs may follow.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let below = path_length(examined.tbs());
    match issuer.path_length {
        _ if !examined.is_ca() => Ok(()),
        None => Ok(()),
        Some(0) => Err("no CA may follow below the issuer".to_owned()),
        Some(above) => {
            ensure(below.is_some_and(|below| below < above), "its pathLenConstraint is beyond the issuer's")
        }
    }
}
