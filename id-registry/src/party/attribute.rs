//! What the registry can disclose of a person: one list.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fault::Fault;
use crate::identity::{BirthDate, Details, FieldError, Identity};
use crate::life::Cause;
use crate::registry::Registry;

/// Something that the registry can say of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Attribute {
    /// The family name, as written.
    Surname,
    /// The given names, as written.
    GivenName,
    /// The family name in Latin letters; null for whose name is written so.
    SurnameLatin,
    /// The given names in Latin letters; null for whose names are written so.
    GivenNameLatin,
    /// When the person was born, as far as that is known.
    BirthDate,
    /// Whether the person is this old, and nothing more of the birth date: true or false; null where that is not known.
    AgeOver(u8),
    /// `yes`, `no`, or `reported-dead` while that is not confirmed.
    Alive,
    /// Where the person's entry stands: `active`, `suspended` or `closed`.
    Status,
    /// How surely the identity is proven: `low`, `substantial`, `high` or null.
    Assurance,
    /// The person's pseudonym in the party's sector.
    Pseudonym,
    /// The national number. It joins what all others know: where the pseudonym does, it is not to be allowed.
    NationalNumber,
}

/// Those that are one word.
const WORDS: [(Attribute, &str); 10] = [
    (Attribute::Surname, "surname"),
    (Attribute::GivenName, "given-name"),
    (Attribute::SurnameLatin, "surname-latin"),
    (Attribute::GivenNameLatin, "given-name-latin"),
    (Attribute::BirthDate, "birth-date"),
    (Attribute::Alive, "alive"),
    (Attribute::Status, "status"),
    (Attribute::Assurance, "assurance"),
    (Attribute::Pseudonym, "pseudonym"),
    (Attribute::NationalNumber, "national-number"),
];

const AGE_OVER: &str = "age-over-";
/// The ages that are asked after.
const AGES: std::ops::RangeInclusive<u8> = 1..=120;

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, WORDS.iter().find(|(attribute, _)| attribute == self)) {
            (Self::AgeOver(age), _) => write!(f, "{AGE_OVER}{age}"),
            (_, word) => f.write_str(word.map_or("", |(_, word)| word)),
        }
    }
}

impl FromStr for Attribute {
    type Err = UnknownAttribute;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((attribute, _)) = WORDS.iter().find(|(_, word)| *word == text) {
            return Ok(*attribute);
        }
        let age = text.strip_prefix(AGE_OVER).and_then(|age| age.parse().ok());
        let age = age.filter(|age| AGES.contains(age) && text == format!("{AGE_OVER}{age}"));
        age.map(Self::AgeOver).ok_or_else(|| UnknownAttribute(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Attribute {
    type Error = UnknownAttribute;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Attribute> for String {
    fn from(attribute: Attribute) -> Self {
        attribute.to_string()
    }
}

/// Not the name of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no attribute")]
pub struct UnknownAttribute(String);

/// Reads attributes' names, at least one, each once.
pub(super) fn read(names: &[String]) -> Result<Vec<Attribute>, FieldError> {
    let refuse = |why: String| FieldError {
        field: "attributes",
        why,
        fits: "one or more of surname, given-name, surname-latin, given-name-latin, birth-date, age-over-18 (1 to 120), \
               alive, status, assurance, pseudonym, national-number",
    };
    let read = names.iter().map(|name| name.parse::<Attribute>());
    let mut read = read.collect::<Result<Vec<_>, _>>().map_err(|error| refuse(error.to_string()))?;
    read.sort_unstable();
    if read.is_empty() {
        return Err(refuse("none is named".to_owned()));
    }
    if read.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(refuse("one is named twice".to_owned()));
    }
    Ok(read)
}

/// The names of attributes, one after the other.
pub(super) fn named(attributes: &[Attribute]) -> String {
    attributes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl Registry {
    /// What the registry says of a person. The pseudonym is its sector's, and told elsewhere.
    pub(super) fn attribute_of(
        &self,
        person: &Identity,
        details: &Details,
        attribute: Attribute,
    ) -> Result<Value, Fault> {
        let Details::Person { surname, given_name, identifier, further } = details else {
            return Ok(Value::Null);
        };
        Ok(match attribute {
            Attribute::Surname => surname.as_str().into(),
            Attribute::GivenName => given_name.as_str().into(),
            Attribute::SurnameLatin => further.surname_latin.clone().into(),
            Attribute::GivenNameLatin => further.given_name_latin.clone().into(),
            Attribute::BirthDate => further.birth_date.clone().into(),
            Attribute::AgeOver(age) => {
                let born = further.birth_date.as_deref().and_then(|date| BirthDate::read(date).ok());
                born.and_then(|born| born.is_over(age, self.now().date())).into()
            }
            Attribute::Alive => alive(person.record.cause()).into(),
            Attribute::Status => person.record.status.name().into(),
            Attribute::Assurance => {
                self.proven(person.id(), None)?.carried.level.map(ca_core::profile::Assurance::name).into()
            }
            Attribute::Pseudonym => Value::Null,
            Attribute::NationalNumber => identifier.as_str().into(),
        })
    }
}

const fn alive(cause: Option<Cause>) -> &'static str {
    match cause {
        Some(Cause::Deceased) => "no",
        Some(Cause::DeathReported) => "reported-dead",
        _ => "yes",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_attribute_has_one_name_and_is_read_from_it() {
        for attribute in WORDS.iter().map(|(attribute, _)| *attribute).chain([Attribute::AgeOver(18)]) {
            assert_eq!(attribute.to_string().parse::<Attribute>().unwrap(), attribute);
        }
        for wrong in ["", "Surname", "age-over-", "age-over-0", "age-over-018", "age-over-121", "age-over-1x"]
        {
            wrong.parse::<Attribute>().unwrap_err();
        }
        let names = |names: &[&str]| read(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(named(&names(&["status", "surname"]).unwrap()), "surname,status");
        for wrong in [&[][..], &["surname", "surname"], &["shoe-size"]] {
            assert_eq!(names(wrong).unwrap_err().field, "attributes");
        }
    }
}
