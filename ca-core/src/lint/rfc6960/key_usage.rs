//! A responder's key makes digital signatures only.

use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc6960.key-usage",
    clause: "CA/Browser Forum BR section 7.1.2.8.7",
    severity: Severity::Error,
    says: "a responder's key makes digital signatures only",
    check,
};

/// CA/Browser Forum BR section 7.1.2.8.7: digitalSignature, and no other bit.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.key_usage() == Some(bit::DIGITAL_SIGNATURE), "digitalSignature does not stand alone")
}
