//! What a CRL covers is said critically, and is one thing.

use der::Decode;
use x509_cert::ext::pkix::IssuingDistributionPoint;

use super::{List, ListRule, oid};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-distribution-point",
    clause: "RFC 5280 section 5.2.5",
    severity: Severity::Error,
    says: "what a CRL covers is said critically, and is one thing",
    check,
};

/// RFC 5280 section 5.2.5: critical; MUST NOT be an empty sequence; at most one of onlyContainsUserCerts,
/// onlyContainsCACerts and onlyContainsAttributeCerts.
fn check(list: &List<'_>) -> Verdict {
    let Some(found) = list.extension(oid::ISSUING_DISTRIBUTION_POINT) else { return Ok(()) };
    ensure(found.critical, "it is not critical")?;
    ensure(found.value != [0x30, 0x00], "it is empty")?;
    let read = IssuingDistributionPoint::from_der(found.value).map_err(|error| error.to_string())?;
    let only =
        [read.only_contains_user_certs, read.only_contains_ca_certs, read.only_contains_attribute_certs];
    ensure(only.iter().filter(|set| **set).count() <= 1, "it covers only two things at once")
}
