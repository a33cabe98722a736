//! A pseudonym does not stand beside the name that it hides.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-pseudonym",
    clause: "ETSI EN 319 412-2 section 4.2.4",
    severity: Severity::Error,
    says: "a pseudonym does not stand beside the name that it hides",
    check,
};

/// ETSI EN 319 412-2 section 4.2.4: a pseudonym not beside the names it stands for.
fn check(examined: &Examined<'_>) -> Verdict {
    let named = examined.has(AttributeType::GivenName) || examined.has(AttributeType::Surname);
    let both = examined.has(AttributeType::Pseudonym) && named;
    ensure(!both, "a pseudonym stands beside the name it should hide")
}
