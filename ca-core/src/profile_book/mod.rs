//! The profile book: which profiles an installation has, each in numbered editions, and which edition is in force.
//!
//! It is kept in the store. [`PROFILE_EDITIONS`] holds every edition that ever was, for good; [`PROFILE_BOOK`] holds one
//! record, the directory, that says which edition of each profile counts. Every change of a profile replaces the
//! directory, so an issuance demands in its own commit that the directory stands as it did when the request was admitted:
//! a change is in force at once, on every node, also for what was admitted a moment before.
//!
//! [`ProfileBook::current`] looks at the directory each time and reads only the editions that it has not read yet. A
//! ceremony's medium has no book: what counts there is what its script says ([`ProfileBook::of`]).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::certificate::CaId;
use crate::profile::{Profile, ProfileId, ProfileSet};
use crate::storage::{StorageError, Store, Table, Version};

mod current;
mod edition;
mod found;
mod history;
mod judge;

pub use current::{Current, InForce, NotInForce};
pub use edition::{Edition, EditionMark, EditionState, Endorsement, Origin, digest};
pub use found::{FOUNDED, FoundError, IMPORTED};
pub use judge::{Judged, Objection, Wanted, unfit_for_service};

/// The directory: one record under [`DIRECTORY`].
pub const PROFILE_BOOK: Table = Table::records("profile_book");
/// Every edition of every profile: `profile/number`, the number in eight hexadecimal digits.
pub const PROFILE_EDITIONS: Table = Table::records("profile_editions");

/// The directory's key.
pub(crate) const DIRECTORY: &str = "current";

/// The most octets of a profile's text.
pub const MOST_OCTETS: usize = 64 * 1024;

/// What the directory says of one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// The edition that counts.
    number: u32,
    /// SHA-256 of its text, lower-case hex.
    sha256: String,
    /// Whether anything is issued under it.
    state: EditionState,
    /// The CA that issues under it, where the installation's hierarchy does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    issued_by: Option<CaId>,
}

/// The directory as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Directory {
    profiles: BTreeMap<ProfileId, Listed>,
}

impl Directory {
    fn decode(value: &[u8]) -> Result<Self, StorageError> {
        serde_json::from_slice(value)
            .map_err(|error| StorageError(format!("the directory of profiles cannot be read: {error}")))
    }

    fn encode(&self) -> Result<Vec<u8>, StorageError> {
        serde_json::to_vec(self).map_err(|error| StorageError(error.to_string()))
    }
}

/// The profiles of an installation as they are in force.
#[derive(Debug)]
pub struct ProfileBook(Source);

#[derive(Debug)]
enum Source {
    /// In the store, which other nodes write too.
    Kept { store: Arc<dyn Store>, read: RwLock<Option<Arc<Current>>> },
    /// Given, and never changed.
    Given(Arc<Current>),
}

impl ProfileBook {
    /// The book in a store.
    pub const fn kept_in(store: Arc<dyn Store>) -> Self {
        Self(Source::Kept { store, read: RwLock::new(None) })
    }

    /// Profiles that are no store's: a ceremony's. Nothing that is issued under them names an edition.
    pub fn of(profiles: ProfileSet) -> Self {
        Self(Source::Given(Arc::new(Current::given(profiles))))
    }

    /// What is in force at this moment, all of it as it stood at one moment. An installation whose book was not begun has
    /// no profiles.
    ///
    /// # Errors
    /// The store failed, or holds an edition that is not the one its digest names.
    pub fn current(&self) -> Result<Arc<Current>, StorageError> {
        let (store, read) = match &self.0 {
            Source::Given(current) => return Ok(Arc::clone(current)),
            Source::Kept { store, read } => (store, read),
        };
        let Some(directory) = store.get(PROFILE_BOOK, DIRECTORY.as_bytes())? else {
            return Ok(Arc::default());
        };
        let known = read.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.as_ref().filter(|known| known.version() == Some(directory.version)) {
            return Ok(Arc::clone(known));
        }
        let listed = Directory::decode(&directory.value)?.profiles;
        let current = Current::read(store.as_ref(), directory.version, listed, known.as_deref())?;
        let current = Arc::new(current);
        // Whoever reads at the same time may have read something newer; the next look finds out.
        *read.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&current));
        Ok(current)
    }

    /// A profile that is in force at this moment.
    ///
    /// # Errors
    /// There is none of this name, nothing is issued under it any more, this npki cannot use it, or the store failed.
    pub fn find(&self, id: &str) -> Result<InForce, NotInForce> {
        self.current()?.find(id)
    }

    /// The profile that a certificate was issued under, as it was then; for one that does not say, as it is now. `None`
    /// where it is not known, or this npki cannot use it.
    ///
    /// # Errors
    /// The store failed.
    pub fn issued_under(
        &self,
        id: &ProfileId,
        sha256: Option<&str>,
    ) -> Result<Option<Arc<Profile>>, StorageError> {
        let current = self.current()?;
        match (sha256, &self.0) {
            (Some(sha256), Source::Kept { .. }) if current.digest_of(id) != Some(sha256) => {
                let edition = self.edition_with(id, sha256)?;
                let read = |edition: Edition| Profile::from_toml(&id.0, &edition.text).ok().map(Arc::new);
                Ok(edition.and_then(read))
            }
            _ => Ok(current.latest(id).cloned()),
        }
    }

    /// The store of a book that is kept in one.
    const fn store(&self) -> Option<&Arc<dyn Store>> {
        match &self.0 {
            Source::Kept { store, .. } => Some(store),
            Source::Given(_) => None,
        }
    }
}

/// Demands of a change that the directory stands as it did.
pub(crate) fn still_in_force(change: crate::storage::Change, version: Version) -> crate::storage::Change {
    change.check(PROFILE_BOOK, DIRECTORY, crate::storage::Expect::Version(version))
}

#[cfg(test)]
mod tests;
