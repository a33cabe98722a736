//! An invalidity date is a GeneralizedTime to the second.

use super::{Entry, EntryRule, List, oid};
use crate::lint::element::{GENERALIZED_TIME, whole};
use crate::lint::rfc5280::moment;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-invalidity-date",
    clause: "RFC 5280 section 5.3.2",
    severity: Severity::Error,
    says: "an invalidity date is a GeneralizedTime to the second",
    check,
};

/// RFC 5280 section 5.3.2: GeneralizedTime, in Greenwich time, as section 4.1.2.5.2 writes it, whatever the year; a key
/// is not first known to be bad after its certificate is revoked.
fn check(entry: &Entry<'_>, _: &List<'_>) -> Verdict {
    let Some(found) = entry.extensions.and_then(|all| all.find(oid::INVALIDITY_DATE)) else { return Ok(()) };
    let read = whole(found.value, GENERALIZED_TIME).ok().and_then(moment::generalized);
    let since = read.ok_or("it is no GeneralizedTime to the second")?;
    ensure(Some(since) <= moment::comparable(entry.date.tag, entry.date.body), "it lies after the revocation")
}
