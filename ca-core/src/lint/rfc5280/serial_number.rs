//! The serial number is positive and has at most 20 octets.

use crate::lint::examined::{Examined, Field};
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.serial-number",
    clause: "RFC 5280 section 4.1.2.2",
    severity: Severity::Error,
    says: "the serial number is positive and has at most 20 octets",
    check,
};

/// RFC 5280 section 4.1.2.2: a positive integer of at most 20 octets.
fn check(examined: &Examined<'_>) -> Verdict {
    let octets = examined.field(Field::Serial)?.value();
    ensure_or(octets.len() <= 20, || format!("it has {} octets, at most 20 are allowed", octets.len()))?;
    let negative = octets.first().is_none_or(|first| first & 0x80 != 0);
    ensure(!negative && octets.iter().any(|octet| *octet != 0), "it is not positive")
}
