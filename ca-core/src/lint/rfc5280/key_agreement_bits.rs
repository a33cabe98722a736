//! EncipherOnly and decipherOnly stand beside keyAgreement only.

use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.key-agreement-bits",
    clause: "RFC 5280 section 4.2.1.3",
    severity: Severity::Error,
    says: "encipherOnly and decipherOnly stand beside keyAgreement only",
    check,
};

/// RFC 5280 section 4.2.1.3: the meaning of encipherOnly and decipherOnly is undefined without keyAgreement.
fn check(examined: &Examined<'_>) -> Verdict {
    let bits = examined.key_usage().unwrap_or_default();
    let only = bits & (bit::ENCIPHER_ONLY | bit::DECIPHER_ONLY) != 0;
    ensure(
        !only || bits & bit::KEY_AGREEMENT != 0,
        "encipherOnly or decipherOnly stands without keyAgreement",
    )
}
