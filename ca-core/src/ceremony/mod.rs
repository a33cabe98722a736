//! Key ceremonies: what is done with an offline CA's key, in front of witnesses, on a machine without a network.
//!
//! One [`script`] says everything that will happen; it is read, checked and told in plain words before anything happens.
//! [`run`] performs it step by step: each step's outcome is durable in a [`journal`] before the next begins, so that a
//! ceremony goes on after a power cut and nothing is done twice. The key is opened by [`custody`]: any M of N named
//! holders. A ceremony ends in one signed [`transcript`], which can be checked years later.
//!
//! The offline CA keeps its own small store and ledger in the [`station`]'s folder and issues by the same
//! [`Authority`](crate::authority::Authority) as an online one: profiles, lint, reservation of serial numbers and the
//! ledger hold there as here. With online CAs it talks by the files of [`exchange`], never by a network.
//!
//! Nothing here knows a terminal: whoever runs a ceremony gives a [`room::Room`], in which people are asked and told.

pub mod custody;
pub mod error;
pub mod exchange;
pub mod foreign;
pub mod journal;
pub mod room;
pub mod run;
pub mod script;
pub mod signed;
pub mod station;
pub mod transcript;

use serde::{Deserialize, Serialize};

pub use error::CeremonyError;

pub use crate::fingerprint::fingerprint;
use crate::plain_name::is_plain;

/// Names a ceremony: 1 to 64 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CeremonyId(String);

impl CeremonyId {
    /// Takes a name.
    ///
    /// # Errors
    /// Any other name.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidCeremonyId> {
        let name = name.into();
        if is_plain(&name, 64) { Ok(Self(name)) } else { Err(InvalidCeremonyId) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CeremonyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CeremonyId {
    type Error = InvalidCeremonyId;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name)
    }
}

impl From<CeremonyId> for String {
    fn from(id: CeremonyId) -> Self {
        id.0
    }
}

/// Not a ceremony's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ceremony's id has 1 to 64 lower-case letters, digits and hyphens")]
pub struct InvalidCeremonyId;

pub(crate) fn sha256(octets: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, octets).as_ref().to_vec()
}

/// Octets in hexadecimal.
pub(crate) mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
