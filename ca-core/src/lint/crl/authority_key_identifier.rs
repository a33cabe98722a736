//! The CRL names its issuer's key.

use der::Decode;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use super::{List, ListRule, oid};
use crate::lint::rfc5280::above;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-authority-key-identifier",
    clause: "RFC 5280 section 5.2.1",
    severity: Severity::Error,
    says: "the CRL names its issuer's key",
    check,
};

/// RFC 5280 section 5.2.1: MUST be included, by the key identifier method; never critical (section 4.2.1.1).
fn check(list: &List<'_>) -> Verdict {
    let found = list.extension(oid::AUTHORITY_KEY_IDENTIFIER).ok_or("there is none")?;
    ensure(!found.critical, "it is critical")?;
    let read = AuthorityKeyIdentifier::from_der(found.value).map_err(|error| error.to_string())?;
    let identifier = read.key_identifier.ok_or("it has no keyIdentifier")?;
    let Some(issuer) = &list.issuer_certificate else { return Ok(()) };
    let same = above::subject_key_identifier(issuer) == Some(identifier.as_bytes());
    ensure(same, "it is not the issuer's subjectKeyIdentifier")
}
