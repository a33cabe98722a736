//! Only what every verifier knows is critical.

use crate::lint::examined::{Examined, extension, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.critical",
    clause: "RFC 5280 section 4.2",
    severity: Severity::Error,
    says: "only what every verifier knows is critical",
    check,
};

/// RFC 5280 section 4.2: a verifier refuses critical extensions that it does not know. Only those that every verifier
/// knows are critical; of the extended key usage the profile decides.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let purposes = profile.extended_key_usage_critical;
    examined.tbs().extensions().iter().try_for_each(|found| {
        let is = |oid| same_oid(&found.oid, oid);
        let expected = is(extension::KEY_USAGE)
            || is(extension::BASIC_CONSTRAINTS)
            || is(extension::NAME_CONSTRAINTS)
            || is(extension::POLICY_CONSTRAINTS)
            || is(extension::POLICY_MAPPINGS)
            || (is(extension::EXTENDED_KEY_USAGE) && purposes);
        ensure_or(found.critical == expected, || {
            format!("{} is {}critical", found.oid, if expected { "not " } else { "" })
        })
    })
}
