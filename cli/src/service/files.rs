//! What the service asks of the data directory's files, besides what `crate::files` does for all commands.

use std::path::{Path, PathBuf};

use super::ServiceError;

/// Whether there is a folder with anything in it.
pub(crate) fn holds_something(folder: &Path) -> Result<bool, ServiceError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(folder)(error)),
    }
}

/// Makes a folder with these subfolders that only its owner enters. `fill` works in a draft beside it, which is renamed
/// at the end: it is there whole, or not at all.
pub(crate) fn founded<T>(
    data: &Path,
    subfolders: &[&str],
    fill: impl FnOnce(&Path) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let draft = draft_folder(data)?;
    let folders = [""].iter().chain(subfolders);
    let made = folders.map(|folder| private_folder(&draft.join(folder))).collect::<Result<Vec<()>, _>>();
    let filled = made.and_then(|_| fill(&draft));
    if filled.is_err() {
        // What was made of a folder that failed serves nobody.
        let _ = std::fs::remove_dir_all(&draft);
    }
    let filled = filled?;
    if data.exists() {
        std::fs::remove_dir(data).map_err(at(data))?;
    }
    std::fs::rename(&draft, data).map_err(at(data))?;
    let parent = data.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(parent.unwrap_or(Path::new(".")))?;
    Ok(filled)
}

fn draft_folder(data: &Path) -> Result<PathBuf, ServiceError> {
    if holds_something(data)? {
        return Err(ServiceError::NotEmpty(data.to_owned()));
    }
    let name = data
        .file_name()
        .ok_or_else(|| ServiceError::Refused(format!("{}: give a folder's name", data.display())))?;
    Ok(data.with_file_name(format!(".{}.founding-{}", name.to_string_lossy(), std::process::id())))
}

fn private_folder(path: &Path) -> Result<(), ServiceError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))
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
