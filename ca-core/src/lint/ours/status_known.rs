//! Something tells whether an end entity's certificate is revoked.

use crate::lint::examined::{ACCESS_OCSP, Examined, extension};
use crate::lint::{Kind, Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.status-known",
    clause: "npki",
    severity: Severity::Warning,
    says: "something tells whether an end entity's certificate is revoked",
    check,
};

/// Ours: a CRL's address or a responder's, or the statement that nobody is to ask.
fn check(examined: &Examined<'_>) -> Verdict {
    let silent = [extension::OCSP_NO_CHECK, extension::NO_REV_AVAIL, extension::SHORT_TERM];
    let told = examined.kind() == Kind::Ca
        || examined.count_access(ACCESS_OCSP) > 0
        || examined.extension(extension::CRL_DISTRIBUTION_POINTS).is_some()
        || silent.into_iter().any(|oid| examined.extension(oid).is_some());
    ensure(told, "nothing tells whether it is revoked")
}
