//! The files that a command line names: themselves, and all in the folders named, in an order that stays the same.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, catalogue};
use crate::files;

/// The most files of one command: their names are held in memory.
const MAX_FILES: usize = 1_000_000;
/// How deep folders are followed.
const MAX_DEPTH: usize = 64;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files: those that were named as they were named, those in folders by their names, each once.
    pub files: Vec<PathBuf>,
    /// What was not looked at, and why.
    pub passed_over: Vec<(PathBuf, PassedOver)>,
    /// Folders that cannot be read.
    pub unreadable: Vec<(PathBuf, Failure)>,
}

/// Why something in a folder was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedOver {
    /// Its name begins with a full stop.
    Hidden,
    /// It is a symbolic link: what it leads to is somewhere else, or in the folder anyway.
    Link,
    /// It is no file: a socket, a pipe, a device.
    NoFile,
    /// What a command that was cut off had not finished.
    Unfinished,
    /// It lies below too many folders.
    TooDeep,
}

impl PassedOver {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hidden => "hidden: name it to have it done",
            Self::Link => "a symbolic link, which is not followed: name it to have it done",
            Self::NoFile => "no file",
            Self::Unfinished => "left behind by a command that was cut off: it can be removed",
            Self::TooDeep => "too many folders above it",
        }
    }
}

/// Finds the files. What is named itself is taken whatever it is called; links that are named are followed.
///
/// # Errors
/// Standard input is among several, or there are more files than npki takes at once.
pub fn named(paths: &[PathBuf]) -> Result<Found, Failure> {
    if paths.iter().any(|path| files::is_stream(path)) {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("standard input (-) is one file, and stands alone")
            .fix("give - by itself, or the other files"));
    }
    let mut search = Search::default();
    for path in paths {
        if path.is_dir() { search.folder(path, 0)? } else { search.file(path.clone())? }
    }
    if search.found.files.is_empty() && search.found.unreadable.is_empty() {
        return Err(Failure::of(&catalogue::UNREADABLE)
            .what("there is no file to be found")
            .cause("the folder is empty, or has hidden files and links alone")
            .fix("name the files themselves"));
    }
    Ok(search.found)
}

#[derive(Default)]
struct Search {
    found: Found,
    seen: BTreeSet<PathBuf>,
}

impl Search {
    fn file(&mut self, path: PathBuf) -> Result<(), Failure> {
        if self.found.files.len() >= MAX_FILES {
            return Err(Failure::of(&catalogue::USAGE)
                .cause(format!("there are more than {MAX_FILES} files"))
                .fix("take the folders below one after another"));
        }
        if self.seen.insert(path.clone()) {
            self.found.files.push(path);
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Failure> {
        let listed = match listed(folder) {
            Ok(listed) => listed,
            Err(error) => {
                self.found.unreadable.push((folder.to_owned(), files::unreadable(folder, &error)));
                return Ok(());
            }
        };
        for (path, kind) in listed {
            match judged(&path, kind, depth) {
                Ok(Kind::Folder) => self.folder(&path, depth + 1)?,
                Ok(Kind::File) => self.file(path)?,
                Err(why) => self.found.passed_over.push((path, why)),
            }
        }
        Ok(())
    }
}

enum Kind {
    File,
    Folder,
}

fn judged(path: &Path, kind: FileType, depth: usize) -> Result<Kind, PassedOver> {
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if is_hidden {
        Err(PassedOver::Hidden)
    } else if kind.is_symlink() {
        Err(PassedOver::Link)
    } else if kind.is_dir() {
        if depth < MAX_DEPTH { Ok(Kind::Folder) } else { Err(PassedOver::TooDeep) }
    } else if !kind.is_file() {
        Err(PassedOver::NoFile)
    } else if files::is_unfinished(path) {
        Err(PassedOver::Unfinished)
    } else {
        Ok(Kind::File)
    }
}

/// What a folder holds, ordered by name, octet for octet: the same on every machine and in every language.
fn listed(folder: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let entries: Vec<DirEntry> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    let mut listed = Vec::with_capacity(entries.len());
    for entry in entries {
        listed.push((entry.path(), entry.file_type()?));
    }
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(listed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{PassedOver, named};

    #[test]
    fn a_folder_is_walked_in_order_and_what_is_left_out_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::create_dir(at(".git")).unwrap();
        for name in ["b/c/2", "b/1", "z", "a", ".git/config", ".hidden", "a.p7s.123.new"] {
            fs::write(at(name), name).unwrap();
        }
        symlink("/etc/passwd", at("out")).unwrap();
        symlink(folder.path(), at("b/around")).unwrap();
        let found = named(&[folder.path().to_owned(), at("a")]).unwrap();
        assert_eq!(found.files, [at("a"), at("b/1"), at("b/c/2"), at("z")]);
        let told = [
            (at(".git"), PassedOver::Hidden),
            (at(".hidden"), PassedOver::Hidden),
            (at("a.p7s.123.new"), PassedOver::Unfinished),
            (at("b/around"), PassedOver::Link),
            (at("out"), PassedOver::Link),
        ];
        assert_eq!(found.passed_over, told);
        // What is named itself is taken.
        assert_eq!(named(&[at(".hidden"), at("out")]).unwrap().files, [at(".hidden"), at("out")]);
        assert_eq!(named(&[at(".git"), "-".into()]).unwrap_err().code(), "E-CLI-001");
        fs::create_dir(at("empty")).unwrap();
        assert_eq!(named(&[at("empty")]).unwrap_err().code(), "E-FILE-001");
    }
}
