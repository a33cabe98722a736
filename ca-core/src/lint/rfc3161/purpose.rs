//! A time-stamping unit stamps times and does nothing else, and says so critically.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc3161.purpose",
    clause: "RFC 3161 section 2.3",
    severity: Severity::Error,
    says: "a time-stamping unit stamps times and does nothing else, and says so critically",
    check,
};

/// RFC 3161 section 2.3: only one instance of the extended key usage, with KeyPurposeID id-kp-timeStamping; MUST be
/// critical.
fn check(examined: &Examined<'_>) -> Verdict {
    let critical = examined.extension(extension::EXTENDED_KEY_USAGE).is_some_and(|found| found.critical);
    ensure(examined.purposes() == [oids::TIME_STAMPING.0], "timeStamping does not stand alone")?;
    ensure(critical, "it is not critical")
}
