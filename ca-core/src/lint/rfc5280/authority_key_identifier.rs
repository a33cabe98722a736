//! Who is not self-signed names the issuer's key.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.authority-key-identifier",
    clause: "RFC 5280 section 4.2.1.1",
    severity: Severity::Error,
    says: "who is not self-signed names the issuer's key",
    check,
};

/// RFC 5280 section 4.2.1.1: MUST be included, with keyIdentifier, but for self-signed certificates.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::AUTHORITY_KEY_IDENTIFIER) else {
        return ensure(examined.is_self_issued(), "there is none");
    };
    let named = matches!(found.parsed_extension(), ParsedExtension::AuthorityKeyIdentifier(found)
        if found.key_identifier.as_ref().is_some_and(|identifier| !identifier.0.is_empty()));
    ensure(named, "it has no keyIdentifier")
}
