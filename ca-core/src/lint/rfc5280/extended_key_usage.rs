//! Purposes are named, and each once.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.extended-key-usage",
    clause: "RFC 5280 section 4.2.1.12",
    severity: Severity::Error,
    says: "purposes are named, and each once",
    check,
};

/// RFC 5280 section 4.2.1.12: SEQUENCE SIZE (1..MAX). That each stands once follows from section 4.2.1.12 having no
/// meaning for two.
fn check(examined: &Examined<'_>) -> Verdict {
    let purposes = examined.purposes();
    let present = examined.extension(extension::EXTENDED_KEY_USAGE).is_some();
    ensure(present != purposes.is_empty(), "it names no purpose")?;
    let twice = purposes.iter().enumerate().any(|(at, one)| purposes.iter().skip(at + 1).any(|it| it == one));
    ensure(!twice, "a purpose stands more than once")
}
