//! ETSI EN 319 412-3: certificates of legal persons.

use super::{
    authority_information_access, exactly_one, identifier_form, key_usage_type, no_extensions_of_cas,
};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::AttributeType;

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "etsi.organisation-subject", clause: "ETSI EN 319 412-3 section 4.2.1", check: subject },
    Rule { id: "etsi.organisation-identifier", clause: "ETSI EN 319 412-1 section 5.1.4", check: identifier },
    Rule {
        id: "etsi.organisation-key-usage",
        clause: "ETSI EN 319 412-3 section 4.3.1",
        check: key_usage_type,
    },
    Rule {
        id: "etsi.organisation-extensions",
        clause: "ETSI EN 319 412-3 section 4.3.1",
        check: no_extensions_of_cas,
    },
    Rule {
        id: "etsi.organisation-information-access",
        clause: "ETSI EN 319 412-3 section 4.4.1",
        check: authority_information_access,
    },
];

/// ETSI EN 319 412-3 section 4.2.1: one each of these, and no person's name.
fn subject(examined: &Examined<'_>) -> Verdict {
    use AttributeType::{CommonName, Country, GivenName, Organization, OrganizationIdentifier, Surname};
    exactly_one(examined, &[Country, Organization, OrganizationIdentifier, CommonName])?;
    let person = [GivenName, Surname].into_iter().any(|attribute| !examined.values(attribute).is_empty());
    ensure(!person, "a person's name stands in it")
}

/// ETSI EN 319 412-3 section 4.2.1: different from organizationName; EN 319 412-1 section 5.1.4: its form.
fn identifier(examined: &Examined<'_>) -> Verdict {
    const KINDS: [&str; 4] = ["NTR", "VAT", "PSD", "LEI"];
    let names = examined.values(AttributeType::Organization);
    examined.values(AttributeType::OrganizationIdentifier).iter().try_for_each(|value| {
        ensure(!names.contains(value), "it repeats the organisation's name")?;
        identifier_form(value, &KINDS)
    })
}
