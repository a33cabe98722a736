//! Under public trust, the issuer's certificate and the revocation status have addresses.

use crate::lint::examined::{ACCESS_CA_ISSUERS, ACCESS_OCSP, Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.addresses",
    clause: "CA/Browser Forum BR section 7.1.2.7.7",
    severity: Severity::Error,
    says: "under public trust, the issuer's certificate and the revocation status have addresses",
    check,
};

/// CA/Browser Forum BR sections 7.1.2.7.7 and 7.1.2.11.2: caIssuers, and a CRL's address unless there is a responder's.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.count_access(ACCESS_CA_ISSUERS) > 0, "there is no caIssuers address")?;
    let told = examined.extension(extension::CRL_DISTRIBUTION_POINTS).is_some()
        || examined.count_access(ACCESS_OCSP) > 0;
    ensure(told, "there is neither a CRL's address nor a responder's")
}
