//! Each part of the subject stands alone.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.subject-flat",
    clause: "npki",
    severity: Severity::Warning,
    says: "each part of the subject stands alone",
    check,
};

/// Ours: one attribute in each RDN. RFC 5280 allows more, and half of all software shows only the first.
fn check(examined: &Examined<'_>) -> Verdict {
    let flat = examined.tbs().subject().iter_rdn().all(|rdn| rdn.iter().count() == 1);
    ensure(flat, "an RDN of the subject has several attributes")
}
