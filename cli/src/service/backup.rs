//! `npki backup create|verify`: what of an installation goes into a backup, and reading one to its end.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::backup::{self, BackupFile, Contents, Notes, Progress, Recipient, Summary};
use ca_core::clock::Clock;
use ca_core::ledger::heads::{self, LEDGER_COSIGNATURES, LEDGER_HEADS};
use ca_core::storage::Store;
use id_registry::backup::{BackupFailed, BackupMade, Backups};

use super::settings::{self, Settings};
use super::{ServiceError, files, ledger, store};
use crate::files::{Draft, Readers, must_be_free};

/// Whether the sealed keys go along. What opens them never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealedKeys {
    /// They do.
    Included,
    /// They do not: whoever keeps them keeps them elsewhere.
    LeftOut,
}

/// What to back up, and for whom.
#[derive(Debug, Clone)]
pub(crate) struct BackupPlan {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Where its store is, instead of what its settings say.
    pub(crate) store: Option<String>,
    /// The new file.
    pub(crate) out: PathBuf,
    /// Who can open it.
    pub(crate) recipients: Vec<String>,
    pub(crate) keys: SealedKeys,
}

/// A backup that was made.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Made {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    /// The names of its files.
    pub(crate) names: Vec<String>,
}

/// Makes a backup of a stopped installation.
///
/// # Errors
/// Another npki holds the store, it is not the one that was signed, the file exists, a recipient is none, or something cannot be read or written.
pub(crate) fn create_backup(
    plan: &BackupPlan,
    clock: &dyn Clock,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, ServiceError> {
    must_be_free(&plan.out)?;
    let mut settings = Settings::load(&plan.data)?;
    if let Some(address) = &plan.store {
        settings.store = store::place(&plan.data, address)?;
    }
    let store = ledger::open_signed(&settings)?;
    write_backup(store.as_ref(), &settings, plan, clock, progress)
}

/// As [`create_backup`], of a store that is open.
pub(super) fn write_backup(
    store: &dyn Store,
    settings: &Settings,
    plan: &BackupPlan,
    clock: &dyn Clock,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, ServiceError> {
    let recipients = Recipient::parse_all(&plan.recipients)?;
    let contents = contents(store, settings, &plan.data, plan.keys)?;
    let mut draft = Draft::begin(&plan.out, Readers::Owner)?;
    let summary =
        backup::create(store, &contents, &recipients, clock, BufWriter::new(draft.file()), progress)?;
    draft.keep()?;
    Ok(Made { summary, names: contents.files.into_iter().map(|file| file.name).collect() })
}

fn contents(
    store: &dyn Store,
    settings: &Settings,
    data: &Path,
    keys: SealedKeys,
) -> Result<Contents, ServiceError> {
    Ok(Contents {
        installation: settings.installation.organisation.clone(),
        files: collected(settings, data, keys)?,
        notes: notes(store)?,
    })
}

/// Backups of the running service.
#[derive(Debug)]
pub(super) struct OnlineBackups {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) data: PathBuf,
}

impl OnlineBackups {
    fn made(&self, out: &mut dyn Write) -> Result<Summary, ServiceError> {
        let Self { store, clock, settings, data } = self;
        let recipients = Recipient::parse_all(&settings.backup_recipients)?;
        let contents = contents(store.as_ref(), settings, data, settings.backup_keys)?;
        Ok(backup::create(store.as_ref(), &contents, &recipients, clock.as_ref(), out, &mut |_| {})?)
    }
}

impl Backups for OnlineBackups {
    fn has_recipients(&self) -> bool {
        !self.settings.backup_recipients.is_empty()
    }

    fn write(&self, out: &mut dyn Write) -> Result<BackupMade, BackupFailed> {
        let summary = self.made(out).map_err(|error| BackupFailed(error.to_string()))?;
        Ok(BackupMade { ledger_size: summary.trailer.ledger_size, sha256: summary.trailer.sha256 })
    }
}

/// The ledger's signed heads as of now: a restore must reach at least as far.
fn notes(store: &dyn Store) -> Result<Notes, ServiceError> {
    let text = |table| -> Result<Option<String>, ServiceError> {
        let note = heads::latest_note(store, table)?;
        Ok(note.map(|note| String::from_utf8_lossy(&note).into_owned()))
    };
    Ok(Notes { checkpoint: text(LEDGER_HEADS)?, cosigned_checkpoint: text(LEDGER_COSIGNATURES)? })
}

/// Settings, hierarchy, certificates, and the sealed keys where they are wanted; and the profiles' files of an earlier npki,
/// which are taken over at the next start if they were not yet.
fn collected(settings: &Settings, data: &Path, keys: SealedKeys) -> Result<Vec<BackupFile>, ServiceError> {
    let mut paths = vec![data.join(settings::FILE), settings.hierarchy.clone()];
    if settings.profiles.exists() {
        paths.extend(with_ending(&settings.profiles, "toml")?);
    }
    paths.extend(with_ending(&settings.certificates, "pem")?);
    paths.extend(with_ending(&settings.certificates, "vkey")?);
    if keys == SealedKeys::Included {
        paths.extend(with_ending(&settings.keys, "key")?);
    }
    paths.iter().map(|path| backup_file(path, data)).collect()
}

/// The files of a folder whose names end so, in the order of their names.
fn with_ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, ServiceError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(files::at(folder))? {
        let path = entry.map_err(files::at(folder))?.path();
        if path.extension().is_some_and(|found| found == ending) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn backup_file(path: &Path, data: &Path) -> Result<BackupFile, ServiceError> {
    let outside = || {
        ServiceError::Refused(format!("{} lies outside the data directory: copy it by hand", path.display()))
    };
    let name = path.strip_prefix(data).ok().and_then(Path::to_str).ok_or_else(outside)?.to_owned();
    let mode = path.metadata().map_err(files::at(path))?.permissions().mode() & 0o777;
    Ok(BackupFile { name, mode, content: std::fs::read(path).map_err(files::at(path))? })
}

/// Reads a backup to its end and keeps nothing of it.
///
/// # Errors
/// It cannot be opened, or is not whole.
pub(crate) fn verify_backup(
    path: &Path,
    identity: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, ServiceError> {
    let identities = backup::read_identities(identity)?;
    let input = File::open(path).map_err(|error| crate::files::unreadable(path, &error))?;
    Ok(backup::verify(input, &identities, &store::tables(), progress)?)
}
