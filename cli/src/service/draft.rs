//! A data directory under construction: beside its final place, and there whole or not at all.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{ServiceError, files};

/// A folder beside the one it is to become. Dropped before [`DraftFolder::keep`], it is removed.
#[derive(Debug)]
pub(super) struct DraftFolder {
    draft: PathBuf,
    data: PathBuf,
    kept: bool,
}

impl DraftFolder {
    /// Makes a draft of the folder `data`, which must not exist or be empty; `act` is the word for it in the name.
    pub(super) fn begin(data: &Path, act: &str) -> Result<Self, ServiceError> {
        if files::holds_something(data)? {
            return Err(ServiceError::NotEmpty(data.to_owned()));
        }
        let name = data
            .file_name()
            .ok_or_else(|| ServiceError::Refused(format!("{}: give a folder's name", data.display())))?;
        let draft = format!(".{}.{act}-{}", name.to_string_lossy(), std::process::id());
        let draft = Self { draft: data.with_file_name(draft), data: data.to_owned(), kept: false };
        draft.folder("")?;
        Ok(draft)
    }

    /// Where it is while it is a draft.
    pub(super) fn path(&self) -> &Path {
        &self.draft
    }

    /// Makes a folder in it, for this account only.
    pub(super) fn folder(&self, name: &str) -> Result<(), ServiceError> {
        let path = self.draft.join(name);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(files::at(&path))
    }

    /// Puts it in its place.
    pub(super) fn keep(mut self) -> Result<(), ServiceError> {
        if self.data.exists() {
            std::fs::remove_dir(&self.data).map_err(files::at(&self.data))?;
        }
        std::fs::rename(&self.draft, &self.data).map_err(files::at(&self.data))?;
        self.kept = true;
        let parent = self.data.parent().filter(|parent| !parent.as_os_str().is_empty());
        files::sync_folder(parent.unwrap_or(Path::new(".")))
    }
}

/// Makes a folder with these subfolders that only its owner enters: `fill` works in the draft.
pub(super) fn founded<T>(
    data: &Path,
    subfolders: &[&str],
    fill: impl FnOnce(&Path) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let draft = DraftFolder::begin(data, "founding")?;
    subfolders.iter().try_for_each(|folder| draft.folder(folder))?;
    let filled = fill(draft.path())?;
    draft.keep()?;
    Ok(filled)
}

impl Drop for DraftFolder {
    fn drop(&mut self) {
        if !self.kept {
            // What was made of an installation that failed serves nobody.
            let _ = std::fs::remove_dir_all(&self.draft);
        }
    }
}
