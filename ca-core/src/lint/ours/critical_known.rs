//! What is critical is known to every verifier.

use crate::lint::examined::{Examined, extension, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.critical-known",
    clause: "RFC 5280 section 4.2",
    severity: Severity::Warning,
    says: "what is critical is known to every verifier",
    check,
};

/// RFC 5280 section 4.2: a verifier MUST reject a certificate with a critical extension that it does not recognise, and
/// caution is to be taken with others than that document's.
fn check(examined: &Examined<'_>) -> Verdict {
    const KNOWN: [const_oid::ObjectIdentifier; 9] = [
        extension::KEY_USAGE,
        extension::CERTIFICATE_POLICIES,
        extension::POLICY_MAPPINGS,
        extension::SUBJECT_ALT_NAME,
        extension::BASIC_CONSTRAINTS,
        extension::NAME_CONSTRAINTS,
        extension::POLICY_CONSTRAINTS,
        extension::EXTENDED_KEY_USAGE,
        extension::INHIBIT_ANY_POLICY,
    ];
    examined.tbs().extensions().iter().filter(|found| found.critical).try_for_each(|found| {
        let known = KNOWN.iter().any(|oid| same_oid(&found.oid, *oid));
        ensure_or(known, || format!("{} is critical, and many verifiers do not know it", found.oid))
    })
}
