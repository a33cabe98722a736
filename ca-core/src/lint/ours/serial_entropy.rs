//! The serial number has room for 64 random bits, and does not look like a counter.

use crate::lint::examined::{Examined, Field};
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.serial-entropy",
    clause: "CA/Browser Forum BR section 7.1",
    severity: Severity::Error,
    says: "the serial number has room for 64 random bits, and does not look like a counter",
    check,
};

/// CA/Browser Forum BR section 7.1: at least 64 bits from a random source. That they are random is the work of
/// `SerialNumber::draw`; here there must be room for them, and no run of six equal octets, which chance makes once in
/// a hundred thousand million numbers and a counter makes always.
fn check(examined: &Examined<'_>) -> Verdict {
    let octets = examined.field(Field::Serial)?.value();
    let magnitude = octets.iter().skip_while(|octet| **octet == 0).count();
    ensure_or(magnitude >= 8, || format!("{magnitude} octets have no room for 64 random bits"))?;
    let run = octets.windows(6).any(|run| run.iter().all(|octet| Some(octet) == run.first()));
    ensure(!run, "six octets in succession are equal: it looks like a counter")
}
