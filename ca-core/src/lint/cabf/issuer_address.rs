//! A server's certificate says where its issuer's is.

use crate::lint::examined::{ACCESS_CA_ISSUERS, Examined};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.issuer-address",
    clause: "CA/Browser Forum BR section 7.1.2.7.7",
    severity: Severity::Notice,
    says: "a server's certificate says where its issuer's is",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.7: authorityInfoAccess MUST be present, with caIssuers. Under private trust the
/// profile decides: servers send the chain.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.count_access(ACCESS_CA_ISSUERS) > 0, "there is no caIssuers address")
}
