//! One entry of the ledger: who did what, on whom, why, how it ended, and what it wrote.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser};
use time::OffsetDateTime;

use super::effect::Effect;

/// An event's identifier: microseconds since 1970 (8 octets, big-endian), then 8 random octets. Sorts by time; events
/// of one ledger in the order they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct EventId([u8; 16]);

impl EventId {
    pub(super) fn new(micros: u64, random: [u8; 8]) -> Self {
        let mut id = [0; 16];
        let (time, rest) = id.split_at_mut(8);
        time.copy_from_slice(&micros.to_be_bytes());
        rest.copy_from_slice(&random);
        Self(id)
    }

    /// The identifier's bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hexadecimal(self.0, serializer)
    }
}

/// As lower-case hexadecimal digits, written with every event: without a string of their own.
fn hexadecimal<S: Serializer>(octets: [u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    let mut digits = [0; 32];
    hex::encode_to_slice(octets, &mut digits).map_err(ser::Error::custom)?;
    serializer.serialize_str(std::str::from_utf8(&digits).map_err(ser::Error::custom)?)
}

impl TryFrom<String> for EventId {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

/// Who acted: an opaque reference such as `staff:S-…`, `agency:O-…` or `system:init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    /// A part of npki itself, acting without a person.
    pub fn system(part: &str) -> Self {
        Self(format!("system:{part}"))
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was done, as `noun.verb-in-past-tense`. Each module declares its own as constants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Action(Cow<'static, str>);

impl Action {
    /// Names an action.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The action's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its identifier, which carries its time.
    pub id: EventId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// On whom or what: an opaque reference, never personal data.
    pub subject: String,
    /// Why, where a reason was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Further facts: references, fingerprints, never personal data.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub detail: BTreeMap<String, String>,
    /// What the change wrote, filled in when the change is bound to its event: the state can be computed anew from
    /// the ledger alone and compared with what is stored.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub effects: Vec<Effect>,
    /// Randomness that hides the event behind its digest: the digest is public, in the Merkle tree's leaf.
    pub salt: Salt,
}

impl Event {
    /// Adds why it was done.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds a further fact. No personal data.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// Says that it was refused.
    #[must_use]
    pub const fn refused(mut self) -> Self {
        self.outcome = Outcome::Refused;
        self
    }
}

/// 128 random bits in every event (see [`Event::salt`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Salt(pub [u8; 16]);

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hexadecimal(self.0, serializer)
    }
}

impl TryFrom<String> for Salt {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut salt = [0; 16];
        hex::decode_to_slice(text, &mut salt)?;
        Ok(Self(salt))
    }
}
