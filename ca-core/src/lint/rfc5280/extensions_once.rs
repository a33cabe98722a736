//! No extension stands more than once.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.extensions-once",
    clause: "RFC 5280 section 4.2",
    severity: Severity::Error,
    says: "no extension stands more than once",
    check,
};

/// RFC 5280 section 4.2: a certificate MUST NOT include more than one instance of an extension.
fn check(examined: &Examined<'_>) -> Verdict {
    let extensions = examined.tbs().extensions();
    let twice = extensions
        .iter()
        .enumerate()
        .find(|(at, extension)| extensions.iter().skip(at + 1).any(|other| other.oid == extension.oid));
    match twice {
        Some((_, extension)) => Err(format!("{} stands more than once", extension.oid)),
        None => Ok(()),
    }
}
