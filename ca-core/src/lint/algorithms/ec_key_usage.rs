//! An elliptic-curve key does not encipher.

use super::known::{self, EC};
use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5480.key-usage",
    clause: "RFC 5480 section 3",
    severity: Severity::Error,
    says: "an elliptic-curve key does not encipher",
    check,
};

/// RFC 5480 section 3: keyEncipherment and dataEncipherment MUST NOT be present with id-ecPublicKey.
fn check(examined: &Examined<'_>) -> Verdict {
    let enciphers = bit::KEY_ENCIPHERMENT | bit::DATA_ENCIPHERMENT;
    let bits = examined.key_usage().unwrap_or_default();
    let is_ec = known::of_key(examined.tbs()) == Some(EC);
    ensure(!is_ec || bits & enciphers == 0, "an elliptic-curve key is to encipher")
}
