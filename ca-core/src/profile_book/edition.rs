//! One edition of a profile: a text that was in force from some moment on, and by whose word.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::PROFILE_EDITIONS;
use crate::certificate::CaId;
use crate::fingerprint::fingerprint;
use crate::ledger::{Actor, EventId};
use crate::profile::ProfileId;
use crate::storage::{StorageError, Version};

/// Whether anything is issued under a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EditionState {
    /// It is in force while it is the newest.
    InForce,
    /// The profile was retired by it.
    Retired,
}

/// An edition, kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edition {
    /// The profile.
    pub profile: ProfileId,
    /// Counted from 1 for each profile, without a gap.
    pub number: u32,
    /// Whether anything is issued under it.
    pub state: EditionState,
    /// The profile's TOML, to the octet. One that retires the profile repeats the text before.
    pub text: String,
    /// SHA-256 of the text, lower-case hex.
    pub sha256: String,
    /// The CA that issues under it, where the installation's hierarchy does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issued_by: Option<CaId>,
    /// From when on, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How it came to be.
    pub origin: Origin,
    /// The ledger's event of it.
    pub event: EventId,
}

/// How an edition came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Origin {
    /// The installation was founded with it.
    Founding,
    /// It was taken over from the file that an earlier npki read.
    Import,
    /// One administrator proposed it, another approved.
    Change(Endorsement),
}

/// By whose word a profile was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// The proposal.
    pub proposal: String,
    /// Who proposed it.
    pub proposed_by: Actor,
    /// Who approved it: somebody else.
    pub approved_by: Actor,
    /// Why.
    pub reason: String,
}

impl Edition {
    pub(super) fn key(profile: &ProfileId, number: u32) -> Vec<u8> {
        format!("{profile}/{number:08x}").into_bytes()
    }

    /// What the keys of all of a profile's editions begin with; no profile's name has a slash.
    pub(super) fn prefix(profile: &ProfileId) -> Vec<u8> {
        format!("{profile}/").into_bytes()
    }

    /// Reads an edition, and confirms that its text is the one that its digest names.
    pub(super) fn decode(value: &[u8]) -> Result<Self, StorageError> {
        let edition: Self = serde_json::from_slice(value).map_err(|error| {
            StorageError(format!("a record of {} cannot be read: {error}", PROFILE_EDITIONS.name()))
        })?;
        if digest(&edition.text) != edition.sha256 {
            let (profile, number) = (&edition.profile, edition.number);
            return Err(StorageError(format!("edition {number} of profile {profile} was altered")));
        }
        Ok(edition)
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, StorageError> {
        serde_json::to_vec(self).map_err(|error| StorageError(error.to_string()))
    }
}

/// Names an edition: SHA-256 of a profile's text, lower-case hex.
pub fn digest(text: &str) -> String {
    fingerprint(text.as_bytes())
}

/// Which edition an admission was made under, and the directory that said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionMark {
    /// Its number.
    pub number: u32,
    /// SHA-256 of its text, lower-case hex.
    pub sha256: String,
    pub(crate) directory: Version,
}
