//! The signature is RSA with SHA-2, ECDSA with SHA-2, Ed25519 or ML-DSA.

use super::known::{self, CURVES, ED25519, ML_DSA, RSA_PSS, RSA_SHA2};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.signature-strength",
    clause: "CA/Browser Forum BR section 7.1.3.2",
    severity: Severity::Error,
    says: "the signature is RSA with SHA-2, ECDSA with SHA-2, Ed25519 or ML-DSA",
    check,
};

/// CA/Browser Forum BR section 7.1.3.2: no digest below SHA-256. NIST SP 800-131A section 9: SHA-1 makes no signatures.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = known::identifier(&examined.tbs().signature).ok_or("its algorithm cannot be read")?;
    let strong = RSA_SHA2.contains(&found)
        || [RSA_PSS, ED25519].contains(&found)
        || CURVES.iter().any(|(_, signature)| *signature == found)
        || ML_DSA.iter().any(|(key, _)| *key == found);
    ensure_or(strong, || format!("signature algorithm {found} is weak or not known"))
}
