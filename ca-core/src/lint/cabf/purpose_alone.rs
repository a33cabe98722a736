//! A server's key serves and does not log in elsewhere.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.purpose-alone",
    clause: "npki",
    severity: Severity::Warning,
    says: "a server's key serves and does not log in elsewhere",
    check,
};

/// Ours, stricter than CA/Browser Forum BR section 7.1.2.7.10: a key that also logs in elsewhere is one theft for two.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.purposes() == [oids::SERVER_AUTH.0], "serverAuth does not stand alone")
}
