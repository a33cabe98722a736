//! A CA has a name; an end entity without one has critical alternative names.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.subject-present",
    clause: "RFC 5280 section 4.1.2.6",
    severity: Severity::Error,
    says: "a CA has a name; an end entity without one has critical alternative names",
    check,
};

/// RFC 5280 section 4.1.2.6: a CA's subject MUST NOT be empty; an end entity's only beside a critical subjectAltName.
fn check(examined: &Examined<'_>) -> Verdict {
    if !examined.attributes().is_empty() {
        return Ok(());
    }
    ensure(!examined.is_ca(), "the subject of a CA is empty")?;
    let named = examined.extension(extension::SUBJECT_ALT_NAME).is_some_and(|names| names.critical);
    ensure(named, "the subject is empty, and there are no critical alternative names")
}
