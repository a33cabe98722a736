//! Backups of the whole installation, made while it works. Who can open them stands in the installation's settings:
//! whoever asks for a backup gets a file that only those recipients read.

use std::fmt::Debug;
use std::io::Write;

use ca_core::ledger::Action;
use ca_core::storage::Change;

use crate::fault::Fault;
use crate::permission::{MakeBackups, Permit};
use crate::registry::Registry;

/// A backup was begun: whoever asked may have got some of it.
pub const BEGUN: Action = Action::named("backup.begun");
/// A backup was made to its end.
pub const MADE: Action = Action::named("backup.made");

/// What makes backups of this installation.
pub trait Backups: Send + Sync + Debug {
    /// Whether the settings name anybody who could open one.
    fn has_recipients(&self) -> bool;

    /// Writes one, as of now.
    ///
    /// # Errors
    /// The store or `out` failed; what was written is no backup.
    fn write(&self, out: &mut dyn Write) -> Result<BackupMade, BackupFailed>;
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupMade {
    /// How many events of the ledger it holds.
    pub ledger_size: u64,
    /// SHA-256 of its content, hex, as its trailer says.
    pub sha256: String,
}

/// A backup was not made. Its text is for the operator's log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct BackupFailed(pub String);

/// There is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nobody could open it.
    #[error("the installation's settings name no recipients of backups")]
    NoRecipients,
    /// It was not made.
    #[error(transparent)]
    Failed(#[from] BackupFailed),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Registry {
    /// Records that a backup is about to be made.
    ///
    /// # Errors
    /// Nobody could open it, or the store failed.
    pub fn begin_backup(&self, permit: &Permit<MakeBackups>) -> Result<(), BackupError> {
        if !self.parts.backups.has_recipients() {
            return Err(BackupError::NoRecipients);
        }
        let event = self.event(&permit.actor(), BEGUN, "installation")?;
        self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
        Ok(())
    }

    /// Makes the backup and records it.
    ///
    /// # Errors
    /// The store or `out` failed.
    pub fn write_backup(&self, permit: &Permit<MakeBackups>, out: &mut dyn Write) -> Result<(), BackupError> {
        let made = self.parts.backups.write(out)?;
        let event = self
            .event(&permit.actor(), MADE, "installation")?
            .with("ledger-size", made.ledger_size.to_string())
            .with("sha256", made.sha256);
        self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
        Ok(())
    }
}
