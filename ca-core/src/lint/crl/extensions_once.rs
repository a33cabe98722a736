//! No extension of the CRL stands more than once.

use super::{List, ListRule};
use crate::lint::{Severity, Verdict};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-extensions-once",
    clause: "RFC 5280 section 5.2",
    severity: Severity::Error,
    says: "no extension of the CRL stands more than once",
    check,
};

/// RFC 5280 section 4.2, which section 5.2 takes over: one instance of each.
fn check(list: &List<'_>) -> Verdict {
    let all = &list.extensions;
    let twice =
        all.iter().enumerate().find(|(at, one)| all.iter().skip(at + 1).any(|other| one.is_same_as(other)));
    twice.map_or(Ok(()), |(_, one)| Err(format!("{} stands more than once", one.name())))
}
