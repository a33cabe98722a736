//! The issuer is named by its key alone.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.issuer-by-key",
    clause: "npki",
    severity: Severity::Warning,
    says: "the issuer is named by its key alone",
    check,
};

/// Ours: never the issuer's issuer and serial number, which would forbid to renew the issuer.
fn check(examined: &Examined<'_>) -> Verdict {
    let named = examined.parsed(|extension| match extension {
        ParsedExtension::AuthorityKeyIdentifier(found) => {
            Some(found.authority_cert_issuer.is_some() || found.authority_cert_serial.is_some())
        }
        _ => None,
    });
    ensure(!named.unwrap_or_default(), "it names one certificate of the issuer")
}
