//! Where the issuer's certificate is can be found.

use crate::lint::examined::{ACCESS_CA_ISSUERS, Examined};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-information-access",
    clause: "ETSI EN 319 412-2 section 4.4.1",
    severity: Severity::Error,
    says: "where the issuer's certificate is can be found",
    check,
};

/// ETSI EN 319 412-2 section 4.4.1: authorityInfoAccess SHALL be present, with caIssuers.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.count_access(ACCESS_CA_ISSUERS) > 0, "there is no caIssuers address")
}
