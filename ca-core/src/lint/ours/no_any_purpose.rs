//! No certificate admits every purpose.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.no-any-purpose",
    clause: "npki",
    severity: Severity::Warning,
    says: "no certificate admits every purpose",
    check,
};

/// Ours: a key for everything is a key for what nobody thought of.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(!examined.purposes().contains(&oids::ANY_EXTENDED_KEY_USAGE.0), "it admits every purpose")
}
