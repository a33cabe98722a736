//! IP addresses have four octets, or sixteen.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.ip-address",
    clause: "RFC 5280 section 4.2.1.6",
    severity: Severity::Error,
    says: "IP addresses have four octets, or sixteen",
    check,
};

/// RFC 5280 section 4.2.1.6: exactly four octets for IP version 4, sixteen for version 6.
fn check(examined: &Examined<'_>) -> Verdict {
    let bad = |name: &GeneralName<'_>| matches!(name, GeneralName::IPAddress(octets) if !matches!(octets.len(), 4 | 16));
    ensure(!examined.alternative_names().iter().any(bad), "an iPAddress has a bad length")
}
