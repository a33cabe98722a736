//! The file of a sealed key: its owner's alone, written whole or not at all, never over another.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::durable::sync_folder_of;
use crate::keys::KeyError;
use crate::private_file::{self, NotPrivate};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most octets a key file may have. Ours have fewer than 1 kB.
const MOST_OCTETS: u64 = 64 * 1024;

/// Writes `key` as TOML under `title` into a new file, mode 0600, durable when this returns. Never over an existing
/// one. `unique` is random: it names the draft that becomes the file.
///
/// # Errors
/// The file exists or cannot be written; then nothing is left of it.
pub(crate) fn write_new(
    path: &Path,
    title: &str,
    key: &impl Serialize,
    unique: &[u8],
) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let text = toml::to_string(key).map_err(|error| KeyError::Malformed(error.to_string()))?;
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    // Random, so nobody else is writing to it.
    let draft = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), hex::encode(unique)));
    let written = write_private(&draft, &[title, &text].concat())
        // A link, unlike a rename, does not replace what is there.
        .and_then(|()| fs::hard_link(&draft, path));
    // Removed whether or not it became the file. What could not be made is not there to be removed.
    let removed = fs::remove_file(&draft);
    written.and(removed).and_then(|()| sync_folder_of(path)).map_err(failed)
}

/// Reads a key from a file that nobody but its owner may read or write.
///
/// # Errors
/// The file is missing, open to others, or not such a key.
pub(crate) fn read<K: DeserializeOwned>(path: &Path) -> Result<K, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let unfit = |why: &str| KeyError::Malformed(format!("{}: {why}", path.display()));
    let file = private_file::open(path).map_err(|why| match why {
        NotPrivate::Unreadable(source) => failed(source),
        NotPrivate::OpenToOthers => KeyError::Exposed(path.to_owned()),
    })?;
    let mut text = String::new();
    file.take(MOST_OCTETS + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MOST_OCTETS {
        return Err(unfit("too large for a key"));
    }
    toml::from_str(&text).map_err(|error| unfit(error.message()))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
