//! QCStatements.

use super::{Rule, has_duplicates, is_address, refuse_if};
use crate::name::is_country_code;
use crate::profile::{AttributeType, BrokenRule, Profile, QcPurpose, QcStatements, Semantics};

pub(super) const RULES: [Rule; 5] = [
    statements_are_for_end_entities,
    semantics_fit_the_subject,
    disclosure_can_be_read,
    limit_is_of_a_currency,
    legal_statements_are_whole,
];

const KEY: &str = "qc_statements";

fn statements_are_for_end_entities(profile: &Profile) -> Result<(), BrokenRule> {
    // RFC 3739 section 3.2.6: statements about the certificate of a person.
    refuse_if(
        profile.is_ca() && profile.qc_statements.is_some(),
        KEY,
        "RFC 3739 section 3.2.6",
        "a CA's certificate makes no such statements",
    )
}

fn semantics_fit_the_subject(profile: &Profile) -> Result<(), BrokenRule> {
    let Some(statements) = &profile.qc_statements else { return Ok(()) };
    // ETSI EN 319 412-1 sections 5.1.3 and 5.1.4: semantics of an attribute that must then be there.
    let (attribute, clause) = match statements.semantics {
        Semantics::Natural => (AttributeType::SerialNumber, "ETSI EN 319 412-1 section 5.1.3"),
        Semantics::Legal => (AttributeType::OrganizationIdentifier, "ETSI EN 319 412-1 section 5.1.4"),
    };
    refuse_if(
        !profile.requires(attribute),
        KEY,
        clause,
        format!("the semantics are of {attribute}, which must be required"),
    )?;
    let authority = statements.name_registration_authority.as_deref();
    // RFC 3739 section 3.2.6.1: nameRegistrationAuthorities, here as a web address.
    refuse_if(
        authority.is_some_and(|address| !is_address(address, &["https", "http"])),
        "name_registration_authority",
        "RFC 3739 section 3.2.6.1",
        "it needs a web address",
    )
}

fn disclosure_can_be_read(profile: &Profile) -> Result<(), BrokenRule> {
    const CLAUSE: &str = "ETSI EN 319 412-5 section 4.3.4";
    let Some(statements) = &profile.qc_statements else { return Ok(()) };
    let refuse = |wrong, why| refuse_if(wrong, "disclosure", CLAUSE, why);
    let documents = &statements.disclosure;
    // ETSI EN 319 412-5 section 4.3.4: https, one document for each language, English among them.
    let unsafe_address = documents.iter().any(|(address, _)| !is_address(address, &["https"]));
    refuse(unsafe_address, "a disclosure statement's address is https")?;
    let languages: Vec<&str> = documents.iter().map(|(_, language)| language.as_str()).collect();
    let form = |code: &&str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    refuse(!languages.iter().all(form), "a language is two lower-case letters (ISO 639-1)")?;
    refuse(has_duplicates(&languages), "a language stands more than once")?;
    refuse(!languages.is_empty() && !languages.contains(&"en"), "one disclosure statement is in English")
}

fn limit_is_of_a_currency(profile: &Profile) -> Result<(), BrokenRule> {
    let limit = profile.qc_statements.as_ref().and_then(|statements| statements.limit.as_ref());
    let code = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    // ETSI EN 319 412-5 section 4.3.2: the alphabetic code of ISO 4217.
    refuse_if(
        limit.is_some_and(|limit| !code(&limit.currency)),
        "limit",
        "ETSI EN 319 412-5 section 4.3.2",
        "`currency` is three capital letters (ISO 4217)",
    )
}

fn legal_statements_are_whole(profile: &Profile) -> Result<(), BrokenRule> {
    const CLAUSE: &str = "ETSI EN 319 412-5 section 4.2";
    let Some(statements) = &profile.qc_statements else { return Ok(()) };
    let QcStatements { semantics, disclosure, legal: Some(legal), .. } = statements else { return Ok(()) };
    let refuse = |wrong, why| refuse_if(wrong, "legal", CLAUSE, why);
    // ETSI EN 319 412-5 section 4.2.4: without the countries QcCompliance claims EU status.
    let countries = &legal.countries;
    let known = !countries.is_empty() && countries.iter().all(|country| is_country_code(country));
    refuse(
        !known || has_duplicates(countries),
        "`countries` names each country once, in two capital letters",
    )?;
    // ETSI EN 319 412-5 section 4.2.3: esign for natural, eseal for legal persons.
    let fits = matches!(
        (semantics, legal.purpose),
        (Semantics::Natural, QcPurpose::Signature) | (Semantics::Legal, QcPurpose::Seal)
    );
    refuse(!fits, "persons sign and organisations seal")?;
    // ETSI EN 319 412-5 section 5: a qualified certificate has the disclosure statements too.
    refuse(disclosure.is_empty(), "it needs `disclosure` beside it")
}
