//! Statements are not critical, there is one, and each stands once.

use crate::lint::etsi::statement::Statements;
use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statements",
    clause: "ETSI EN 319 412-5 section 4.1",
    severity: Severity::Error,
    says: "statements are not critical, there is one, and each stands once",
    check,
};

/// ETSI EN 319 412-5 section 4.1: not critical. RFC 3739 section 3.2.6: at least one statement; here each once.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::QC_STATEMENTS) else { return Ok(()) };
    ensure(!found.critical, "they are critical")?;
    let statements = Statements::of(examined)?;
    ensure(!statements.is_empty(), "there is none")?;
    ensure(!statements.repeat(), "a statement stands more than once")
}
