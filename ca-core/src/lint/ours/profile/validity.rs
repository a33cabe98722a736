//! It lasts no longer than the profile says.

use time::Duration;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.validity",
    clause: "npki",
    severity: Severity::Error,
    says: "it lasts no longer than the profile says",
    check,
};

/// Ours: not longer than the profile says for the day on which it begins. Shorter is admitted: a certificate may end with its issuer.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let validity = examined.tbs().validity();
    // RFC 5280 section 4.1.2.5: both ends belong to it.
    let lasts = validity.not_after.to_datetime() - validity.not_before.to_datetime() + Duration::SECOND;
    let most = profile.validity_at(validity.not_before.to_datetime());
    ensure(lasts <= most, "it lasts longer than the profile says")
}
