//! Beside noRevAvail nothing says where to ask about revocation.

use crate::lint::examined::{ACCESS_OCSP, Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc9608.no-addresses",
    clause: "RFC 9608 section 2",
    severity: Severity::Error,
    says: "beside noRevAvail nothing says where to ask about revocation",
    check,
};

/// RFC 9608 section 2: MUST NOT include CRLDistributionPoints, freshestCRL, or authorityInfoAccess with id-ad-ocsp.
fn check(examined: &Examined<'_>) -> Verdict {
    if examined.extension(extension::NO_REV_AVAIL).is_none() {
        return Ok(());
    }
    let lists = [extension::CRL_DISTRIBUTION_POINTS, extension::FRESHEST_CRL];
    let listed = lists.into_iter().any(|oid| examined.extension(oid).is_some());
    ensure(!listed, "it names a CRL")?;
    ensure(examined.count_access(ACCESS_OCSP) == 0, "it names a responder")
}
