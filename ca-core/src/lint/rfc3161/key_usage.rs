//! A time-stamping unit's key signs and does nothing else.

use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc3161.key-usage",
    clause: "RFC 3161 section 2.3",
    severity: Severity::Error,
    says: "a time-stamping unit's key signs and does nothing else",
    check,
};

/// RFC 3161 section 2.3: a key reserved for time-stamping. OpenSSL and ETSI EN 319 422 section 6 read that as
/// digitalSignature, nonRepudiation or both.
fn check(examined: &Examined<'_>) -> Verdict {
    let signs = bit::DIGITAL_SIGNATURE | bit::NON_REPUDIATION;
    let bits = examined.key_usage().unwrap_or_default();
    ensure(bits & signs != 0 && bits & !signs == 0, "it is not digitalSignature or nonRepudiation alone")
}
