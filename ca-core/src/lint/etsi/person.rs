//! ETSI EN 319 412-2: certificates of natural persons.

use super::{
    authority_information_access, exactly_one, identifier_form, key_usage_type, no_extensions_of_cas,
};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::{AttributeType, Semantics};

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "etsi.person-subject", clause: "ETSI EN 319 412-2 section 4.2.4", check: subject },
    Rule { id: "etsi.person-pseudonym", clause: "ETSI EN 319 412-2 section 4.2.4", check: pseudonym },
    Rule { id: "etsi.person-identifier", clause: "ETSI EN 319 412-1 section 5.1.3", check: identifier },
    Rule { id: "etsi.person-key-usage", clause: "ETSI EN 319 412-2 section 4.3.2", check: key_usage_type },
    Rule {
        id: "etsi.person-extensions",
        clause: "ETSI EN 319 412-2 section 4.3",
        check: no_extensions_of_cas,
    },
    Rule {
        id: "etsi.person-information-access",
        clause: "ETSI EN 319 412-2 section 4.4.1",
        check: authority_information_access,
    },
];

/// ETSI EN 319 412-2 section 4.2.4: one country, one common name, and a given name or surname, or a pseudonym.
fn subject(examined: &Examined<'_>) -> Verdict {
    exactly_one(examined, &[AttributeType::Country, AttributeType::CommonName])?;
    let naming = [AttributeType::GivenName, AttributeType::Surname, AttributeType::Pseudonym];
    let named = naming.into_iter().any(|attribute| !examined.values(attribute).is_empty());
    ensure(named, "there is neither given name nor surname nor pseudonym")
}

/// ETSI EN 319 412-2 section 4.2.4: a pseudonym not beside the names it stands for.
fn pseudonym(examined: &Examined<'_>) -> Verdict {
    let has = |attribute| !examined.values(attribute).is_empty();
    let named = has(AttributeType::GivenName) || has(AttributeType::Surname);
    ensure(!(has(AttributeType::Pseudonym) && named), "a pseudonym stands beside the name it should hide")
}

/// ETSI EN 319 412-1 section 5.1.3: the form of serialNumber where the semantics say natural person.
fn identifier(examined: &Examined<'_>) -> Verdict {
    const KINDS: [&str; 5] = ["PAS", "IDC", "PNO", "TAX", "TIN"];
    let statements = examined.profile().qc_statements.as_ref();
    if statements.is_none_or(|statements| statements.semantics != Semantics::Natural) {
        return Ok(());
    }
    exactly_one(examined, &[AttributeType::SerialNumber])?;
    examined.values(AttributeType::SerialNumber).iter().try_for_each(|value| identifier_form(value, &KINDS))
}
