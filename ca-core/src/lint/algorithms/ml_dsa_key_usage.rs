//! An ML-DSA key signs and does nothing else.

use super::known::{self, ML_DSA};
use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc9881.key-usage",
    clause: "RFC 9881 section 5",
    severity: Severity::Error,
    says: "an ML-DSA key signs and does nothing else",
    check,
};

/// RFC 9881 section 5: at least one of digitalSignature, nonRepudiation, keyCertSign and cRLSign; MUST NOT be
/// keyEncipherment, dataEncipherment, keyAgreement, encipherOnly or decipherOnly.
fn check(examined: &Examined<'_>) -> Verdict {
    let signs = bit::DIGITAL_SIGNATURE | bit::NON_REPUDIATION | bit::KEY_CERT_SIGN | bit::CRL_SIGN;
    let key = known::of_key(examined.tbs());
    let is_ml_dsa = ML_DSA.iter().any(|(id, _)| Some(*id) == key);
    let Some(bits) = examined.key_usage().filter(|_| is_ml_dsa) else { return Ok(()) };
    ensure(bits & !signs == 0 && bits & signs != 0, "an ML-DSA key is to do other things than sign")
}
