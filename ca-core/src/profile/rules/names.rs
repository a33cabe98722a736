//! Subjects and alternative names.

use super::{Rule, has_duplicates, is_country, refuse_if};
use crate::profile::attribute::is_printable;
use crate::profile::{AlternativeNameForm, AttributeType, BrokenRule, Profile, ValueSource};

pub(super) const RULES: [Rule; 9] = [
    subject_is_named,
    attributes_stand_once,
    lengths_keep_the_upper_bounds,
    fixed_values_fit,
    ca_is_identified,
    person_is_identified,
    pseudonym_hides,
    organisation_is_identified,
    tls_server_has_dns_names,
];

fn subject_is_named(profile: &Profile) -> Result<(), BrokenRule> {
    // RFC 5280 section 4.1.2.6: a CA's subject MUST NOT be empty. Ours: nobody's is, so that records can be read.
    let named = profile.subject.iter().any(|attribute| attribute.required);
    refuse_if(!named, "subject", "RFC 5280 section 4.1.2.6", "the subject may end up empty")
}

fn attributes_stand_once(profile: &Profile) -> Result<(), BrokenRule> {
    let types: Vec<_> = profile.subject.iter().map(|attribute| attribute.attribute).collect();
    // ETSI EN 319 412-2 section 4.2.4 wants exactly one of most; the writer's name holds each type once.
    refuse_if(
        has_duplicates(&types),
        "subject",
        "ETSI EN 319 412-2 section 4.2.4",
        "an attribute stands more than once",
    )?;
    let forms: Vec<_> = profile.alternative_names.iter().map(|name| name.form).collect();
    refuse_if(has_duplicates(&forms), "alternative_names", "npki", "a form stands more than once")
}

fn lengths_keep_the_upper_bounds(profile: &Profile) -> Result<(), BrokenRule> {
    for entry in &profile.subject {
        let bound = entry.attribute.upper_bound();
        refuse_if(
            entry.max_length == 0 || entry.max_length > bound,
            "max_length",
            "RFC 5280 appendix A.1",
            format!("{} has 1 to {bound} characters", entry.attribute),
        )?;
    }
    Ok(())
}

fn fixed_values_fit(profile: &Profile) -> Result<(), BrokenRule> {
    for entry in &profile.subject {
        let ValueSource::Fixed(value) = &entry.value else { continue };
        let attribute = entry.attribute;
        let refuse =
            |wrong, clause, why: &str| refuse_if(wrong, "fixed", clause, format!("{attribute} {why}"));
        refuse(value.trim() != value || value.is_empty(), "npki", "is empty or has blanks around it")?;
        refuse(value.chars().count() > entry.max_length, "RFC 5280 appendix A.1", "is too long")?;
        // X.520 sections 6.2.9 and 6.3.1: PrintableString.
        let unprintable = attribute.is_printable_string() && !value.chars().all(is_printable);
        refuse(unprintable, "X.520 section 6.2.9", "has characters outside PrintableString")?;
        // X.520 section 6.3.1: an ISO 3166 two-letter code.
        let no_country = attribute == AttributeType::Country && !is_country(value);
        refuse(no_country, "X.520 section 6.3.1", "is no two capital letters")?;
        let unmatched = entry.pattern.as_ref().is_some_and(|pattern| !pattern.0.is_match(value));
        refuse(unmatched, "npki", "does not match its own pattern")?;
    }
    Ok(())
}

fn ca_is_identified(profile: &Profile) -> Result<(), BrokenRule> {
    use AttributeType::{CommonName, Country, Organization};
    // ETSI EN 319 412-2 section 4.2.3.1: the issuer's name holds at least these, and it is the CA's subject.
    if profile.is_ca() {
        all_required(profile, "ETSI EN 319 412-2 section 4.2.3.1", &[Country, Organization, CommonName])
    } else {
        Ok(())
    }
}

fn person_is_identified(profile: &Profile) -> Result<(), BrokenRule> {
    use AttributeType::{CommonName, Country, GivenName, Pseudonym, Surname};
    const CLAUSE: &str = "ETSI EN 319 412-2 section 4.2.4";
    if !profile.is_for_person() {
        return Ok(());
    }
    // ETSI EN 319 412-2 section 4.2.4: countryName, commonName, and given name or surname, or a pseudonym.
    all_required(profile, CLAUSE, &[Country, CommonName])?;
    let named = [GivenName, Surname, Pseudonym].into_iter().any(|attribute| profile.requires(attribute));
    refuse_if(!named, "subject", CLAUSE, "a person has a required surname, given-name or pseudonym")
}

fn pseudonym_hides(profile: &Profile) -> Result<(), BrokenRule> {
    use AttributeType::{GivenName, Pseudonym, Surname};
    let has = |attribute| profile.attribute(attribute).is_some();
    // ETSI EN 319 412-2 section 4.2.4: a pseudonym stands in the place of the names. Stricter here: of both.
    refuse_if(
        has(Pseudonym) && (has(GivenName) || has(Surname)),
        "subject",
        "ETSI EN 319 412-2 section 4.2.4",
        "a pseudonym stands beside the name it should hide",
    )
}

fn organisation_is_identified(profile: &Profile) -> Result<(), BrokenRule> {
    use AttributeType::{CommonName, Country, Organization, OrganizationIdentifier};
    if !profile.is_for_organisation() {
        return Ok(());
    }
    // ETSI EN 319 412-3 section 4.2.1
    all_required(
        profile,
        "ETSI EN 319 412-3 section 4.2.1",
        &[Country, Organization, OrganizationIdentifier, CommonName],
    )
}

fn tls_server_has_dns_names(profile: &Profile) -> Result<(), BrokenRule> {
    let required =
        profile.alternative_names.iter().any(|name| name.form == AlternativeNameForm::Dns && name.required);
    // CA/Browser Forum BR section 7.1.2.7.12, RFC 9525 section 6.3: only the alternative names are looked at.
    refuse_if(
        profile.is_tls_server() && !required,
        "alternative_names",
        "CA/Browser Forum BR section 7.1.2.7.12",
        "a TLS server needs a required `dns`",
    )
}

fn all_required(
    profile: &Profile,
    clause: &'static str,
    attributes: &[AttributeType],
) -> Result<(), BrokenRule> {
    match attributes.iter().find(|attribute| !profile.requires(**attribute)) {
        Some(missing) => Err(BrokenRule::new("subject", clause, format!("{missing} must be required"))),
        None => Ok(()),
    }
}
