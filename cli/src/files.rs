//! Files: read whole within a bound, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, catalogue};

/// The most octets of a certificate, key, request, CRL or signature file.
pub const MAX_OBJECT: u64 = 64 * 1024 * 1024;
/// The most octets of a document to sign or verify; it is held in memory.
pub const MAX_DOCUMENT: u64 = 1024 * 1024 * 1024;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone: mode 0600.
    Owner,
    /// Everyone the umask admits.
    Anyone,
}

/// Whether a path stands for standard input, or standard output: `-`.
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a file of at most `limit` octets; `-` is standard input.
///
/// # Errors
/// It cannot be read or is larger.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let read = if is_stream(path) {
        io::stdin().lock().take(limit + 1).read_to_end(&mut content)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut content))
    };
    read.map_err(|error| unreadable(path, &error))?;
    if content.len() as u64 > limit {
        return Err(Failure::of(&catalogue::FILE_TOO_LARGE)
            .what(format!("{} is too large for this command", path.display()))
            .cause(format!("it has more than {limit} octets")));
    }
    Ok(content)
}

/// Writes a file in place of another: a power cut leaves the old or the new one, never half of one.
///
/// # Errors
/// It cannot be written.
pub fn replace(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    let written = write_beside(path, content, readers).and_then(|temporary| {
        fs::rename(&temporary, path).inspect_err(|_| discard(&temporary))?;
        sync_folder(path)
    });
    written.map_err(|error| unwritable(path, &error))
}

/// Writes a file that must not exist yet: private keys are never overwritten.
///
/// # Errors
/// It exists, or cannot be written.
pub fn create(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    let mut draft = Draft::begin(path, readers)?;
    draft.file().write_all(content).map_err(|error| unwritable(path, &error))?;
    draft.keep()
}

/// A certificate as PEM text (RFC 7468 section 5).
pub fn certificate_pem(der: &[u8]) -> String {
    pem::encode_config(
        &pem::Pem::new("CERTIFICATE", der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    )
}

/// The file beside another that is called as it with a further ending.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    path.with_file_name(name)
}

/// A file that must not exist yet, written piece by piece beside its place. Dropped before [`Draft::keep`], nothing is
/// left of it.
#[derive(Debug)]
pub struct Draft {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Begins a file that is to stand at `path`.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn begin(path: &Path, readers: Readers) -> Result<Self, Failure> {
        let (file, temporary) = open_beside(path, readers).map_err(|error| unwritable(path, &error))?;
        Ok(Self { file, temporary, path: path.to_owned() })
    }

    /// What to write to.
    pub const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Puts the file, durable, in its place.
    ///
    /// # Errors
    /// Something has come to stand there, or it cannot be written.
    pub fn keep(self) -> Result<(), Failure> {
        let path = &self.path;
        self.file.sync_all().map_err(|error| unwritable(path, &error))?;
        // A hard link, unlike a rename, fails when its target exists: no moment between looking and writing.
        match fs::hard_link(&self.temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
            // File systems of memory sticks have no links.
            Err(error) if is_without_links(&error) => must_be_free(path)
                .and_then(|()| fs::rename(&self.temporary, path).map_err(|error| unwritable(path, &error))),
            linked => linked.map_err(|error| unwritable(path, &error)),
        }?;
        sync_folder(path).map_err(|error| unwritable(path, &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        discard(&self.temporary);
    }
}

fn is_without_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported)
}

/// Fails when there is something at `path`, before work is done that would be in vain.
///
/// # Errors
/// It exists.
pub fn must_be_free(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() { Err(exists(path)) } else { Ok(()) }
}

/// Makes a folder and those above it.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| unwritable(path, &error))
}

/// The absolute form of a path, without looking whether it exists.
///
/// # Errors
/// The present folder is not known.
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| unreadable(path, &error))
}

fn write_beside(path: &Path, content: &[u8], readers: Readers) -> io::Result<PathBuf> {
    let (mut file, temporary) = open_beside(path, readers)?;
    file.write_all(content).and_then(|()| file.sync_all()).inspect_err(|_| discard(&temporary))?;
    Ok(temporary)
}

fn open_beside(path: &Path, readers: Readers) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("this is not the name of a file"))?;
    let mut temporary = name.to_os_string();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Anyone => 0o644,
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
    Ok((file, temporary))
}

/// Whether a file is one that was being written when the program or the machine stopped: `NAME.PROCESS.new`.
pub fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.strip_suffix(".new").and_then(|name| name.rsplit_once('.')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit()))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn discard(path: &Path) {
    // What cannot be removed stays as a `.new` file; the failure that led here is what is reported.
    let _ = fs::remove_file(path);
}

/// Says which file cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::of(&catalogue::UNREADABLE)
        .what(format!("{} cannot be read", path.display()))
        .cause(error.to_string())
}

/// Says which file cannot be used as a list, and why.
pub fn no_list(path: &Path, cause: impl Into<String>) -> Failure {
    Failure::of(&catalogue::LIST_UNFIT)
        .what(format!("{} cannot be used as a list", path.display()))
        .cause(cause.into())
}

/// SHA-256 of a file of any length, hex, and how many octets it has.
///
/// # Errors
/// It cannot be read.
pub fn sha256(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    let (mut buffer, mut length) = (vec![0; 256 * 1024], 0);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex::encode(digest.finish()), length));
        }
        digest.update(buffer.get(..count).unwrap_or_default());
        length += count as u64;
    }
}

/// Says which file could not be written, and why.
pub fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::of(&catalogue::UNWRITABLE)
        .what(format!("{} cannot be written", path.display()))
        .cause(error.to_string())
}

fn exists(path: &Path) -> Failure {
    Failure::of(&catalogue::EXISTS).what(format!("{} exists and is never overwritten", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::os::unix::fs::PermissionsExt;

    use super::{Readers, create, read, replace};

    #[test]
    fn a_key_is_readable_by_its_owner_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        create(&path, b"first", Readers::Owner).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let failure = create(&path, b"second", Readers::Owner).unwrap_err();
        assert_eq!(failure.code(), "E-FILE-003");
        assert_eq!(read(&path, 100).unwrap(), b"first");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1, "no temporary file may stay");
    }

    #[test]
    fn replacing_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        replace(&path, b"one", Readers::Owner).unwrap();
        replace(&path, b"two", Readers::Owner).unwrap();
        assert_eq!(read(&path, 100).unwrap(), b"two");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_file_beyond_the_bound_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        replace(&path, &[0; 11], Readers::Anyone).unwrap();
        assert_eq!(read(&path, 10).unwrap_err().code(), "E-FILE-005");
        assert_eq!(read(&path, 11).unwrap().len(), 11);
    }
}
