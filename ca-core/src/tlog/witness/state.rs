//! What a witness must never forget: the latest checkpoint it cosigned of each log.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::tlog::checkpoint::{CheckpointError, Origin, SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::tree::TreeHead;

/// A folder with one small file for each log: the latest checkpoint cosigned, as the log signed it.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

/// The state could not be read or written. Nothing may be cosigned then.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what this witness wrote. Removing it would let the log show another history: find out first.
    #[error("{}: the witness's memory is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        why: CheckpointError,
    },
    /// The file is another log's.
    #[error("{}: the witness's memory is damaged: it is of {found}", path.display())]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// The log it is of.
        found: Origin,
    },
}

impl State {
    /// Opens the folder, or makes it if its parent is there.
    ///
    /// # Errors
    /// The folder could not be made.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(failed(folder, error));
            }
            // The folder's own name must survive a power cut too, whoever made it.
            _ => sync_folder(&folder.join(".."))?,
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Waits until nobody else, in this process or another, decides about this log, and keeps all others out while the
    /// result lives.
    ///
    /// # Errors
    /// The lock could not be had.
    pub(super) fn lock(&self, origin: &Origin) -> Result<Locked, StateError> {
        let path = self.file(origin, "lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock =
            lock.and_then(|file| file.lock().map(|()| file)).map_err(|source| failed(&path, source))?;
        let (checkpoint, draft) = (self.file(origin, "checkpoint"), self.file(origin, "draft"));
        Ok(Locked { folder: self.folder.clone(), origin: origin.clone(), checkpoint, draft, _lock: lock })
    }

    /// The latest checkpoint cosigned of this log, as the log signed it; `None` if none was. Waits for nobody: files
    /// are exchanged whole.
    ///
    /// # Errors
    /// The file could not be read, or is damaged.
    pub(super) fn recall(&self, origin: &Origin) -> Result<Option<SignedCheckpoint>, StateError> {
        read(&self.file(origin, "checkpoint"), origin)
    }

    fn file(&self, origin: &Origin, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", name_of(origin)))
    }
}

/// What a witness calls a log in file names and addresses: the SHA-256 of its origin, in lower-case hex. An origin is any
/// text; this is a name that every file system takes.
pub fn name_of(origin: &Origin) -> String {
    hex::encode(digest(&SHA256, origin.as_str().as_bytes()))
}

fn read(path: &Path, origin: &Origin) -> Result<Option<SignedCheckpoint>, StateError> {
    let octets = match std::fs::read(path) {
        Ok(octets) => octets,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path, source)),
    };
    let remembered =
        SignedCheckpoint::parse(&octets).map_err(|why| StateError::Damaged { path: path.to_owned(), why })?;
    if remembered.claimed_origin() != origin {
        let found = remembered.claimed_origin().clone();
        return Err(StateError::OtherLog { path: path.to_owned(), found });
    }
    Ok(Some(remembered))
}

/// What is remembered of one log, while nobody else can change it.
#[derive(Debug)]
pub(super) struct Locked {
    folder: PathBuf,
    origin: Origin,
    checkpoint: PathBuf,
    draft: PathBuf,
    /// Closing the file gives the lock back.
    _lock: File,
}

impl Locked {
    /// The latest tree that was cosigned; the empty one if none was.
    ///
    /// # Errors
    /// The file could not be read, or is damaged.
    pub(super) fn head(&self) -> Result<TreeHead, StateError> {
        let remembered = read(&self.checkpoint, &self.origin)?;
        Ok(remembered.map_or_else(TreeHead::empty, |checkpoint| *checkpoint.claimed_head()))
    }

    /// Remembers this checkpoint as the latest one. It is durable when this returns.
    ///
    /// # Errors
    /// It could not be made durable: it may or may not be remembered.
    pub(super) fn remember(&self, checkpoint: &VerifiedCheckpoint) -> Result<(), StateError> {
        let text = checkpoint.without_others().to_string();
        let at_draft = |source| failed(&self.draft, source);
        let mut draft = File::create(&self.draft).map_err(at_draft)?;
        draft.write_all(text.as_bytes()).and_then(|()| draft.sync_all()).map_err(at_draft)?;
        std::fs::rename(&self.draft, &self.checkpoint).map_err(at_draft)?;
        sync_folder(&self.folder)
    }
}

fn sync_folder(folder: &Path) -> Result<(), StateError> {
    crate::durable::sync_folder(folder).map_err(|source| failed(folder, source))
}

fn failed(path: &Path, source: std::io::Error) -> StateError {
    StateError::File { path: path.to_owned(), source }
}
