//! With extensions the version is 3.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.version",
    clause: "RFC 5280 section 4.1.2.1",
    severity: Severity::Error,
    says: "with extensions the version is 3",
    check,
};

/// RFC 5280 section 4.1.2.1: with extensions, version MUST be 3. Without any, nothing tells a CA from an end entity.
fn check(examined: &Examined<'_>) -> Verdict {
    let version = examined.tbs().version();
    ensure_or(version.0 == 2, || format!("the version is {}, not 3", version.0.saturating_add(1)))
}
