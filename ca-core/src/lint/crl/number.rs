//! The CRL has a number, which grows.

use super::{List, ListRule, oid};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-number",
    clause: "RFC 5280 section 5.2.3",
    severity: Severity::Error,
    says: "the CRL has a number, which grows",
    check,
};

/// RFC 5280 section 5.2.3: MUST be included, not critical, at most 20 octets; monotonically increasing.
fn check(list: &List<'_>) -> Verdict {
    let found = list.extension(oid::CRL_NUMBER).ok_or("there is none")?;
    ensure(!found.critical, "it is critical")?;
    let number = list.number().ok_or("it is no number of at most 20 octets")?;
    let Some(before) = list.newer_than else { return Ok(()) };
    let before = before.to_be_bytes();
    let before = before.get(before.iter().take_while(|octet| **octet == 0).count()..).unwrap_or_default();
    let grows = (number.len(), number) > (before.len(), before);
    ensure(grows, "it is not above the number of the CRL before")
}
