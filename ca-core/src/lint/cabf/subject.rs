//! A server's subject names an organisation with its country, or nobody.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::AttributeType::{
    Country, GivenName, Organization, OrganizationIdentifier, Pseudonym, Surname,
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.subject",
    clause: "CA/Browser Forum BR section 7.1.2.7",
    severity: Severity::Error,
    says: "a server's subject names an organisation with its country, or nobody",
    check,
};

/// CA/Browser Forum BR sections 7.1.2.7.2 to 7.1.2.7.4: whoever is named is named with a country; a server is not named by a
/// pseudonym, and never by both an organisation's and a person's name.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(!examined.has(Pseudonym), "a pseudonym stands in it")?;
    let person = examined.has(GivenName) || examined.has(Surname);
    let organisation = examined.has(Organization) || examined.has(OrganizationIdentifier);
    ensure(!(person && organisation), "it names an organisation and a person")?;
    ensure(!(person || organisation) || examined.has(Country), "somebody is named without a country")
}
