//! Only what every verifier knows is critical.

use super::{List, ListRule, oid};
use crate::lint::{Severity, Verdict};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-critical",
    clause: "RFC 5280 section 5.2",
    severity: Severity::Error,
    says: "only what every verifier knows is critical",
    check,
};

/// RFC 5280 section 5.2: a CRL with a critical extension that a verifier does not know cannot be used. Of those defined
/// there issuingDistributionPoint and deltaCRLIndicator are critical.
fn check(list: &List<'_>) -> Verdict {
    let known = [oid::ISSUING_DISTRIBUTION_POINT, oid::DELTA_CRL_INDICATOR];
    let mut critical = list.extensions.iter().filter(|found| found.critical);
    let other = critical.find(|found| !known.iter().any(|oid| found.is(*oid)));
    other.map_or(Ok(()), |found| Err(format!("{} is critical", found.name())))
}
