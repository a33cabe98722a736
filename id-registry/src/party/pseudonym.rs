//! Sector pseudonyms: in each sector a person is known by a name that is always the same there, says nothing, and cannot be
//! told from, or joined with, the person's names in other sectors.
//!
//! The design is Austria's sector-specific personal identifier (bPK, E-Government Act sections 9 and 10): a digest of a source
//! number and the sector's code, one way, so that no agency keeps the number that joins all. There it is SHA-1 over both, and
//! what keeps an agency from trying all source numbers is that these are themselves enciphered. Here it is
//!
//! ```text
//! HMAC-SHA-256(secret, "sector pseudonym" | sector | identifier)      each with its length in front, 8 octets
//! ```
//!
//! HMAC, because a plain digest of what can be tried out is no secret, however good the digest: identifiers here have 45 bits,
//! and stand in many letters. Under a secret that is sealed in the vault it is a pseudorandom function (RFC 2104; NIST SP 800-107
//! section 5.3): whoever lacks the secret can neither compute a pseudonym nor tell whether two are one person's, and the
//! lengths keep a sector's end from being read as an identifier's beginning. Of the digest 80 bits are kept: among the ten
//! million pseudonyms of a sector two are alike with a probability of 2^-34. They are written as identifiers are, with a
//! check character that finds every wrong character and every exchange of neighbours: `health-7QF3K2M9T4ABCDEF5`.
//!
//! From a pseudonym back to the person leads an index of digests of pseudonyms, under another secret. It knows those that
//! were disclosed or certified, and is asked for one's own sector alone. It keeps an identifier, as the records of who was
//! erased do.

use std::fmt;
use std::str::FromStr;

use ca_core::crockford::{character, value_of};
use ca_core::plain_name::is_plain;
use ca_core::profile::Profile;
use ca_core::storage::{Change, StorageError, Table};
use serde::{Deserialize, Serialize};

use super::PartyError;
use crate::enrolment::Request;
use crate::fault::Fault;
use crate::id::{IdentityId, InvalidId, interim};
use crate::identity::FieldError;
use crate::index_key::Secret;
use crate::registry::Registry;

/// Whose a pseudonym is: its digest → identifier.
pub const SECTOR_PSEUDONYMS: Table = Table::octets("sector_pseudonyms");

/// The most characters of a sector's name, as in profiles.
const LONGEST: usize = 32;
/// Characters of five bits.
const LENGTH: usize = 16;
/// The letter that takes part in the check character, so that a pseudonym's end is no identifier.
const LETTER: u8 = b'N';

/// A field of administration in which persons are known by one pseudonym: `health`, `social-development`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sector(String);

impl Sector {
    /// The sector whose pseudonyms a profile puts into certificates.
    pub(crate) fn of_profile(profile: &Profile) -> Option<Self> {
        profile.alternative_names.iter().find_map(|name| name.sector.clone()).map(Self)
    }
}

impl FromStr for Sector {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_plain(text, LONGEST) && !text.starts_with('-') && !text.ends_with('-') {
            return Ok(Self(text.to_owned()));
        }
        Err(FieldError {
            field: "sector",
            why: "it is no name of a sector".to_owned(),
            fits: "1 to 32 lower-case letters, digits and hyphens between them: social-development",
        })
    }
}

impl TryFrom<String> for Sector {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Sector> for String {
    fn from(sector: Sector) -> Self {
        sector.0
    }
}

impl fmt::Display for Sector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person's name in one sector.
#[derive(Clone, PartialEq, Eq)]
pub struct Pseudonym {
    sector: Sector,
    digits: [u8; LENGTH],
}

impl Pseudonym {
    /// Its sector.
    pub const fn sector(&self) -> &Sector {
        &self.sector
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.sector)?;
        let check = interim(LETTER, &self.digits);
        let digits = self.digits.iter().chain(std::iter::once(&check));
        digits.map(|digit| character(*digit)).try_for_each(|digit| fmt::Write::write_char(f, digit))
    }
}

impl fmt::Debug for Pseudonym {
    /// Whom an agency deals with does not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonym").field("sector", &self.sector).finish_non_exhaustive()
    }
}

impl FromStr for Pseudonym {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || InvalidId::Form {
            text: text.chars().take(40).collect(),
            wanted: "a person in a sector",
            example: "health-7QF3K2M9T4ABCDEF5",
        };
        let trimmed = text.trim();
        let (sector, name) = trimmed.rsplit_once('-').ok_or_else(form)?;
        let sector = sector.to_ascii_lowercase().parse().map_err(|_| form())?;
        let read = name.chars().map(value_of).collect::<Option<Vec<u8>>>().ok_or_else(form)?;
        let (check, digits) = read.split_last().ok_or_else(form)?;
        let digits: [u8; LENGTH] = digits.try_into().map_err(|_| form())?;
        if interim(LETTER, &digits) == *check {
            return Ok(Self { sector, digits });
        }
        Err(InvalidId::Mistyped { text: trimmed.to_owned() })
    }
}

/// A person as an agency names one: by identifier, or by the pseudonym in its sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By the registry's identifier.
    Identifier(IdentityId),
    /// By a pseudonym.
    Pseudonym(Pseudonym),
}

impl FromStr for Named {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // No identifier has as many characters behind its last hyphen.
        let long = text.trim().rsplit_once('-').is_some_and(|(_, name)| name.chars().count() > LENGTH);
        if long { text.parse().map(Self::Pseudonym) } else { text.parse().map(Self::Identifier) }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier(id) => id.fmt(f),
            Self::Pseudonym(pseudonym) => pseudonym.fmt(f),
        }
    }
}

impl Registry {
    /// A person's pseudonym in a sector.
    pub(crate) fn pseudonym_of(&self, person: IdentityId, sector: &Sector) -> Result<Pseudonym, Fault> {
        let parts = ["sector pseudonym", &sector.0, &person.to_string()];
        let digest = self.digest_under(Secret::Pseudonyms, &parts)?;
        let mut digits = [0; LENGTH];
        for (digit, octet) in digits.iter_mut().zip(digest) {
            *digit = octet & 31;
        }
        Ok(Pseudonym { sector: sector.clone(), digits })
    }

    /// What makes a pseudonym lead to its person; nothing when it does already.
    pub(super) fn pseudonym_found(&self, person: IdentityId, pseudonym: &Pseudonym) -> Result<Change, Fault> {
        let place = self.place_of(pseudonym)?;
        if self.store().get(SECTOR_PSEUDONYMS, &place)?.is_some() {
            return Ok(Change::new());
        }
        // Two at once write the same.
        Ok(Change::new().put(SECTOR_PSEUDONYMS, place, person.to_string()))
    }

    /// The same for the pseudonym that a request's certificate tells, where its profile names a sector.
    pub(crate) fn certified_pseudonym_found(&self, request: &Request) -> Result<Change, Fault> {
        let current = self.profiles_in_force()?;
        let profile = current.profiles().iter().find(|profile| profile.id == request.profile);
        let Some(sector) = profile.and_then(Sector::of_profile) else {
            return Ok(Change::new());
        };
        self.pseudonym_found(request.identity, &self.pseudonym_of(request.identity, &sector)?)
    }

    /// Whose a pseudonym of this sector is.
    pub(super) fn person_called(&self, named: &Named, sector: &Sector) -> Result<IdentityId, PartyError> {
        let pseudonym = match named {
            Named::Identifier(id) => return Ok(*id),
            Named::Pseudonym(pseudonym) => pseudonym,
        };
        if pseudonym.sector() != sector {
            return Err(PartyError::OtherSector { found: pseudonym.sector().clone(), own: sector.clone() });
        }
        let found = self.store().get(SECTOR_PSEUDONYMS, &self.place_of(pseudonym)?)?;
        let found = found.ok_or_else(|| PartyError::NoSuchPseudonym(sector.clone()))?;
        let id = std::str::from_utf8(&found.value).ok().and_then(|id| id.parse().ok());
        Ok(id.ok_or_else(|| StorageError("an entry of sector_pseudonyms is damaged".to_owned()))?)
    }

    fn place_of(&self, pseudonym: &Pseudonym) -> Result<Vec<u8>, Fault> {
        self.blinded(&["sector pseudonym index", &pseudonym.to_string()])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_pseudonym_is_read_as_it_is_written_and_typing_errors_are_found() {
        let pseudonym = Pseudonym { sector: "social-development".parse().unwrap(), digits: [7; LENGTH] };
        let text = pseudonym.to_string();
        assert_eq!(text.parse::<Pseudonym>().unwrap(), pseudonym);
        assert_eq!(format!(" {} ", text.to_lowercase()).parse::<Pseudonym>().unwrap(), pseudonym);
        assert_eq!(text.parse::<Named>().unwrap().to_string(), text);
        assert!(!format!("{pseudonym:?}").contains("7777"));
        let wrong = text.replacen('7', "8", 1);
        assert!(matches!(wrong.parse::<Pseudonym>(), Err(InvalidId::Mistyped { .. })), "{wrong}");
        for wrong in
            ["", "health", "health-", "-7QF3K2M9T4ABCDEF5", "health-7QF3", "he alth-7QF3K2M9T4ABCDEF5"]
        {
            assert!(matches!(wrong.parse::<Pseudonym>(), Err(InvalidId::Form { .. })), "{wrong}");
        }
        for wrong in ["", "Health", "-health", "health-", "a_b"] {
            wrong.parse::<Sector>().unwrap_err();
        }
    }
}
