//! The issuer's issuer and serial number are named together or not at all.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.authority-key-identifier-pair",
    clause: "RFC 5280 section 4.2.1.1",
    severity: Severity::Error,
    says: "the issuer's issuer and serial number are named together or not at all",
    check,
};

/// RFC 5280 appendix A.2: authorityCertIssuer and authorityCertSerialNumber MUST both be present or both be absent.
fn check(examined: &Examined<'_>) -> Verdict {
    let both = examined.parsed(|extension| match extension {
        ParsedExtension::AuthorityKeyIdentifier(found) => {
            Some(found.authority_cert_issuer.is_some() == found.authority_cert_serial.is_some())
        }
        _ => None,
    });
    ensure(both.unwrap_or(true), "one of authorityCertIssuer and authorityCertSerialNumber stands alone")
}
