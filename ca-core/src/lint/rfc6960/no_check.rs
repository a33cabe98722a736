//! Nobody is to ask whether a responder is revoked.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc6960.no-check",
    clause: "RFC 6960 section 4.2.2.2.1",
    severity: Severity::Error,
    says: "nobody is to ask whether a responder is revoked",
    check,
};

/// RFC 6960 section 4.2.2.2.1: the value is NULL; SHOULD be non-critical.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::OCSP_NO_CHECK).ok_or("there is none")?;
    ensure(!found.critical, "it is critical")?;
    ensure(found.value == [0x05, 0x00], "its value is not NULL")
}
