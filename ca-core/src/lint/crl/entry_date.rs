//! Nothing was revoked after the CRL was made.

use super::{Entry, EntryRule, List};
use crate::lint::rfc5280::moment;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-date",
    clause: "RFC 5280 section 5.1.2.6",
    severity: Severity::Error,
    says: "nothing was revoked after the CRL was made",
    check,
};

/// RFC 5280 section 5.1.2.6: in the form of section 5.1.2.4. A date after thisUpdate announces what has not happened.
fn check(entry: &Entry<'_>, list: &List<'_>) -> Verdict {
    moment::check(entry.date.tag, entry.date.body)?;
    let revoked = moment::comparable(entry.date.tag, entry.date.body);
    ensure(revoked <= list.made, "it lies after thisUpdate")
}
