//! The issuer may sign CRLs.

use x509_parser::extensions::ParsedExtension;

use super::{List, ListRule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-issuer-may",
    clause: "RFC 5280 section 6.3.3",
    severity: Severity::Error,
    says: "the issuer may sign CRLs",
    check,
};

/// RFC 5280 section 6.3.3 (f): if a key usage is present in the issuer's certificate, cRLSign is set.
fn check(list: &List<'_>) -> Verdict {
    let Some(issuer) = &list.issuer_certificate else { return Ok(()) };
    let forbidden = issuer.extensions().iter().any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage) if !usage.crl_sign())
    });
    ensure(!forbidden, "the issuer's key usage has no cRLSign")
}
