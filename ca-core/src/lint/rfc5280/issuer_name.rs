//! The issuer's name is the issuer's subject, octet for octet.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-name",
    clause: "RFC 5280 section 4.1.2.4",
    severity: Severity::Error,
    says: "the issuer's name is the issuer's subject, octet for octet",
    check,
};

/// RFC 5280 section 4.1.2.4: the issuer field is the issuer's subject. Byte for byte, since not everybody compares
/// names as section 7.1 wants it.
fn check(examined: &Examined<'_>) -> Verdict {
    let tbs = examined.tbs();
    let expected = match (examined.issuer(), examined.profile()) {
        (Some(issuer), _) => issuer.subject.as_slice(),
        // Issued here and without an issuer: a root.
        (None, Some(_)) => tbs.subject().as_raw(),
        (None, None) => return Ok(()),
    };
    ensure(tbs.issuer().as_raw() == expected, "the issuer is not the issuing CA's subject")
}
