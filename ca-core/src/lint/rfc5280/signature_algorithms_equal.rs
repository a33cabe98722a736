//! The algorithm beside the signature is the one that was signed.

use crate::lint::examined::{Examined, Field};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.signature-algorithms-equal",
    clause: "RFC 5280 section 4.1.1.2",
    severity: Severity::Error,
    says: "the algorithm beside the signature is the one that was signed",
    check,
};

/// RFC 5280 section 4.1.1.2: signatureAlgorithm MUST contain the same algorithm identifier as the signature field.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(outer) = examined.outer_algorithm() else { return Ok(()) };
    ensure(outer == examined.field(Field::Algorithm)?, "the algorithm beside the signature is another one")
}
