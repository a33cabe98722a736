//! An installation's profiles: entered into its book when it is founded, taken over from the files of an earlier npki,
//! and from then on in the store alone.

use std::path::{Path, PathBuf};

use ca_core::ledger::{Actor, Ledger};
use ca_core::profile::{self, ProfileId, ProfileSet};
use ca_core::profile_book::{Current, Origin, ProfileBook, digest};

use super::ServiceError;
use super::serve::Foundation;
use super::settings::Settings;

/// Profiles as files: name and TOML text.
pub(super) type ProfileFiles = Vec<(String, String)>;

/// The profiles that a new installation begins with: those of a folder, or those that npki comes with.
///
/// # Errors
/// The folder or a file cannot be read, a file is no profile, or there is none.
pub(super) fn chosen(folder: Option<&Path>) -> Result<ProfileFiles, ServiceError> {
    match folder {
        Some(folder) => read(folder),
        None => Ok(profile::BUILT_IN.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()),
    }
}

/// Begins the book of a new installation.
///
/// # Errors
/// A file is no profile, or the store failed.
pub(super) fn found(foundation: &Foundation, profiles: &ProfileFiles) -> Result<(), ServiceError> {
    foundation.profiles.begin(profiles, &Origin::Founding, &foundation.ledger(), &Actor::system("init"))?;
    Ok(())
}

/// Takes over the files of an installation whose store has no book yet: an earlier npki read them at each start. In all
/// others they are not read, and whoever still edits them is told so.
///
/// # Errors
/// There is neither a book nor a folder of profiles, a file is no profile, or the store failed.
pub(super) fn take_over(foundation: &Foundation, settings: &Settings) -> Result<(), ServiceError> {
    take_over_into(&foundation.profiles, &foundation.ledger(), &settings.profiles)?;
    for (profile, why) in foundation.profiles.current()?.unfit() {
        tracing::error!(%profile, why, "this version of npki cannot use the profile: nothing is issued under it");
    }
    Ok(())
}

fn take_over_into(book: &ProfileBook, ledger: &Ledger, folder: &Path) -> Result<(), ServiceError> {
    let current = book.current()?;
    if !current.is_empty() {
        for file in not_read(folder, &current) {
            let (file, instead) = (file.display(), "npki profile propose FILE");
            tracing::warn!(%file, instead, "this file is not what the store has, and is not read");
        }
        return Ok(());
    }
    let profiles = read(folder)?;
    if book.begin(&profiles, &Origin::Import, ledger, &Actor::system("profiles"))? {
        let (folder, count) = (folder.display(), profiles.len());
        tracing::info!(%folder, count, "the profiles are in the store now; their files are not read any more");
    }
    Ok(())
}

/// Every profile's file of a folder, checked: what is entered is what was checked.
fn read(folder: &Path) -> Result<ProfileFiles, ServiceError> {
    let read = ProfileSet::read_folder(folder)?;
    Ok(read.into_iter().map(|(profile, text)| (profile.id.0, text)).collect())
}

/// The files of profiles that are not what the store has.
fn not_read(folder: &Path, current: &Current) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let differs = |path: &PathBuf| {
        let name = path.file_stem().map(|stem| ProfileId(stem.to_string_lossy().into_owned()));
        let text = std::fs::read_to_string(path).ok();
        path.extension().is_some_and(|ending| ending == "toml")
            && name.zip(text).is_some_and(|(id, text)| current.digest_of(&id) != Some(&digest(&text)))
    };
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(differs).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use ca_core::clock::{SystemClock, SystemEntropy};
    use ca_core::ledger::{Position, events};
    use ca_core::profile_book::IMPORTED;
    use ca_core::storage::Store;
    use ca_core::storage::memory::MemoryStore;

    use super::*;

    /// The folder of profiles that an earlier npki made, with one that its country changed.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in chosen(None).unwrap() {
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        std::fs::write(folder.path().join("README"), "not a profile").unwrap();
        let device = folder.path().join("device.toml");
        let text = std::fs::read_to_string(&device).unwrap();
        std::fs::write(device, text.replace("validity_days = 365", "validity_days = 90")).unwrap();
        folder
    }

    #[test]
    fn the_files_of_an_earlier_npki_are_taken_over_once() {
        let (folder, store) = (folder(), Arc::new(MemoryStore::new()));
        let book = ProfileBook::kept_in(store.clone());
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        take_over_into(&book, &ledger, folder.path()).unwrap();
        assert_eq!(book.find("device").unwrap().validity.whole_days(), 90);
        let told = events(store.as_ref(), Position(0), 100).unwrap();
        let imported = told.iter().filter(|event| event.action == IMPORTED).count();
        assert_eq!(imported, profile::BUILT_IN.len());
        // From here on the files count for nothing, and whoever edits one is told.
        let device = folder.path().join("device.toml");
        std::fs::write(&device, "title = \"broken\"").unwrap();
        take_over_into(&book, &ledger, folder.path()).unwrap();
        assert_eq!(book.find("device").unwrap().validity.whole_days(), 90);
        assert_eq!(not_read(folder.path(), &book.current().unwrap()), [device]);
        assert_eq!(store.ledger_size().unwrap(), told.len() as u64);
        std::fs::remove_dir_all(folder.path()).unwrap();
        take_over_into(&book, &ledger, folder.path()).unwrap();
    }

    #[test]
    fn an_installation_without_profiles_does_not_start() {
        let (folder, store) = (tempfile::tempdir().unwrap(), Arc::new(MemoryStore::new()));
        let book = ProfileBook::kept_in(store.clone());
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let refused = take_over_into(&book, &ledger, folder.path()).unwrap_err();
        assert!(refused.to_string().contains("holds no profiles"), "{refused}");
        std::fs::write(folder.path().join("device.toml"), "titel = 1").unwrap();
        let refused = take_over_into(&book, &ledger, folder.path()).unwrap_err();
        assert!(refused.to_string().contains("did you mean `title`"), "{refused}");
        assert_eq!(store.ledger_size().unwrap(), 0, "half of a book was begun");
    }
}
