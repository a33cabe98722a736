//! The first editions: those that an installation is founded with, and those of files that an earlier npki read.

use super::{DIRECTORY, Directory, Edition, EditionState, Listed, Origin, digest};
use super::{PROFILE_BOOK, PROFILE_EDITIONS, ProfileBook};
use crate::clock::EntropyError;
use crate::ledger::{Action, Actor, Ledger};
use crate::profile::{Profile, ProfileError};
use crate::storage::{AuditedChange, Change, CommitError, StorageError};

/// A profile's first edition came with the installation.
pub const FOUNDED: Action = Action::named("profile.founded");
/// A profile's first edition was taken over from a file.
pub const IMPORTED: Action = Action::named("profile.imported");
/// The book was begun: from now on it is what counts.
const BEGUN: Action = Action::named("profile-book.begun");

impl ProfileBook {
    /// Begins the book with these profiles, pairs of name and TOML text, in one commit. Nothing is done where it was begun
    /// before; whether it was begun by this.
    ///
    /// # Errors
    /// A text is no profile, two have one name, or the store failed.
    pub fn begin(
        &self,
        files: &[(String, String)],
        origin: &Origin,
        ledger: &Ledger,
        actor: &Actor,
    ) -> Result<bool, FoundError> {
        let Some(store) = self.store() else { return Ok(false) };
        if store.get(PROFILE_BOOK, DIRECTORY.as_bytes())?.is_some() {
            return Ok(false);
        }
        match store.commit(beginning(files, origin, ledger, actor)?) {
            Ok(_) => Ok(true),
            // Another node of the same cluster was faster.
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn beginning(
    files: &[(String, String)],
    origin: &Origin,
    ledger: &Ledger,
    actor: &Actor,
) -> Result<AuditedChange, FoundError> {
    let action = if *origin == Origin::Import { IMPORTED } else { FOUNDED };
    let mut directory = Directory::default();
    let mut change = AuditedChange::nothing();
    for (name, text) in files {
        let profile = Profile::from_toml(name, text)?.id;
        let (number, state, sha256) = (1, EditionState::InForce, digest(text));
        let event = ledger
            .event(actor, action.clone(), format!("profile:{profile}"))?
            .with("edition", number.to_string())
            .with("sha256", sha256.clone());
        let edition = Edition {
            profile: profile.clone(),
            number,
            state,
            text: text.clone(),
            sha256: sha256.clone(),
            issued_by: None,
            since: event.at,
            origin: origin.clone(),
            event: event.id,
        };
        let entered =
            Change::new().insert(PROFILE_EDITIONS, Edition::key(&profile, number), edition.encode()?);
        change = change.and(entered.explained_by(&event));
        let listed = Listed { number, sha256, state, issued_by: None };
        if directory.profiles.insert(profile, listed).is_some() {
            return Err(FoundError::Twice(name.clone()));
        }
    }
    let event = ledger
        .event(actor, BEGUN, format!("profile-book:{DIRECTORY}"))?
        .with("profiles", files.len().to_string());
    let begun = Change::new().insert(PROFILE_BOOK, DIRECTORY, directory.encode()?);
    Ok(change.and(begun.explained_by(&event)))
}

/// The book was not begun.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// A text is no profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Two texts have one name.
    #[error("there are two profiles called {0:?}")]
    Twice(String),
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl From<StorageError> for FoundError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
