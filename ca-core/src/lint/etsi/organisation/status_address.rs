//! A responder tells whether it is revoked, or a CRL does.

use crate::lint::examined::{ACCESS_OCSP, Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.organisation-status-address",
    clause: "ETSI EN 319 412-2 section 4.4.1",
    severity: Severity::Error,
    says: "a responder tells whether it is revoked, or a CRL does",
    check,
};

/// ETSI EN 319 412-2 sections 4.3.11 and 4.4.1: the address of a responder, or of a CRL, unless the certificate is
/// validity-assured short-term (EN 319 412-1 section 5.2).
fn check(examined: &Examined<'_>) -> Verdict {
    let short = [extension::SHORT_TERM, extension::NO_REV_AVAIL];
    let told = examined.count_access(ACCESS_OCSP) > 0
        || examined.extension(extension::CRL_DISTRIBUTION_POINTS).is_some()
        || short.into_iter().any(|oid| examined.extension(oid).is_some());
    ensure(told, "nothing tells whether it is revoked")
}
