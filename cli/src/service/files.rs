//! What the service asks of the data directory's files, besides what `crate::files` does for all commands.

use std::path::{Path, PathBuf};

use super::ServiceError;

/// Whether there is a folder with anything in it.
pub(crate) fn holds_something(folder: &Path) -> Result<bool, ServiceError> {
    let entries = if_there(folder, std::fs::read_dir(folder))?;
    Ok(entries.is_some_and(|mut entries| entries.next().is_some()))
}

/// What came of asking for something at this place, or of removing it; `None` where there is nothing.
pub(crate) fn if_there<T>(path: &Path, outcome: std::io::Result<T>) -> Result<Option<T>, ServiceError> {
    match outcome {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some).map_err(at(path)),
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

/// Says which file a system error is about.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ServiceError {
    let path = PathBuf::from(path);
    move |source| ServiceError::File { path, source }
}

/// Holds a file for this process alone, until it is closed or the process dies in whatever way; `None` when another process
/// holds it.
pub(crate) fn held_alone(path: &Path) -> Result<Option<std::fs::File>, ServiceError> {
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(at(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(at(path)(error)),
    }
}
