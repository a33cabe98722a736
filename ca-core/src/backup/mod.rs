//! Backups: all that an installation is, in one encrypted file that any engine can be filled from again.
//!
//! [`create`] writes one while the store goes on committing, [`verify`] reads one to its end and keeps nothing,
//! [`restore`] fills a new store. All three stream: memory is bounded by the largest single value, not by the backup.
//!
//! # The format `npki-backup-1`
//!
//! An age file (<https://c2sp.org/age>) for one or more X25519 recipients, around an LZ4 frame, around:
//!
//! ```text
//! "npki-backup-1" newline
//! frames: kind (1 octet), length of the payload (4 octets, big-endian), payload
//!   H  once, first     JSON: format, installation, made_at, npki
//!   F  each file       length of the name (2), name, mode (4), content
//!   P  each put        length of the table's name (1), name, length of the key (4), key, value
//!   R  each removal    as P, without a value: takes back what an earlier P put
//!   T  once, last      JSON: files, entries, octets, ledger_size, checkpoint, cosigned_checkpoint, sha256
//! ```
//!
//! `octets` and `sha256` speak of everything before the trailer's frame, the first line included. A file that was cut
//! short or altered is refused: age authenticates each 64 KiB and their end, the trailer what we meant to write.
//!
//! Encryption does not say who wrote: whoever knows a recipient can make a file for it. What vouches for a backup's
//! content is the ledger's cosigned checkpoint in it; [`Destination::judge`] is where that is weighed.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

mod content;
mod create;
mod error;
mod frame;
mod identity;
mod positions;
mod reader;
mod restore;

pub use create::create;
pub use error::BackupError;
pub(crate) use identity::parse_identities;
pub use identity::{Identity, NewIdentity, Recipient, new_identity, read_identities};
pub use restore::{Destination, restore, verify};

/// The format's name.
pub const FORMAT: &str = "npki-backup-1";

/// The most files of one backup: settings, profiles, certificates and keys of an installation are some dozens.
pub const MOST_FILES: u64 = 10_000;

/// What a backup begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// Whose installation it is.
    pub installation: String,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// The version of npki that made it.
    pub npki: String,
}

/// What a backup ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// How many files.
    pub files: u64,
    /// How many puts and removals.
    pub entries: u64,
    /// How many octets lie before the trailer, uncompressed.
    pub octets: u64,
    /// How many events the ledger has.
    pub ledger_size: u64,
    /// See [`Notes::checkpoint`].
    pub checkpoint: Option<String>,
    /// See [`Notes::cosigned_checkpoint`].
    pub cosigned_checkpoint: Option<String>,
    /// SHA-256 of the octets before the trailer, lower-case hex.
    pub sha256: String,
}

/// What a backup is, as far as it fits on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What it begins with.
    #[serde(flatten)]
    pub header: Header,
    /// What it ends with.
    #[serde(flatten)]
    pub trailer: Trailer,
}

/// What the ledger's tree said of itself just before the backup was begun, as signed notes. Opaque here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The latest checkpoint.
    pub checkpoint: Option<String>,
    /// The latest checkpoint that witnesses cosigned: no installation may ever go back behind it.
    pub cosigned_checkpoint: Option<String>,
}

/// What goes into a backup besides the store.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Whose installation it is.
    pub installation: String,
    /// Settings, profiles, certificates, and sealed keys if they are meant to go along.
    pub files: Vec<BackupFile>,
    /// What the ledger's tree said of itself.
    pub notes: Notes,
}

/// A file of the installation.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupFile {
    /// Its path from the data directory on: `/` between names, no `.`, no `..`.
    pub name: String,
    /// Its permissions: the lowest nine bits of its mode.
    pub mode: u32,
    /// What it holds.
    pub content: Vec<u8>,
}

impl fmt::Debug for BackupFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys may be among the files, if only sealed ones.
        f.debug_struct("BackupFile")
            .field("name", &self.name)
            .field("mode", &format_args!("{:o}", self.mode))
            .field("octets", &self.content.len())
            .finish()
    }
}

/// How far the work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries of the store so far.
    pub entries: u64,
    /// While a backup is made: octets so far, before compression. While one is read: octets read of the file.
    pub octets: u64,
}

#[cfg(test)]
mod tests;
