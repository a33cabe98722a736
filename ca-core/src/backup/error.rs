//! What keeps a backup from being made, read or restored.

use std::io;
use std::path::PathBuf;

use super::FORMAT;
use crate::storage::StorageError;

/// A backup was not made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nobody could ever open it.
    #[error("a backup needs at least one recipient")]
    NoRecipient,
    /// Not a recipient. The text is not repeated: it may be a secret key, given by mistake.
    #[error("recipient {number} is not an age X25519 recipient (age1…)")]
    Recipient {
        /// Which, counted from 1.
        number: usize,
    },
    /// The file of identities cannot be used.
    #[error("{}: {why}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file of identities is open to others.
    #[error("{} can be read or written by others; make it yours alone: chmod 600", .0.display())]
    Exposed(PathBuf),
    /// A file cannot go into a backup, or cannot be restored.
    #[error("the file {name:?}: {why}")]
    File {
        /// Its name.
        name: String,
        /// Why not.
        why: String,
    },
    /// A value is larger than the format allows.
    #[error("a value of the table {table} has {octets} octets, more than {FORMAT} holds")]
    TooLarge {
        /// The table.
        table: String,
        /// The value's octets, its key included.
        octets: u64,
    },
    /// The backup could not be written.
    #[error("the backup cannot be written: {0}")]
    Write(io::Error),
    /// The backup could not be read: the system's fault, not the file's.
    #[error("the backup cannot be read: {0}")]
    Read(io::Error),
    /// The file is no backup at all.
    #[error("this is no age file, or its head was altered")]
    NotABackup,
    /// No identity opens it.
    #[error("no identity given opens it: it was made for other recipients, or its head was altered")]
    WrongIdentity,
    /// It ends before its end.
    #[error("the backup is cut short: it ends after {octets} octets")]
    Truncated {
        /// Octets there are.
        octets: u64,
    },
    /// It is not what was written.
    #[error("the backup is damaged, at or shortly before octet {at} of the file: {why}")]
    Damaged {
        /// Octets of the file that were read when it was noticed.
        at: u64,
        /// What was noticed.
        why: String,
    },
    /// It holds what this version does not know.
    #[error("the backup was made by a newer npki: this one does not know {what}")]
    Newer {
        /// What.
        what: String,
    },
    /// Where it was to be restored to, it is not wanted.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
