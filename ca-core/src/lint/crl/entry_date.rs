//! A date of revocation is written as RFC 5280 writes dates.

use super::{Entry, EntryRule, List};
use crate::lint::rfc5280::moment;
use crate::lint::{Severity, Verdict};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-date",
    clause: "RFC 5280 section 5.1.2.6",
    severity: Severity::Error,
    says: "a date of revocation is written as dates are",
    check,
};

/// RFC 5280 section 5.1.2.6: in the form of section 5.1.2.4.
fn check(entry: &Entry<'_>, _: &List<'_>) -> Verdict {
    moment::check(entry.date.tag, entry.date.body)
}
