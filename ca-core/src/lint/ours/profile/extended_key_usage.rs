//! The purposes are the profile's, in its order.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.extended-key-usage",
    clause: "npki",
    severity: Severity::Error,
    says: "the purposes are the profile's, in its order",
    check,
};

/// Ours: exactly the profile's purposes, in its order. Whether there are any at all is `npki.extensions`'s.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let found = examined.purposes();
    let same = found.iter().eq(profile.extended_key_usage.iter().map(|purpose| &purpose.0));
    ensure(found.is_empty() || same, "its purposes are not the profile's")
}
