//! Where keys live: stated with a request and confirmed by who approves it, or entered later from a list.
//!
//! An origin belongs to a key, not to a certificate: whoever renews a certificate for the same key renews it for a key
//! from the same token. When a model or a batch of tokens turns out to be bad, its keys are found by this.

use ca_core::ledger::{Action, Actor};
use ca_core::storage::{StorageError, Table};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::RequestId;
use crate::identity::{FieldError, line};

mod inventory;
mod stated;

pub use inventory::{Entered, MOST_ENTRIES, OriginEntry, Owning};

/// Origins of keys: SHA-256 of the SubjectPublicKeyInfo (32 octets) → [`KnownOrigin`].
pub const KEY_ORIGINS: Table = Table::records("key_origins");

/// Origins of keys were entered from a list.
pub const ENTERED: Action = Action::named("key-origins.entered");

/// The most characters of a model, batch or firmware.
const LONGEST: usize = 64;

/// What keeps a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// A file or a program.
    Software,
    /// The trusted execution environment of a phone or computer.
    Tee,
    /// A secure element of its own in a phone.
    Strongbox,
    /// A card or USB token.
    SmartCard,
    /// A hardware security module.
    Hsm,
}

impl OriginKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Software, Self::Tee, Self::Strongbox, Self::SmartCard, Self::Hsm];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Tee => "tee",
            Self::Strongbox => "strongbox",
            Self::SmartCard => "smart-card",
            Self::Hsm => "hsm",
        }
    }
}

impl std::str::FromStr for OriginKind {
    type Err = UnknownOriginKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownOriginKind)
    }
}

/// Not a name of [`OriginKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown origin of a key: choose software, tee, strongbox, smart-card or hsm")]
pub struct UnknownOriginKind;

/// A maker's name for a product, a batch or a firmware: one line of visible text, at most 64 characters. It says nothing
/// about a person: a batch, never the number of one card.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MakersName(String);

impl MakersName {
    /// Takes a name; spaces within it count as one.
    ///
    /// # Errors
    /// It is empty, too long, or has characters that do not show.
    pub fn new(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let line = line(field, text, LONGEST)?;
        Ok(Self(line.split_whitespace().collect::<Vec<_>>().join(" ")))
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same: people write `IDPrime 940` and `IDPRIME 940`.
    pub fn is(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl std::fmt::Display for MakersName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a key lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOrigin {
    /// What keeps it.
    pub kind: OriginKind,
    /// The product: of a token its model, of a program its name and version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<MakersName>,
    /// The batch it was made or delivered in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<MakersName>,
    /// Its firmware.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub firmware: Option<MakersName>,
}

impl KeyOrigin {
    /// Whether both say the same.
    pub fn is(&self, other: &Self) -> bool {
        let same = |one: &Option<MakersName>, other: &Option<MakersName>| match (one, other) {
            (Some(one), Some(other)) => one.is(other),
            (None, None) => true,
            _ => false,
        };
        self.kind == other.kind
            && same(&self.model, &other.model)
            && same(&self.batch, &other.batch)
            && same(&self.firmware, &other.firmware)
    }
}

impl std::fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.name())?;
        for (what, name) in [("", &self.model), ("batch ", &self.batch), ("firmware ", &self.firmware)] {
            if let Some(name) = name {
                write!(f, ", {what}{name}")?;
            }
        }
        Ok(())
    }
}

/// An origin as it comes in: nothing in it is checked yet. The fields are those of [`KeyOrigin`].
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are those of KeyOrigin")]
pub struct StatedOrigin<'a> {
    pub kind: OriginKind,
    pub model: Option<&'a str>,
    pub batch: Option<&'a str>,
    pub firmware: Option<&'a str>,
}

impl StatedOrigin<'_> {
    /// Reads it into its proper form.
    ///
    /// # Errors
    /// A name does not fit.
    pub fn read(self) -> Result<KeyOrigin, FieldError> {
        let read = |field, text: Option<&str>| text.map(|text| MakersName::new(field, text)).transpose();
        Ok(KeyOrigin {
            kind: self.kind,
            model: read("model", self.model)?,
            batch: read("batch", self.batch)?,
            firmware: read("firmware", self.firmware)?,
        })
    }
}

/// What is known of a key's origin, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownOrigin {
    /// The origin.
    pub origin: KeyOrigin,
    /// The request it was stated with, whose approvals confirm it; `None` where it was entered from a list.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<RequestId>,
    /// When it was entered, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who stated it.
    pub by: Actor,
}

/// Origins of keys could not be entered.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// No entries, or more than one change takes.
    #[error("{0} entries were sent; one call takes 1 to {MOST_ENTRIES}")]
    Count(usize),
    /// One key stands in the list twice, with different origins.
    #[error("key {0} stands in the list twice, with different origins")]
    Twice(ca_core::blocked_keys::SpkiDigest),
    /// A name does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(OriginError: StorageError);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn origin(model: &str, batch: Option<&str>) -> KeyOrigin {
        StatedOrigin { kind: OriginKind::SmartCard, model: Some(model), batch, firmware: None }
            .read()
            .unwrap()
    }

    #[test]
    fn the_same_model_is_recognised_however_it_is_written() {
        assert!(origin("IDPrime  940", None).is(&origin("IDPRIME 940", None)));
        assert!(!origin("IDPrime 940", Some("7")).is(&origin("IDPrime 940", None)));
        assert!(!origin("IDPrime 940", None).is(&origin("IDPrime 930", None)));
        assert_eq!(
            origin("IDPrime 940", Some("2017-04")).to_string(),
            "smart-card, IDPrime 940, batch 2017-04"
        );
    }

    #[test]
    fn names_are_bounded_and_visible() {
        for wrong in ["", " x", "a\u{200b}b", "a\nb", &"x".repeat(65)] {
            assert!(MakersName::new("model", wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(MakersName::new("model", "a  b").unwrap().as_str(), "a b");
    }
}
