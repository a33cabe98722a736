//! Alternative names are there, and each can be read.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.alternative-names",
    clause: "RFC 5280 section 4.2.1.6",
    severity: Severity::Error,
    says: "alternative names are there, and each can be read",
    check,
};

/// RFC 5280 section 4.2.1.6: if it is present, at least one entry. Each must be readable.
fn check(examined: &Examined<'_>) -> Verdict {
    let present = examined.extension(extension::SUBJECT_ALT_NAME).is_some();
    let names = examined.alternative_names();
    ensure(!present || !names.is_empty(), "the extension is empty")?;
    let readable = names.iter().all(|name| !matches!(name, GeneralName::Invalid(..)));
    ensure(readable, "an entry cannot be read")
}
