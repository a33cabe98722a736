//! Extensions are critical, or not, where the standard leaves no choice.

use crate::lint::examined::{Examined, extension, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.criticality",
    clause: "RFC 5280 section 4.2",
    severity: Severity::Error,
    says: "extensions are critical, or not, where the standard leaves no choice",
    check,
};

/// RFC 5280 sections 4.2.1.9, 4.2.1.10, 4.2.1.11 and 4.2.1.14: MUST be critical; sections 4.2.1.1, 4.2.1.2, 4.2.1.8,
/// 4.2.1.15, 4.2.2.1 and 4.2.2.2: MUST be non-critical.
fn check(examined: &Examined<'_>) -> Verdict {
    let must = [extension::NAME_CONSTRAINTS, extension::POLICY_CONSTRAINTS, extension::INHIBIT_ANY_POLICY];
    let must_not = [
        extension::AUTHORITY_KEY_IDENTIFIER,
        extension::SUBJECT_KEY_IDENTIFIER,
        extension::SUBJECT_DIRECTORY_ATTRIBUTES,
        extension::FRESHEST_CRL,
        extension::AUTHORITY_INFORMATION_ACCESS,
        extension::SUBJECT_INFORMATION_ACCESS,
    ];
    let is_ca = examined.is_ca();
    examined.tbs().extensions().iter().try_for_each(|found| {
        let is = |oid: &const_oid::ObjectIdentifier| same_oid(&found.oid, *oid);
        // Section 4.2.1.9: in CA certificates. In others it may or may not be.
        let must = must.iter().any(is) || (is_ca && is(&extension::BASIC_CONSTRAINTS));
        ensure_or(found.critical || !must, || format!("{} is not critical", found.oid))?;
        ensure_or(!found.critical || !must_not.iter().any(is), || format!("{} is critical", found.oid))
    })
}
