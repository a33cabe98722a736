//! Subjects and alternative names.

use super::{Rule, has_duplicates, refuse_if};
use crate::alternative_name::NameForm;
use crate::name::is_country_code;
use crate::plain_name::is_plain;
use crate::profile::attribute::is_printable;
use crate::profile::{AttributeType, BrokenRule, NameSource, Profile, ValueSource};

pub(super) const RULES: [Rule; 14] = [
    subject_is_named,
    attributes_stand_once,
    lengths_keep_the_upper_bounds,
    fixed_values_fit,
    ca_is_identified,
    person_is_identified,
    pseudonym_hides,
    organisation_is_identified,
    tls_server_has_dns_names,
    proposals_have_patterns,
    proposals_are_seen,
    proposals_say_nothing_of_who_it_is,
    sectors_stand_with_their_names,
    names_fit_the_identity,
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
        let no_country = attribute == AttributeType::Country && !is_country_code(value);
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
    let required = profile.alternative_names.iter().any(|name| name.form == NameForm::Dns && name.required);
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

fn proposals_have_patterns(profile: &Profile) -> Result<(), BrokenRule> {
    let attributes = profile.subject.iter().filter(|entry| entry.value == ValueSource::Request);
    let names = profile.alternative_names.iter().filter(|name| name.source == NameSource::Request);
    let mut patterns = attributes.map(|entry| &entry.pattern).chain(names.map(|name| &name.pattern));
    // Ours: what nobody vouches for is bounded by what the profile can say of it.
    refuse_if(patterns.any(Option::is_none), "pattern", "npki", "what comes from the request needs a pattern")
}

fn proposals_are_seen(profile: &Profile) -> Result<(), BrokenRule> {
    // ETSI EN 319 411-1 section 6.2.2 (REG-6.2.2-02): the attributes of a certificate are verified by somebody.
    refuse_if(
        profile.takes_proposals() && profile.vetting.approvals == 0,
        "approvals",
        "ETSI EN 319 411-1 section 6.2.2",
        "what comes from the request is seen by an officer: 1 or 2",
    )
}

fn proposals_say_nothing_of_who_it_is(profile: &Profile) -> Result<(), BrokenRule> {
    use AttributeType::{BusinessCategory, CommonName, Locality, SerialNumber};
    const CLAUSE: &str = "ETSI EN 319 411-1 section 6.2.2";
    let somebody = matches!(profile.vetting.identity_kind.as_deref(), None | Some("person" | "staff"));
    // Who somebody is, and which organisation, the registry says; so do CAs and responders of themselves.
    refuse_if(
        profile.takes_proposals() && somebody,
        "from",
        CLAUSE,
        "nothing about a person comes from the request, nor about what the installation certifies for itself",
    )?;
    let admitted = [BusinessCategory, CommonName, Locality, SerialNumber];
    let mut asked = profile.subject.iter().filter(|entry| entry.value == ValueSource::Request);
    if let Some(entry) = asked.find(|entry| !admitted.contains(&entry.attribute)) {
        let why = format!("{} says who it is, and comes from the registry", entry.attribute);
        return Err(BrokenRule::new("from", CLAUSE, why));
    }
    let mut asked = profile.alternative_names.iter().filter(|name| name.source == NameSource::Request);
    match asked.find(|name| !name.form.can_be_proposed()) {
        Some(name) => {
            let why = format!("{} says who it is, and comes from the registry", name.form);
            Err(BrokenRule::new("from", CLAUSE, why))
        }
        None => Ok(()),
    }
}

fn sectors_stand_with_their_names(profile: &Profile) -> Result<(), BrokenRule> {
    for name in &profile.alternative_names {
        let sector = name.sector.as_deref();
        let wanted = name.form == NameForm::DirectoryName;
        refuse_if(
            wanted != sector.is_some(),
            "sector",
            "npki",
            "a directory-name has one, and no other form does",
        )?;
        refuse_if(
            sector.is_some_and(|sector| !is_plain(sector, 32)),
            "sector",
            "npki",
            "1 to 32 lower-case letters, digits and hyphens",
        )?;
    }
    Ok(())
}

fn names_fit_the_identity(profile: &Profile) -> Result<(), BrokenRule> {
    use NameForm::{DirectoryName, HardwareModule, RegisteredId, UserPrincipalName};
    let kind = profile.vetting.identity_kind.as_deref();
    for name in profile.alternative_names.iter().filter(|name| name.source == NameSource::Registry) {
        let has = match name.form {
            DirectoryName | UserPrincipalName => kind == Some("person"),
            HardwareModule => kind == Some("device"),
            RegisteredId => kind == Some("organisation"),
            _ => true,
        };
        let why = format!("the registry knows no {} of such an identity", name.form);
        refuse_if(!has, "alternative_names", "npki", why)?;
    }
    Ok(())
}
