//! What an event says its change wrote: enough to compute the whole state anew from the ledger.

use base64::Engine;
pub(super) use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize, Serializer, ser};

use crate::storage::{Operation, Write};

/// One write of the change that an event explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The table written to.
    #[serde(rename = "t")]
    pub table: String,
    /// The key written to.
    #[serde(rename = "k", with = "base64_octets")]
    pub key: Vec<u8>,
    /// What stands there afterwards; absent when the key was removed.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Written>,
}

/// The SHA-256 of a value as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Written(pub [u8; 32]);

impl Written {
    /// The digest of a value.
    pub fn of(value: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, value);
        let mut octets = [0; 32];
        octets.copy_from_slice(digest.as_ref());
        Self(octets)
    }
}

impl Effect {
    /// What a write does; `None` for a mere check.
    pub(crate) fn of(write: &Write) -> Option<Self> {
        let value = match &write.operation {
            Operation::Put(value) => Some(Written::of(value)),
            Operation::Delete => None,
            Operation::Check => return None,
        };
        Some(Self { table: write.table.name().to_owned(), key: write.key.clone(), value })
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 32 octets are 43 digits; no string of their own.
        let mut digits = [0; 43];
        let length = BASE64.encode_slice(self.0, &mut digits).map_err(ser::Error::custom)?;
        let digits = digits.get(..length).unwrap_or_default();
        serializer.serialize_str(std::str::from_utf8(digits).map_err(ser::Error::custom)?)
    }
}

impl TryFrom<String> for Written {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let octets = BASE64.decode(text).ok().and_then(|octets| octets.try_into().ok());
        octets.map(Self).ok_or("a digest has 32 octets in base64")
    }
}

mod base64_octets {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::{BASE64, Engine};

    pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(octets))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
