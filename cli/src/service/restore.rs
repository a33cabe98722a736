//! `npki restore`: a backup becomes a new data directory.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ca_core::backup::{self, BackupError, BackupFile, Destination, Header, Progress, Summary, Trailer};
use ca_core::storage::Restore;

use super::ServiceError;
use super::draft::DraftFolder;
use super::settings::{self, Settings};
use super::store;

/// What to restore, and where to.
#[derive(Debug, Clone)]
pub(crate) struct RestorePlan {
    /// The backup.
    pub(crate) file: PathBuf,
    /// The file of the identity that opens it.
    pub(crate) identity: PathBuf,
    /// The data directory: must not exist, or be empty.
    pub(crate) data: PathBuf,
}

/// What was restored.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Restored {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    /// The sealed keys that came along.
    pub(crate) keys: Vec<String>,
    /// Where the passphrase that opens the keys is looked for.
    pub(crate) passphrase_file: PathBuf,
}

/// Restores a backup. Works in a folder beside the final one and renames it at the end: it is there whole, or not at
/// all.
///
/// # Errors
/// The folder is in use, the backup cannot be opened or is not whole, or something cannot be written.
pub(crate) fn restore(
    plan: &RestorePlan,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, ServiceError> {
    restore_with(plan, &store::begin_restore, progress)
}

type BeginStore<'a> = &'a dyn Fn(&Settings) -> Result<Box<dyn Restore>, ServiceError>;

fn restore_with(
    plan: &RestorePlan,
    begin: BeginStore<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, ServiceError> {
    let identities = backup::read_identities(&plan.identity)?;
    let input = File::open(&plan.file).map_err(|error| crate::files::unreadable(&plan.file, &error))?;
    let draft = DraftFolder::begin(&plan.data, "restoring")?;
    let mut to = NewInstallation { draft: &draft, begin, keys: Vec::new() };
    let summary = backup::restore(input, &identities, &store::tables(), &mut to, progress)?;
    let keys = to.keys;
    draft.keep()?;
    let settings = Settings::load(&plan.data)?;
    Ok(Restored { summary, keys, passphrase_file: settings.passphrase_file })
}

/// The data directory that is being filled.
struct NewInstallation<'a> {
    draft: &'a DraftFolder,
    begin: BeginStore<'a>,
    keys: Vec<String>,
}

impl Destination for NewInstallation<'_> {
    fn file(&mut self, file: BackupFile) -> Result<(), BackupError> {
        let refused = |why: String| BackupError::File { name: file.name.clone(), why };
        if let Some((folder, _)) = file.name.rsplit_once('/') {
            self.draft.folder(folder).map_err(|error| refused(error.to_string()))?;
        }
        write(&self.draft.path().join(&file.name), &file).map_err(|error| refused(error.to_string()))?;
        if Path::new(&file.name).extension().is_some_and(|ending| ending == "key") {
            self.keys.push(file.name);
        }
        Ok(())
    }

    fn store(&mut self) -> Result<Box<dyn Restore>, BackupError> {
        let refused = |error: ServiceError| BackupError::File {
            name: settings::FILE.to_owned(),
            why: error.to_string(),
        };
        let settings = Settings::load(self.draft.path()).map_err(refused)?;
        // The passphrase never is in a backup, keys need not be: their folders wait for them.
        for folder in [&settings.keys, &settings.passphrase_file] {
            let within = folder.strip_prefix(self.draft.path()).ok();
            let within = if folder == &settings.keys { within } else { within.and_then(Path::parent) };
            if let Some(name) = within.and_then(Path::to_str) {
                self.draft.folder(name).map_err(refused)?;
            }
        }
        (self.begin)(&settings).map_err(|error| BackupError::Refused(error.to_string()))
    }

    /// A new data directory has seen no later checkpoint that it could fall back behind.
    fn judge(&mut self, _: &Header, _: &Trailer) -> Result<(), BackupError> {
        Ok(())
    }
}

fn write(path: &Path, file: &BackupFile) -> std::io::Result<()> {
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    written.write_all(&file.content)?;
    // Set by name: the umask has no say in what was backed up.
    written.set_permissions(Permissions::from_mode(file.mode))?;
    written.sync_all()
}

#[cfg(test)]
mod tests;
