//! Nobody but a root has its issuer's key.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.key-of-its-own",
    clause: "npki",
    severity: Severity::Error,
    says: "nobody but a root has its issuer's key",
    check,
};

/// Ours: whoever holds the issuer's key would be the CA. A CA's new certificate over its old key is its own.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let shared = issuer.key_info == examined.tbs().public_key().raw;
    let same = issuer.subject == examined.tbs().subject().as_raw();
    ensure(!shared || same, "it is the issuing CA's own key")
}
