//! No DNS name has an underscore.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.underscore",
    clause: "CA/Browser Forum BR section 7.1.2.7.12",
    severity: Severity::Error,
    says: "no DNS name has an underscore",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.12: dNSName entries MUST NOT contain underscore characters.
fn check(examined: &Examined<'_>) -> Verdict {
    let bad = |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(name) if name.contains('_'));
    ensure(!examined.alternative_names().iter().any(bad), "a DNS name has an underscore")
}
