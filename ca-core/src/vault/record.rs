//! What stands in the store of a subject's key.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::VaultError;
use super::master::MasterKeyId;
use crate::keys::sealed::passphrase::as_base64;
use crate::storage::{StorageError, Table};
use crate::subject::IdentityRef;

/// Subjects' keys by subject, wrapped. An erased subject keeps a record that says so.
pub const SUBJECT_KEYS: Table = Table::records("subject_keys");

/// A record of [`SUBJECT_KEYS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum KeyRecord {
    /// The subject has a key.
    Kept(KeptKey),
    /// The subject was erased: nothing of it opens, and it never gets another key.
    Erased {
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        erased_at: OffsetDateTime,
    },
}

/// A wrapped key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptKey {
    /// What wrapped it.
    pub(super) master_key: MasterKeyId,
    /// The wrapped key.
    #[serde(with = "as_base64")]
    pub(super) wrapped: Vec<u8>,
    /// When the subject's first value was written. Re-wrapping does not change it.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
}

impl KeyRecord {
    pub(super) fn decode(subject: &[u8], value: &[u8]) -> Result<Self, VaultError> {
        serde_json::from_slice(value).map_err(|error| {
            let subject = String::from_utf8_lossy(subject);
            StorageError(format!("the key record of {subject} cannot be read: {error}")).into()
        })
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, VaultError> {
        serde_json::to_vec(self).map_err(|error| StorageError(error.to_string()).into())
    }
}

/// The key in [`SUBJECT_KEYS`].
pub(super) fn place(subject: &IdentityRef) -> Vec<u8> {
    subject.0.as_bytes().to_vec()
}
