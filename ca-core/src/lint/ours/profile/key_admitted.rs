//! The profile admits the key.

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
    let kind = examined.key()?;
    ensure_or(profile.keys.admit(kind), || format!("the profile admits no {kind} key"))
}
