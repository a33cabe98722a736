//! Nothing was revoked after the CRL was made.

use super::{Entry, EntryRule, List};
use crate::lint::rfc5280::moment;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-announced",
    clause: "RFC 5280 section 5.1.2.6",
    severity: Severity::Notice,
    says: "nothing was revoked after the CRL was made",
    check,
};

/// RFC 5280 section 5.1.2.6: a date after thisUpdate announces what has not happened. No more than a notice: the clocks of
/// two machines differ by seconds, and to withhold a CRL for that would be worse.
fn check(entry: &Entry<'_>, list: &List<'_>) -> Verdict {
    let revoked = moment::comparable(entry.date.tag, entry.date.body);
    ensure(revoked <= list.made, "it lies after thisUpdate")
}
