//! The facts that a change gives, laid over those that are known, and read into their proper form as if entered anew.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::Date;

use super::FieldChange;
use crate::fault::Fault;
use crate::id::IdentityKind;
use crate::identity::{Details, FieldError, IdentityError, Owner, checked};

/// The facts that a change gives; what is left out stays. An empty text, or an empty list, takes a fact away where an
/// identity can be without it. The fields are those of [`Details`] and [`Further`](crate::identity::Further).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of Details and Further")]
pub struct NewFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_addresses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_addresses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uris: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permanent_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname_latin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name_latin: Option<String>,
}

impl std::fmt::Debug for NewFacts {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewFacts").finish_non_exhaustive()
    }
}

/// Facts that stand in an identity's details themselves, each with the kinds that have it and whether one can be without.
const OWN: &[(&str, &[IdentityKind], bool)] = &[
    ("surname", &[IdentityKind::Person], true),
    ("given_name", &[IdentityKind::Person], true),
    ("legal_name", &[IdentityKind::Organisation], true),
    ("identifier", &[IdentityKind::Person, IdentityKind::Organisation], true),
    ("locality", &[IdentityKind::Organisation], false),
    ("asset_tag", &[IdentityKind::Device], true),
    ("hardware_module", &[IdentityKind::Device], false),
    ("name", &[IdentityKind::Application, IdentityKind::Agent], true),
    ("environment", &[IdentityKind::Application], true),
    ("version", &[IdentityKind::Agent], true),
    ("purpose", &[IdentityKind::Agent], true),
    ("dns_names", &[IdentityKind::Application, IdentityKind::Agent], true),
];

/// Where in the details the other facts stand.
const FURTHER: &str = "further";

impl NewFacts {
    /// The names of the fields that are given.
    pub(super) fn fields(&self) -> Result<Vec<String>, Fault> {
        Ok(object(self)?.into_iter().map(|(field, _)| field).collect())
    }

    /// What is known with these facts in it.
    pub(super) fn laid_over(
        &self,
        known: &Details,
        owner: Option<Owner>,
        today: Date,
    ) -> Result<Details, IdentityError> {
        let kind = known.kind();
        self.demand_transliterations(known)?;
        let mut laid = object(known)?;
        for (field, value) in object(self)? {
            let own = OWN.iter().find(|(name, ..)| *name == field);
            let value =
                Some(value).filter(|value| value.as_str() != Some("") || own.is_some_and(|own| own.2));
            match own {
                Some((name, kinds, _)) if !kinds.contains(&kind) => return Err(none_has(name, kind).into()),
                Some(_) => put(&mut laid, field, value),
                None => {
                    let further = laid.entry(FURTHER).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(further) = further {
                        put(further, field, value);
                    }
                }
            }
        }
        let laid: Details = serde_json::from_value(Value::Object(laid)).map_err(unreadable)?;
        // Every rule that an identity is entered by holds for it.
        Ok(checked(laid.entered_anew(owner), today)?.0)
    }
}

impl NewFacts {
    /// A new name does not keep the former one's transliteration.
    fn demand_transliterations(&self, known: &Details) -> Result<(), FieldError> {
        let further = known.further();
        let left = |name: &Option<String>, latin: &Option<String>, known: &Option<String>| {
            name.is_some() && latin.is_none() && known.is_some()
        };
        let field = if left(&self.surname, &self.surname_latin, &further.surname_latin) {
            "surname_latin"
        } else if left(&self.given_name, &self.given_name_latin, &further.given_name_latin) {
            "given_name_latin"
        } else {
            return Ok(());
        };
        let why = "it transliterates the former name".to_owned();
        Err(FieldError { field, why, fits: "the new name in Latin letters, or an empty text for none" })
    }
}

fn put(facts: &mut Map<String, Value>, field: String, value: Option<Value>) {
    match value {
        Some(value) => drop(facts.insert(field, value)),
        None => drop(facts.remove(&field)),
    }
}

fn none_has(field: &'static str, kind: IdentityKind) -> FieldError {
    let why = format!("an identity of kind {kind} has none");
    FieldError { field, why, fits: "leave it out; see /openapi.json for what each kind has" }
}

/// The fields in which two states of one identity differ.
pub(super) fn differences(before: &Details, after: &Details) -> Result<Vec<FieldChange>, Fault> {
    let (before, after) = (flat(before)?, flat(after)?);
    let fields: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |facts: &Map<String, Value>, field: &String| facts.get(field).cloned().unwrap_or_default();
    let change = |field: &String| FieldChange {
        field: field.clone(),
        before: value(&before, field),
        after: value(&after, field),
    };
    Ok(fields.into_iter().map(change).filter(|change| change.before != change.after).collect())
}

fn flat(details: &Details) -> Result<Map<String, Value>, Fault> {
    let mut flat = object(details)?;
    if let Some(Value::Object(further)) = flat.remove(FURTHER) {
        flat.extend(further);
    }
    Ok(flat)
}

fn object(facts: &impl Serialize) -> Result<Map<String, Value>, Fault> {
    match serde_json::to_value(facts).map_err(unreadable)? {
        Value::Object(facts) => Ok(facts),
        _ => Err(Fault::Storage(ca_core::storage::StorageError("facts are no object".to_owned()))),
    }
}

/// Nothing of the value is told: it may be personal.
fn unreadable(_: serde_json::Error) -> Fault {
    Fault::Storage(ca_core::storage::StorageError("facts of an identity cannot be read".to_owned()))
}
