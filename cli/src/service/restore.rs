//! `npki restore`: a backup becomes a new data directory.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::backup::{self, BackupError, BackupFile, Destination, Header, Progress, Summary, Trailer};
use ca_core::storage::{Restore, Store};

use super::ServiceError;
use super::draft::DraftFolder;
use super::settings::{self, Settings};
use super::store;

mod history;

pub(crate) use history::Loss;
use history::{Brought, KnownHistory};

/// What to restore, and where to.
#[derive(Debug, Clone)]
pub(crate) struct RestorePlan {
    /// The backup.
    pub(crate) file: PathBuf,
    /// The file of the identity that opens it.
    pub(crate) identity: PathBuf,
    /// The data directory: must not exist, or be empty.
    pub(crate) data: PathBuf,
    /// Checkpoints of the ledger that are known from elsewhere.
    pub(crate) checkpoints: Vec<PathBuf>,
    /// What to do when the backup does not reach as far as they do.
    pub(crate) loss: Loss,
    /// Where the store is to be, instead of where the backup's settings say.
    pub(crate) store: Option<String>,
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
    restore_with(plan, Engine { begin: &store::begin_restore, open: &store::open }, progress)
}

/// Holds the restored events against what was signed, and records what was given up.
fn put_into_use(
    store: &dyn Store,
    history: &KnownHistory,
    restored: u64,
    loss: &Loss,
) -> Result<(), ServiceError> {
    let contradiction = history.contradiction(store)?;
    match (loss, contradiction) {
        (Loss::Refused, Some(finding)) => Err(ServiceError::BehindHistory(format!(
            "{finding}; the backup is of another history than was signed: it was not put into use"
        ))),
        (Loss::Accepted(reason), found) if found.is_some() || history.furthest() > restored => {
            history::record_loss(store, history.furthest(), reason)
        }
        _ => Ok(()),
    }
}

type BeginStore<'a> = &'a dyn Fn(&Settings) -> Result<Box<dyn Restore>, ServiceError>;

type OpenStore<'a> = &'a dyn Fn(&Settings) -> Result<Arc<dyn Store>, ServiceError>;

/// How the store of an installation is begun, and opened once it is filled.
#[derive(Clone, Copy)]
struct Engine<'a> {
    begin: BeginStore<'a>,
    open: OpenStore<'a>,
}

fn restore_with(
    plan: &RestorePlan,
    engine: Engine<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, ServiceError> {
    let identities = backup::read_identities(&plan.identity)?;
    let input = File::open(&plan.file).map_err(|error| crate::files::unreadable(&plan.file, &error))?;
    let draft = DraftFolder::begin(&plan.data, "restoring")?;
    let mut to =
        NewInstallation { draft: &draft, plan, begin: engine.begin, keys: Vec::new(), history: None };
    let summary = backup::restore(input, &identities, &store::tables(), &mut to, progress)?;
    let NewInstallation { keys, history, .. } = to;
    if let Some(history) = history {
        let store = (engine.open)(&Settings::load(draft.path())?)?;
        put_into_use(store.as_ref(), &history, summary.trailer.ledger_size, &plan.loss)?;
    }
    draft.keep()?;
    let settings = Settings::load(&plan.data)?;
    Ok(Restored { summary, keys, passphrase_file: settings.passphrase_file })
}

/// The data directory that is being filled.
struct NewInstallation<'a> {
    draft: &'a DraftFolder,
    plan: &'a RestorePlan,
    begin: BeginStore<'a>,
    keys: Vec<String>,
    /// Known once the settings are there to say whom to ask.
    history: Option<KnownHistory>,
}

impl Destination for NewInstallation<'_> {
    fn file(&mut self, mut file: BackupFile) -> Result<(), BackupError> {
        if let Some(address) = self.plan.store.as_deref().filter(|_| file.name == settings::FILE) {
            let text = String::from_utf8_lossy(&file.content);
            file.content = super::init::with_store(&text, address).into_bytes();
        }
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

    /// A restore must not go back behind what was signed, unless somebody answers for it.
    fn judge(&mut self, _: &Header, trailer: &Trailer) -> Result<(), BackupError> {
        let refused = |error: ServiceError| BackupError::Refused(error.to_string());
        let settings = Settings::load(self.draft.path()).map_err(refused)?;
        let mut notes: Vec<Vec<u8>> = [&trailer.checkpoint, &trailer.cosigned_checkpoint]
            .into_iter()
            .flatten()
            .map(|note| note.as_bytes().to_vec())
            .collect();
        for path in &self.plan.checkpoints {
            notes.push(std::fs::read(path).map_err(super::files::at(path)).map_err(refused)?);
        }
        let brought = if self.plan.checkpoints.is_empty() { Brought::Nothing } else { Brought::Checkpoint };
        let history = KnownHistory::collect(&settings, &notes, brought).map_err(refused)?;
        let objection = history.objection(trailer.ledger_size);
        self.history = Some(history);
        match (&self.plan.loss, objection) {
            (Loss::Refused, Some(why)) => Err(BackupError::Refused(why)),
            _ => Ok(()),
        }
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
