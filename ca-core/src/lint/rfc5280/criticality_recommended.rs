//! Extensions are critical, or not, as the standard recommends.

use crate::lint::examined::{Examined, extension, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.criticality-recommended",
    clause: "RFC 5280 section 4.2",
    severity: Severity::Warning,
    says: "extensions are critical, or not, as the standard recommends",
    check,
};

/// RFC 5280 sections 4.2.1.3 and 4.2.1.5: SHOULD be critical; sections 4.2.1.7 and 4.2.1.13: SHOULD NOT; section 4.2.1.6:
/// alternative names only beside an empty subject.
fn check(examined: &Examined<'_>) -> Verdict {
    let named = !examined.attributes().is_empty();
    examined.tbs().extensions().iter().try_for_each(|found| {
        let is = |oid| same_oid(&found.oid, oid);
        let should = is(extension::KEY_USAGE) || is(extension::POLICY_MAPPINGS);
        let should_not = is(extension::ISSUER_ALT_NAME)
            || is(extension::CRL_DISTRIBUTION_POINTS)
            || (is(extension::SUBJECT_ALT_NAME) && named);
        ensure_or(found.critical || !should, || format!("{} is not critical", found.oid))?;
        ensure_or(!found.critical || !should_not, || format!("{} is critical", found.oid))
    })
}
