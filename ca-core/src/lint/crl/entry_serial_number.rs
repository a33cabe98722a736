//! Serial numbers are positive and have at most 20 octets.

use super::{Entry, EntryRule, List};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-serial-number",
    clause: "RFC 5280 section 5.1.2.6",
    severity: Severity::Error,
    says: "serial numbers are positive and have at most 20 octets",
    check,
};

/// RFC 5280 section 4.1.2.2: what a conforming CA can have issued. DER: in the fewest octets.
fn check(entry: &Entry<'_>, _: &List<'_>) -> Verdict {
    let octets = entry.serial;
    let shortest = !matches!(octets, [0, next, ..] if next & 0x80 == 0);
    let positive = octets.first().is_some_and(|first| first & 0x80 == 0) && octets != [0];
    ensure(octets.len() <= 20 && shortest && positive, "it is no positive number of at most 20 octets")
}
