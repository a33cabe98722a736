//! A person is named by one country, one common name, and a given name, a surname or a pseudonym.

use crate::lint::etsi::exactly_one;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-subject",
    clause: "ETSI EN 319 412-2 section 4.2.4",
    severity: Severity::Error,
    says: "a person is named by one country, one common name, and a given name, a surname or a pseudonym",
    check,
};

/// ETSI EN 319 412-2 section 4.2.4: one country, one common name, and a given name or surname, or a pseudonym.
fn check(examined: &Examined<'_>) -> Verdict {
    exactly_one(examined, &[AttributeType::Country, AttributeType::CommonName])?;
    let naming = [AttributeType::GivenName, AttributeType::Surname, AttributeType::Pseudonym];
    let named = naming.into_iter().any(|attribute| examined.has(attribute));
    ensure(named, "there is neither given name nor surname nor pseudonym")
}
