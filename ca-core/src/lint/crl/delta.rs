//! A delta says critically which older CRL it continues.

use super::list::number_in;
use super::{List, ListRule, oid};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-delta",
    clause: "RFC 5280 section 5.2.4",
    severity: Severity::Error,
    says: "a delta says critically which older CRL it continues",
    check,
};

/// RFC 5280 section 5.2.4: critical; the base is an earlier CRL. Section 5.2.6: freshestCRL MUST NOT be in a delta, and is
/// not critical.
fn check(list: &List<'_>) -> Verdict {
    let freshest = list.extension(oid::FRESHEST_CRL);
    ensure(freshest.is_none_or(|found| !found.critical), "freshestCRL is critical")?;
    let Some(found) = list.extension(oid::DELTA_CRL_INDICATOR) else { return Ok(()) };
    ensure(found.critical, "the delta's indicator is not critical")?;
    ensure(freshest.is_none(), "a delta says where a fresher one is")?;
    let base = number_in(found.value).ok_or("the base is no number of at most 20 octets")?;
    let number = list.number().unwrap_or_default();
    ensure((base.len(), base) < (number.len(), number), "the base is not an earlier CRL")
}
