//! Exactly the names that the script admits.

use super::terms;
use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.cross-names",
    clause: "RFC 5280 section 4.2.1.10",
    severity: Severity::Error,
    says: "exactly the names that the script admits",
    check,
};

/// RFC 5280 section 4.2.1.10: exactly the names that the script admits.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::NAME_CONSTRAINTS).map(|found| found.value);
    ensure(found == terms(examined)?.name_constraints.as_deref(), "they are not those of the script")
}
