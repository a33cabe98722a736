//! A server's purposes are serverAuth, and at most clientAuth beside it.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.purpose",
    clause: "CA/Browser Forum BR section 7.1.2.7.10",
    severity: Severity::Error,
    says: "a server's purposes are serverAuth, and at most clientAuth beside it",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.10: serverAuth MUST, clientAuth MAY, anyExtendedKeyUsage and those of other trades
/// MUST NOT be there.
fn check(examined: &Examined<'_>) -> Verdict {
    let purposes = examined.purposes();
    ensure(purposes.contains(&oids::SERVER_AUTH.0), "serverAuth is missing")?;
    let admitted = [oids::SERVER_AUTH.0, oids::CLIENT_AUTH.0];
    ensure(
        purposes.iter().all(|purpose| admitted.contains(purpose)),
        "a purpose is neither serverAuth nor clientAuth",
    )
}
