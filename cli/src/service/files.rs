//! Files of the data directory: written whole or not at all.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::ServiceError;

/// Writes a file that must not exist yet.
pub(crate) fn create(path: &Path, content: &[u8], access: Access) -> Result<(), ServiceError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(access.mode());
    let mut file = options.open(path).map_err(at(path))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Replaces a file, or creates it: a reader, or a power cut, finds the old content or the new, never a part.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), ServiceError> {
    let draft = path.with_extension("new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(at(&draft)(error)),
        _ => {}
    }
    create(&draft, content, Access::Everyone)?;
    std::fs::rename(&draft, path).map_err(at(path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Whether there is a folder with anything in it.
pub(crate) fn holds_something(folder: &Path) -> Result<bool, ServiceError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(folder)(error)),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), ServiceError> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// Reads one PEM certificate and gives its DER.
pub(crate) fn read_certificate(path: &Path) -> Result<Vec<u8>, ServiceError> {
    let text = std::fs::read_to_string(path).map_err(at(path))?;
    let block = pem::parse(&text)
        .ok()
        .filter(|block| block.tag() == "CERTIFICATE")
        .ok_or_else(|| ServiceError::Tls(format!("{} holds no PEM certificate", path.display())))?;
    Ok(block.into_contents())
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its owner alone.
    Owner,
    /// Everyone.
    Everyone,
}

impl Access {
    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everyone => 0o644,
        }
    }
}

/// Says which file a system error is about.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ServiceError {
    let path = PathBuf::from(path);
    move |source| ServiceError::File { path, source }
}
