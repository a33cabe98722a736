//! A CA has a subject key identifier, and no identifier is empty.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.subject-key-identifier",
    clause: "RFC 5280 section 4.2.1.2",
    severity: Severity::Error,
    says: "a CA has a subject key identifier, and no identifier is empty",
    check,
};

/// RFC 5280 section 4.2.1.2: MUST appear in CA certificates.
fn check(examined: &Examined<'_>) -> Verdict {
    let extension = examined.extension(extension::SUBJECT_KEY_IDENTIFIER);
    ensure(extension.is_some() || !examined.is_ca(), "a CA has none")?;
    let empty = extension.is_some_and(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::SubjectKeyIdentifier(found) if found.0.is_empty())
    });
    ensure(!empty, "it is empty")
}
