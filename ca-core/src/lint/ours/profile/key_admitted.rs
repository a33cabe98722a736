//! The profile admits the key.

use crate::algorithm::KeyAlgorithm;
use crate::csr::KeyKind;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.key-admitted",
    clause: "npki",
    severity: Severity::Error,
    says: "the profile admits the key",
    check,
};

/// Ours: the key's kind and size are among those the profile admits.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let rules = &profile.keys;
    let kind = examined.key()?;
    let admitted = match kind {
        KeyKind::P256 => rules.curves.contains(&KeyAlgorithm::P256),
        KeyKind::P384 => rules.curves.contains(&KeyAlgorithm::P384),
        KeyKind::Ed25519 => rules.curves.contains(&KeyAlgorithm::Ed25519),
        KeyKind::Rsa { bits } => rules.rsa_bits.is_some_and(|(least, most)| (least..=most).contains(&bits)),
    };
    ensure_or(admitted, || format!("the profile admits no {kind} key"))
}
