//! Exactly the mappings of the script.

use super::terms;
use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.cross-mappings",
    clause: "RFC 5280 section 4.2.1.5",
    severity: Severity::Error,
    says: "exactly the mappings of the script",
    check,
};

/// RFC 5280 section 4.2.1.5: exactly the mappings of the script.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::POLICY_MAPPINGS).map(|found| found.value);
    ensure(found == terms(examined)?.policy_mappings.as_deref(), "they are not those of the script")
}
