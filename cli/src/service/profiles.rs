//! An installation's profiles: entered into its book when it is founded, taken over from the files of an earlier npki,
//! and from then on in the store alone.

use std::path::Path;
use std::sync::Arc;

use ca_core::clock::SystemEntropy;
use ca_core::ledger::{Actor, Ledger};
use ca_core::profile::{self, ProfileSet};
use ca_core::profile_book::{Current, Origin, digest};

use super::serve::Foundation;
use super::settings::Settings;
use super::{ServiceError, files};

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
    foundation.profiles.begin(profiles, &Origin::Founding, &ledger(foundation), &Actor::system("init"))?;
    Ok(())
}

/// Takes over the files of an installation whose store has no book yet: an earlier npki read them at each start. In all
/// others they are not read, and whoever still edits them is told so.
///
/// # Errors
/// There is neither a book nor a folder of profiles, a file is no profile, or the store failed.
pub(super) fn take_over(foundation: &Foundation, settings: &Settings) -> Result<(), ServiceError> {
    let current = foundation.profiles.current()?;
    if !current.is_empty() {
        point_out_files(&settings.profiles, &current);
        point_out_unfit(&current);
        return Ok(());
    }
    let profiles = read(&settings.profiles)?;
    let actor = Actor::system("profiles");
    if foundation.profiles.begin(&profiles, &Origin::Import, &ledger(foundation), &actor)? {
        let (folder, count) = (settings.profiles.display(), profiles.len());
        tracing::info!(%folder, count, "the profiles are in the store now; their files are not read any more");
    }
    Ok(())
}

fn ledger(foundation: &Foundation) -> Ledger {
    Ledger::new(Arc::clone(&foundation.clock), Arc::new(SystemEntropy))
}

/// Every profile's file of a folder, checked.
fn read(folder: &Path) -> Result<ProfileFiles, ServiceError> {
    let set = ProfileSet::load(folder)?;
    let text = |name: &str| {
        let path = folder.join(format!("{name}.toml"));
        std::fs::read_to_string(&path).map_err(files::at(&path))
    };
    set.iter().map(|profile| Ok((profile.id.0.clone(), text(&profile.id.0)?))).collect()
}

fn point_out_files(folder: &Path, current: &Current) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let is_profile = path.extension().is_some_and(|ending| ending == "toml");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let id = profile::ProfileId(name);
        if is_profile && current.digest_of(&id) != Some(digest(&text).as_str()) {
            let file = path.display();
            tracing::warn!(%file, "this file is not what the store has, and is not read: npki profile propose FILE");
        }
    }
}

fn point_out_unfit(current: &Current) {
    for (profile, why) in current.unfit() {
        tracing::error!(%profile, why, "this version of npki cannot use the profile: nothing is issued under it");
    }
}
