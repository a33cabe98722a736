//! Who may sign certificates is a CA, and a CA may.

use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.key-cert-sign",
    clause: "RFC 5280 section 4.2.1.9",
    severity: Severity::Error,
    says: "who may sign certificates is a CA, and a CA may",
    check,
};

/// RFC 5280 section 4.2.1.9: keyCertSign MUST NOT be asserted unless cA is; section 4.2.1.3: and is, where cA is.
fn check(examined: &Examined<'_>) -> Verdict {
    let signs = examined.key_usage().is_some_and(|bits| bits & bit::KEY_CERT_SIGN != 0);
    let is_ca = examined.is_ca();
    ensure_or(signs == is_ca, || format!("cA is {is_ca}, and keyCertSign is not"))
}
