//! Files that hold secrets: nobody but their owner reads or writes them.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a group or others may do with a file, of its mode.
const OTHERS: u32 = 0o077;

/// A file is not taken for a secret.
#[derive(Debug)]
pub enum NotPrivate {
    /// It cannot be opened.
    Unreadable(io::Error),
    /// Others than its owner may read or write it.
    OpenToOthers,
}

/// Opens a file that its owner alone may read and write.
///
/// # Errors
/// It cannot be opened, or is open to others.
pub fn open(path: &Path) -> Result<File, NotPrivate> {
    let file = File::open(path).map_err(NotPrivate::Unreadable)?;
    // Asked of the open file: another may have come to stand at its place.
    let metadata = file.metadata().map_err(NotPrivate::Unreadable)?;
    if metadata.permissions().mode() & OTHERS != 0 { Err(NotPrivate::OpenToOthers) } else { Ok(file) }
}
