//! Reading the editions that ever were.

use super::{Edition, PROFILE_EDITIONS, ProfileBook};
use crate::profile::ProfileId;
use crate::storage::{KeyRange, StorageError};

/// How many editions one pass reads at a time.
const PAGE: usize = 100;

impl ProfileBook {
    /// At most `limit` editions of a profile, the oldest first, beginning after number `after`.
    ///
    /// # Errors
    /// The store failed, or an edition was altered.
    pub fn editions(
        &self,
        profile: &ProfileId,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Edition>, StorageError> {
        let Some(store) = self.store() else { return Ok(Vec::new()) };
        let range = KeyRange::prefix(&Edition::prefix(profile));
        let range = match after {
            Some(number) => range.after(&Edition::key(profile, number)),
            None => range,
        };
        let found = store.scan(PROFILE_EDITIONS, &range, limit)?;
        found.iter().map(|(_, entry)| Edition::decode(&entry.value)).collect()
    }

    /// One edition.
    ///
    /// # Errors
    /// The store failed, or the edition was altered; absence is `Ok(None)`.
    pub fn edition(&self, profile: &ProfileId, number: u32) -> Result<Option<Edition>, StorageError> {
        let Some(store) = self.store() else { return Ok(None) };
        let found = store.get(PROFILE_EDITIONS, &Edition::key(profile, number))?;
        found.map(|entry| Edition::decode(&entry.value)).transpose()
    }

    /// The edition whose text has this digest.
    pub(super) fn edition_with(
        &self,
        profile: &ProfileId,
        sha256: &str,
    ) -> Result<Option<Edition>, StorageError> {
        let mut after = None;
        loop {
            let page = self.editions(profile, after, PAGE)?;
            after = page.last().map(|edition| edition.number);
            if after.is_none() {
                return Ok(None);
            }
            if let Some(found) = page.into_iter().find(|edition| edition.sha256 == sha256) {
                return Ok(Some(found));
            }
        }
    }
}
