//! A server's key makes digital signatures; an RSA key may transport keys.

use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.key-usage",
    clause: "CA/Browser Forum BR section 7.1.2.7.11",
    severity: Severity::Error,
    says: "a server's key makes digital signatures; an RSA key may transport keys",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.11: digitalSignature, for RSA keys also keyEncipherment.
fn check(examined: &Examined<'_>) -> Verdict {
    let bits = examined.key_usage().unwrap_or_default();
    let others = bits & !(bit::DIGITAL_SIGNATURE | bit::KEY_ENCIPHERMENT) != 0;
    let admitted = bits & bit::DIGITAL_SIGNATURE != 0 && !others;
    ensure(admitted, "it is not digitalSignature, alone or with keyEncipherment")
}
