//! An organisation is named by country, name, identifier and common name, one each, and by no person.

use crate::lint::etsi::exactly_one;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::AttributeType::{
    CommonName, Country, GivenName, Organization, OrganizationIdentifier, Surname,
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.organisation-subject",
    clause: "ETSI EN 319 412-3 section 4.2.1",
    severity: Severity::Error,
    says: "an organisation is named by country, name, identifier and common name, one each, and by no person",
    check,
};

/// ETSI EN 319 412-3 section 4.2.1: one each of these, and no person's name.
fn check(examined: &Examined<'_>) -> Verdict {
    exactly_one(examined, &[Country, Organization, OrganizationIdentifier, CommonName])?;
    let person = examined.has(GivenName) || examined.has(Surname);
    ensure(!person, "a person's name stands in it")
}
