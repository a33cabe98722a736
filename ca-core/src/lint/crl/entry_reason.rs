//! A reason is one of those defined, or is left out.

use super::{Entry, EntryRule, List, oid};
use crate::lint::element::{ENUMERATED, whole};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-reason",
    clause: "RFC 5280 section 5.3.1",
    severity: Severity::Error,
    says: "a reason is one of those defined, or is left out",
    check,
};

/// RFC 5280 section 5.3.1: 1 to 6, 9 and 10; SHOULD be absent instead of unspecified (0), and 7 is not used;
/// removeFromCRL (8) in delta CRLs only.
fn check(entry: &Entry<'_>, list: &List<'_>) -> Verdict {
    let Some(found) = entry.extensions.and_then(|all| all.find(oid::REASON_CODE)) else { return Ok(()) };
    match whole(found.value, ENUMERATED).map(|element| element.body) {
        Ok([1..=6 | 9 | 10]) => Ok(()),
        Ok([8]) => ensure(list.is_delta, "removeFromCRL stands in a full CRL"),
        Ok([0]) => Err("unspecified stands in it, and should be left out".to_owned()),
        _ => Err("it is no reason of RFC 5280".to_owned()),
    }
}
