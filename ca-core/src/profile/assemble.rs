//! From the loose form to the checked types: values that are wrong by themselves stop here; what is wrong only
//! together is left to the rules.

use std::sync::Arc;

use time::macros::format_description;
use time::{Date, Duration};

use super::file::{
    AlternativeNameEntry, FromEntry, KindEntry, LongestEntry, PolicyEntry, ProfileFile, QcStatementsEntry,
    SubjectEntry, VettingEntry,
};
use super::{
    AlternativeName, BrokenRule, KeyRules, LegalStatements, LongestFrom, NameSource, Oid, Pattern, Policy,
    Profile, ProfileId, ProfileKind, QcStatements, Requester, SubjectAttribute, ValueSource, Vetting,
    nearest, oids,
};
use crate::subject::Fact;

pub(super) fn profile(id: ProfileId, file: ProfileFile) -> Result<Profile, BrokenRule> {
    Ok(Profile {
        id,
        title: file.title,
        kind: kind(file.kind, file.path_length)?,
        subject: file.subject.into_iter().map(subject_attribute).collect::<Result<_, _>>()?,
        request_subject: file.request_subject,
        alternative_names: file
            .alternative_names
            .into_iter()
            .map(alternative_name)
            .collect::<Result<_, _>>()?,
        key_usage: file.key_usage,
        extended_key_usage: purposes(&file.extended_key_usage)?,
        extended_key_usage_critical: file.extended_key_usage_critical,
        policies: file.policies.into_iter().map(policy).collect::<Result<_, _>>()?,
        qc_statements: file.qc_statements.map(qc_statements),
        subject_key_identifier: file.subject_key_identifier,
        end_entity_constraints: file.end_entity_constraints,
        ocsp_address: file.addresses.ocsp,
        ca_issuers_address: file.addresses.ca_issuers,
        crl_address: file.addresses.crl,
        ocsp_no_check: file.ocsp_no_check,
        crl_at_once: file.crl_at_once,
        validity: validity(file.validity_days, file.validity_hours)?,
        max_validity: file.max_validity.iter().map(longest).collect::<Result<_, _>>()?,
        private_key_usage: file.private_key_usage_days.map(|days| Duration::days(i64::from(days))),
        short_term: file.short_term,
        keys: KeyRules { curves: file.keys.curves, rsa_bits: file.keys.rsa_bits, ml_dsa: file.keys.ml_dsa },
        vetting: vetting(file.vetting),
        cross: None,
    })
}

fn kind(kind: KindEntry, path_length: Option<u8>) -> Result<ProfileKind, BrokenRule> {
    match (kind, path_length) {
        (KindEntry::RootCa, None) => Ok(ProfileKind::RootCa),
        (KindEntry::IssuingCa, Some(path_length)) => Ok(ProfileKind::IssuingCa { path_length }),
        (KindEntry::EndEntity, None) => Ok(ProfileKind::EndEntity),
        // RFC 5280 section 4.2.1.9: pathLenConstraint is meaningful only with cA. A root without it is bound by nothing
        // but its CAs, which each have one: that keeps the tree's depth fixed.
        _ => Err(BrokenRule::new(
            "path_length",
            "RFC 5280 section 4.2.1.9",
            "issuing CAs have one, and nothing else does",
        )),
    }
}

fn validity(days: Option<u32>, hours: Option<u32>) -> Result<Duration, BrokenRule> {
    match (days, hours) {
        (Some(days), None) => Ok(Duration::days(i64::from(days))),
        (None, Some(hours)) => Ok(Duration::hours(i64::from(hours))),
        _ => Err(BrokenRule::new("validity_days", "npki", "either `validity_days` or `validity_hours`")),
    }
}

fn longest(entry: &LongestEntry) -> Result<LongestFrom, BrokenRule> {
    let form = format_description!("[year]-[month]-[day]");
    let from = Date::parse(&entry.from, form).map_err(|_| {
        BrokenRule::new("max_validity", "npki", format!("{:?} is no day: 2027-03-15", entry.from))
    })?;
    Ok(LongestFrom { from, longest: Duration::days(i64::from(entry.days)) })
}

fn vetting(entry: VettingEntry) -> Vetting {
    // What nobody asks for, nobody needs to be named for.
    let everybody = if entry.identity_kind.is_some() { Requester::ALL.to_vec() } else { Vec::new() };
    Vetting {
        requested_by: entry.requested_by.unwrap_or(everybody),
        identity_kind: entry.identity_kind,
        approvals: entry.approvals,
        assurance: entry.assurance,
        other_office: entry.other_office,
    }
}

fn subject_attribute(entry: SubjectEntry) -> Result<SubjectAttribute, BrokenRule> {
    let attribute = entry.attribute;
    let value = match (entry.from, entry.fixed) {
        (Some(FromEntry::Fact(fact)), None) => ValueSource::Fact(fact),
        (Some(FromEntry::Request), None) => ValueSource::Request,
        (None, Some(value)) => ValueSource::Fixed(value),
        _ => {
            return Err(BrokenRule::new(
                "subject",
                "npki",
                format!("{attribute} needs either `from` or `fixed`"),
            ));
        }
    };
    Ok(SubjectAttribute {
        attribute,
        value,
        required: entry.required,
        max_length: entry.max_length.unwrap_or_else(|| attribute.upper_bound()),
        pattern: entry.pattern.as_deref().map(pattern).transpose()?,
    })
}

fn alternative_name(entry: AlternativeNameEntry) -> Result<AlternativeName, BrokenRule> {
    let form = entry.form;
    let source = match entry.from {
        Some(FromEntry::Request) => NameSource::Request,
        Some(FromEntry::Fact(fact)) if fact != form.fact() => {
            let why = format!("`{form}` takes {}, or `request`", fact_name(form.fact()));
            return Err(BrokenRule::new("alternative_names", "npki", why));
        }
        Some(FromEntry::Fact(_)) | None => NameSource::Registry,
    };
    let pattern = entry.pattern.as_deref().map(pattern).transpose()?;
    Ok(AlternativeName { form, source, required: entry.required, pattern, sector: entry.sector })
}

/// A fact's name in profiles.
fn fact_name(fact: Fact) -> String {
    serde_json::to_value(fact).ok().and_then(|name| Some(format!("`{}`", name.as_str()?))).unwrap_or_default()
}

/// A pattern must say by itself that it covers the whole value. Branches outside a group would escape the anchors
/// (`^a|b$` admits "ab and more"), so what stands between them is compiled alone first and then grouped.
fn pattern(source: &str) -> Result<Pattern, BrokenRule> {
    let refused = |why: String| BrokenRule::new("pattern", "npki", format!("{source:?}: {why}"));
    let inner = source.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).ok_or_else(|| {
        refused("begins with ^ and ends with $, so that it covers the whole value".to_owned())
    })?;
    regex::Regex::new(inner).map_err(|error| refused(error.to_string()))?;
    let whole = regex::Regex::new(&format!("^(?:{inner})$")).map_err(|error| refused(error.to_string()))?;
    Ok(Pattern(Arc::new(whole)))
}

fn purposes(entries: &[String]) -> Result<Vec<Oid>, BrokenRule> {
    entries.iter().map(|entry| purpose(entry)).collect()
}

fn purpose(entry: &str) -> Result<Oid, BrokenRule> {
    let known = oids::EXTENDED_KEY_USAGES;
    if let Some((_, oid)) = known.iter().find(|(name, _)| *name == entry) {
        return Ok(*oid);
    }
    if entry.starts_with(|first: char| first.is_ascii_digit()) {
        return oid("extended_key_usage", entry);
    }
    let hint = nearest(entry, known.iter().map(|(name, _)| *name)).map_or_else(
        || "; write others as dotted digits".to_owned(),
        |name| format!("; did you mean `{name}`?"),
    );
    Err(BrokenRule::new("extended_key_usage", "npki", format!("unknown purpose `{entry}`{hint}")))
}

fn oid(key: &'static str, dotted: &str) -> Result<Oid, BrokenRule> {
    // X.660 section 7.6: the first arc is 0, 1 or 2, and below 0 and 1 the second ends at 39.
    const_oid::ObjectIdentifier::new(dotted)
        .map(Oid)
        .map_err(|_| BrokenRule::new(key, "X.660 section 7.6", format!("{dotted:?} is no object identifier")))
}

fn policy(entry: PolicyEntry) -> Result<Policy, BrokenRule> {
    Ok(Policy { oid: oid("policies", &entry.oid)?, cps: entry.cps })
}

fn qc_statements(entry: QcStatementsEntry) -> QcStatements {
    QcStatements {
        semantics: entry.semantics,
        name_registration_authority: entry.name_registration_authority,
        disclosure: entry.disclosure.into_iter().map(|pds| (pds.address, pds.language)).collect(),
        retention_years: entry.retention_years,
        limit: entry.limit,
        legal: entry.legal.map(|legal| LegalStatements {
            countries: legal.countries,
            purpose: legal.purpose,
            certified_device: legal.certified_device,
        }),
    }
}
