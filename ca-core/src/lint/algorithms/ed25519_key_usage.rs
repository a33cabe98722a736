//! An Ed25519 key signs and does nothing else.

use super::known::{self, ED25519};
use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc8410.key-usage",
    clause: "RFC 8410 section 5",
    severity: Severity::Error,
    says: "an Ed25519 key signs and does nothing else",
    check,
};

/// RFC 8410 section 5: nonRepudiation, digitalSignature; with cA also keyCertSign, cRLSign.
fn check(examined: &Examined<'_>) -> Verdict {
    let signs = bit::DIGITAL_SIGNATURE | bit::NON_REPUDIATION | bit::KEY_CERT_SIGN | bit::CRL_SIGN;
    let is_ed25519 = known::of_key(examined.tbs()) == Some(ED25519);
    let bits = examined.key_usage().unwrap_or_default();
    ensure(!is_ed25519 || bits & !signs == 0, "an Ed25519 key is to do more than sign")
}
