//! AnyExtendedKeyUsage is not critical.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.any-purpose",
    clause: "RFC 5280 section 4.2.1.12",
    severity: Severity::Warning,
    says: "anyExtendedKeyUsage is not critical",
    check,
};

/// RFC 5280 section 4.2.1.12: with anyExtendedKeyUsage the extension SHOULD NOT be critical.
fn check(examined: &Examined<'_>) -> Verdict {
    let critical = examined.extension(extension::EXTENDED_KEY_USAGE).is_some_and(|found| found.critical);
    let any = examined.purposes().contains(&oids::ANY_EXTENDED_KEY_USAGE.0);
    ensure(!any || !critical, "anyExtendedKeyUsage is critical")
}
