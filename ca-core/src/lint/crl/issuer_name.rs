//! The issuer has a name, the issuer's, octet for octet.

use super::{List, ListRule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-issuer-name",
    clause: "RFC 5280 section 5.1.2.3",
    severity: Severity::Error,
    says: "the issuer has a name, the issuer's, octet for octet",
    check,
};

/// RFC 5280 section 5.1.2.3: a non-empty distinguished name, and that of the issuer's certificate, byte for byte.
fn check(list: &List<'_>) -> Verdict {
    ensure(list.issuer.len() > 2, "the issuer's name is empty")?;
    let Some(issuer) = &list.issuer_certificate else { return Ok(()) };
    ensure(issuer.subject().as_raw() == list.issuer, "the issuer is not the issuing CA's subject")
}
