//! NoRevAvail is NULL, not critical, and not a CA's.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc9608.no-rev-avail",
    clause: "RFC 9608 section 2",
    severity: Severity::Error,
    says: "noRevAvail is NULL, not critical, and not a CA's",
    check,
};

/// RFC 9608 section 2: MUST NOT be critical, its value is NULL; MUST NOT be in CA certificates.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::NO_REV_AVAIL) else { return Ok(()) };
    ensure(!found.critical, "it is critical")?;
    ensure(found.value == [0x05, 0x00], "its value is not NULL")?;
    ensure(!examined.is_ca(), "a CA has it")
}
