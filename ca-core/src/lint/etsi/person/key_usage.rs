//! A key either commits or authenticates.

use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-key-usage",
    clause: "ETSI EN 319 412-2 section 4.3.2",
    severity: Severity::Error,
    says: "a key either commits or authenticates",
    check,
};

/// ETSI EN 319 412-2 section 4.3.2, table 1, as far as npki uses it: nonRepudiation alone (type A), digitalSignature
/// alone (type C). The other types mix uses of a key, which the section advises against.
fn check(examined: &Examined<'_>) -> Verdict {
    let bits = examined.key_usage();
    ensure(
        matches!(bits, Some(bit::DIGITAL_SIGNATURE | bit::NON_REPUDIATION)),
        "it is neither type A nor type C",
    )
}
