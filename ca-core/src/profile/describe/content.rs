//! What stands in the certificate.

use serde_json::{Value, json};

use super::{Part, Statement, words};
use crate::profile::{
    AlternativeName, KeyUsage, NameSource, Oid, Pattern, Policy, Profile, ProfileKind, QcPurpose,
    QcStatements, Semantics, SubjectAttribute, ValueSource,
};

pub(super) fn statements(profile: &Profile) -> Vec<Statement> {
    let mut told =
        vec![Statement::new(Part::Title, &profile.title, profile.title.as_str()), kind(profile.kind)];
    told.extend(profile.subject.iter().map(attribute));
    told.extend(profile.alternative_names.iter().map(alternative_name));
    told.extend(key_usages(&profile.key_usage));
    told.extend(profile.extended_key_usage.iter().map(purpose));
    told.extend(profile.policies.iter().map(policy));
    told.extend(profile.qc_statements.iter().flat_map(qc_statements));
    told.extend(extensions(profile));
    told.extend([
        address("ocsp", "where to ask whether it is revoked (OCSP)", profile.ocsp_address),
        address("ca-issuers", "where its CA's certificate is", profile.ca_issuers_address),
        address("crl", "where the CRL is", profile.crl_address),
    ]);
    told
}

fn kind(kind: ProfileKind) -> Statement {
    match kind {
        ProfileKind::RootCa => {
            Statement::new(Part::Kind, "a root CA, self-signed", json!({"kind": "root-ca"}))
        }
        ProfileKind::IssuingCa { path_length } => {
            let below = match path_length {
                0 => "no CA below it".to_owned(),
                1 => "one level of CAs below it at most".to_owned(),
                levels => format!("{levels} levels of CAs below it at most"),
            };
            let value = json!({"kind": "issuing-ca", "path_length": path_length});
            Statement::new(Part::Kind, "a CA under another", value).and(Some(below))
        }
        ProfileKind::EndEntity => {
            Statement::new(Part::Kind, "an end entity, not a CA", json!({"kind": "end-entity"}))
        }
    }
}

fn required(required: bool) -> Option<String> {
    Some(if required { "required" } else { "left out where there is none" }.to_owned())
}

fn matching(pattern: Option<&Pattern>) -> Option<String> {
    pattern.map(|pattern| format!("must match {}", words::pattern(pattern)))
}

fn attribute(attribute: &SubjectAttribute) -> Statement {
    let SubjectAttribute { attribute: name, value, required: is_required, max_length, pattern } = attribute;
    let (from, fixed) = match value {
        ValueSource::Fixed(fixed) => (Value::Null, json!(fixed)),
        ValueSource::Fact(fact) => (json!(fact), Value::Null),
        ValueSource::Request => (json!("request"), Value::Null),
    };
    let at_most = (*max_length < name.upper_bound()).then(|| format!("at most {max_length} characters"));
    let told = json!({
        "from": from,
        "fixed": fixed,
        "required": is_required,
        "max_length": max_length,
        "pattern": pattern.as_ref().map(words::pattern),
    });
    Statement::new(Part::Subject, words::source(value), told)
        .about(name.name())
        .and(required(*is_required))
        .and(at_most)
        .and(matching(pattern.as_ref()))
}

fn alternative_name(name: &AlternativeName) -> Statement {
    let AlternativeName { form, source, required: is_required, pattern, sector } = name;
    let says = match source {
        NameSource::Registry => format!("the registry's {}", form.fact()),
        NameSource::Request => words::PROPOSED.to_owned(),
    };
    let told = json!({
        "from": words::name_source(*source),
        "required": is_required,
        "pattern": pattern.as_ref().map(words::pattern),
        "sector": sector,
    });
    Statement::new(Part::AlternativeNames, says, told)
        .about(form.name())
        .and(required(*is_required))
        .and(sector.as_ref().map(|sector| format!("for the sector {sector}")))
        .and(matching(pattern.as_ref()))
}

/// Bits have no order.
fn key_usages(usages: &[KeyUsage]) -> impl Iterator<Item = Statement> {
    let all = [
        KeyUsage::DigitalSignature,
        KeyUsage::NonRepudiation,
        KeyUsage::KeyEncipherment,
        KeyUsage::KeyCertSign,
        KeyUsage::CrlSign,
    ];
    all.into_iter().filter(|usage| usages.contains(usage)).map(|usage| {
        Statement::new(Part::KeyUsage, words::key_usage(usage), usage.name()).about(usage.name())
    })
}

fn purpose(oid: &Oid) -> Statement {
    let name = oid.purpose_name();
    Statement::new(Part::Purposes, words::purpose(&name), oid.to_string()).about(name)
}

fn policy(policy: &Policy) -> Statement {
    let oid = policy.oid.to_string();
    let statement = match &policy.cps {
        Some(cps) => format!("practice statement at {cps}"),
        None => "no practice statement named".to_owned(),
    };
    let says: Vec<_> = words::policy(&oid).into_iter().chain([statement]).collect();
    let told = Statement::new(Part::Policies, "", json!({"oid": oid, "cps": policy.cps})).about(oid);
    Statement { says, ..told }
}

fn qc_statements(statements: &QcStatements) -> Vec<Statement> {
    let QcStatements { semantics, name_registration_authority, disclosure, retention_years, limit, legal } =
        statements;
    let about = |about: String, says: String, value: Value| {
        Statement::new(Part::QcStatements, says, value).about(about)
    };
    let whose = match semantics {
        Semantics::Natural => {
            "the subject's identifier is a natural person's (ETSI EN 319 412-1 section 5.1.3)"
        }
        Semantics::Legal => "the subject's identifier is a legal person's (ETSI EN 319 412-1 section 5.1.4)",
    };
    let mut told = vec![about("semantics".to_owned(), whose.to_owned(), json!(semantics))];
    told.extend(name_registration_authority.iter().map(|authority| {
        let says = format!("identifiers are registered by {authority}");
        about("name-registration-authority".to_owned(), says, json!(authority))
    }));
    told.extend(disclosure.iter().map(|(address, language)| {
        let says = format!("disclosure statement at {address}");
        let value = json!({"address": address, "language": language});
        about(format!("disclosure {language}"), says, value)
    }));
    told.extend(retention_years.iter().map(|years| {
        let says = format!("what is known of the holder is kept {years} years after its end");
        about("retention-years".to_owned(), says, json!(years))
            .measured((*years).into(), ["shortened", "lengthened"])
    }));
    told.extend(limit.iter().map(|limit| {
        let zeros = if limit.exponent == 0 { String::new() } else { format!(" × 10^{}", limit.exponent) };
        let says = format!("transactions of at most {}{zeros} {}", limit.amount, limit.currency);
        about("limit".to_owned(), says, json!(limit))
    }));
    told.extend(legal.iter().map(|legal| {
        let purpose = match legal.purpose {
            QcPurpose::Signature => "for electronic signatures",
            QcPurpose::Seal => "for electronic seals",
        };
        let says = format!("qualified under the law of {}", legal.countries.join(", "));
        let value = json!({
            "countries": legal.countries,
            "purpose": legal.purpose,
            "certified_device": legal.certified_device,
        });
        let device = legal.certified_device.then(|| "the key is in a certified device".to_owned());
        about("legal".to_owned(), says, value).and(Some(purpose.to_owned())).and(device)
    }));
    told
}

fn extensions(profile: &Profile) -> Vec<Statement> {
    let written = |about: &str, yes: &str, no: &str, value: bool| {
        Statement::new(Part::Extensions, if value { yes } else { no }, value).about(about)
    };
    let mut told = vec![
        written("subject-key-identifier", "written", "not written", profile.subject_key_identifier),
        written(
            "basic-constraints",
            "written, also where it is no CA",
            "written for CAs only",
            profile.end_entity_constraints,
        ),
    ];
    if !profile.extended_key_usage.is_empty() || profile.extended_key_usage_critical {
        told.push(written(
            "purposes-critical",
            "whoever does not know a purpose refuses the certificate",
            "whoever does not know a purpose passes over it",
            profile.extended_key_usage_critical,
        ));
    }
    told
}

fn address(about: &str, what: &str, written: bool) -> Statement {
    let says = if written { what.to_owned() } else { "not written".to_owned() };
    Statement::new(Part::Addresses, says, written).about(about)
}
