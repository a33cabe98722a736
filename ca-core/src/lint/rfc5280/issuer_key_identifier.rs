//! The authority key identifier is the issuer's subject key identifier.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-key-identifier",
    clause: "RFC 5280 section 4.2.1.1",
    severity: Severity::Error,
    says: "the authority key identifier is the issuer's subject key identifier",
    check,
};

/// RFC 5280 section 4.2.1.1: keyIdentifier equals the issuer's subjectKeyIdentifier.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let found = examined.parsed(|extension| match extension {
        ParsedExtension::AuthorityKeyIdentifier(found) => found.key_identifier.as_ref().map(|found| found.0),
        _ => None,
    });
    let Some(found) = found else { return Ok(()) };
    ensure(issuer.key_identifier.as_deref() == Some(found), "it is not the issuer's subjectKeyIdentifier")
}
