//! A validity-assured short-term certificate says so with NULL, and that nothing tells of its revocation.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.short-term",
    clause: "ETSI EN 319 412-1 section 5.2.2",
    severity: Severity::Error,
    says: "a validity-assured short-term certificate says so with NULL, and that nothing tells of its revocation",
    check,
};

/// ETSI EN 319 412-1 section 5.2.2: the value is NULL, SHALL NOT be critical. RFC 9608 section 1: so that verifiers which do
/// not know it do not look for what is not there, noRevAvail beside it.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::SHORT_TERM) else { return Ok(()) };
    ensure(!found.critical, "it is critical")?;
    ensure(found.value == [0x05, 0x00], "its value is not NULL")?;
    ensure(examined.extension(extension::NO_REV_AVAIL).is_some(), "noRevAvail does not stand beside it")
}
