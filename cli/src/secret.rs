//! Secrets in files: a passphrase or PIN is the first line of a file that nobody but its owner reads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ca_core::private_file::{self, NotPrivate};
use zeroize::Zeroizing;

use crate::files::is_stream;

/// The most octets of the line.
const MAX_LINE: usize = 1024;
/// Where systemd puts the credentials of a service (systemd.exec(5)), which it guards itself.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A file has no secret that is taken.
#[derive(Debug, thiserror::Error)]
pub enum SecretUnfit {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read it, and do what its owner alone should.
    #[error("{} may be read by others than its owner; run `chmod 600` on it", .0.display())]
    OpenToOthers(PathBuf),
    /// An empty PIN would cost one of a token's tries.
    #[error("{} has nothing in its first line, where the passphrase or PIN must be", .0.display())]
    Empty(PathBuf),
    /// Whether it belongs to the secret nobody sees, and programs differ.
    #[error("the first line of {} begins or ends with a blank: remove it", .0.display())]
    Blank(PathBuf),
    /// It is something else than a secret.
    #[error("the first line of {} is no text, or has more than {MAX_LINE} octets", .0.display())]
    NoText(PathBuf),
}

/// The first line of a file, without its end; `-` is standard input.
///
/// # Errors
/// The file cannot be read or others may read it too, or the line is none that is taken.
pub fn first_line(path: &Path) -> Result<Zeroizing<String>, SecretUnfit> {
    let unreadable = |source| SecretUnfit::Unreadable { path: path.to_owned(), source };
    // Room for all of it from the start: what is moved leaves its former place as it was.
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_LINE + 2));
    let most = MAX_LINE as u64 + 2;
    if is_stream(path) {
        io::stdin().lock().take(most).read_to_end(&mut content).map_err(unreadable)?;
    } else {
        let opened = if is_credential(path) {
            File::open(path).map_err(NotPrivate::Unreadable)
        } else {
            private_file::open(path)
        };
        let file = opened.map_err(|why| match why {
            NotPrivate::Unreadable(source) => unreadable(source),
            NotPrivate::OpenToOthers => SecretUnfit::OpenToOthers(path.to_owned()),
        })?;
        file.take(most).read_to_end(&mut content).map_err(unreadable)?;
    }
    let end = content.iter().position(|octet| *octet == b'\n').unwrap_or(content.len());
    let line = content.get(..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).ok().filter(|text| text.len() <= MAX_LINE);
    let text = text.ok_or_else(|| SecretUnfit::NoText(path.to_owned()))?;
    if text.trim().is_empty() {
        return Err(SecretUnfit::Empty(path.to_owned()));
    }
    if text.trim() != text {
        return Err(SecretUnfit::Blank(path.to_owned()));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// The systemd credential of this name where there is one, else this file.
pub fn credential_or(name: &str, file: &Path) -> PathBuf {
    let credential = std::env::var_os(CREDENTIALS).map(|folder| Path::new(&folder).join(name));
    credential.filter(|path| path.exists()).unwrap_or_else(|| file.to_owned())
}

fn is_credential(path: &Path) -> bool {
    std::env::var_os(CREDENTIALS).is_some_and(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::{MAX_LINE, SecretUnfit, first_line};

    #[test]
    fn the_first_line_is_taken_as_it_is_and_where_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let with = |content: &[u8], mode| {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            first_line(&path)
        };
        let longest = "\u{f6}".repeat(MAX_LINE / 2);
        for (content, line) in [
            ("1234", "1234"),
            ("1234\r\nsecond", "1234"),
            ("pass  phrase\n", "pass  phrase"),
            (longest.as_str(), longest.as_str()),
        ] {
            assert_eq!(with(content.as_bytes(), 0o600).unwrap().as_str(), line);
        }
        for mode in [0o640, 0o604, 0o660, 0o620] {
            assert!(matches!(with(b"1234", mode), Err(SecretUnfit::OpenToOthers(_))), "{mode:o}");
        }
        for empty in ["", "\n1234", "  \n", "\r\n"] {
            assert!(matches!(with(empty.as_bytes(), 0o600), Err(SecretUnfit::Empty(_))), "{empty:?}");
        }
        for blank in [" 1234", "1234 \n", "\t1234"] {
            assert!(matches!(with(blank.as_bytes(), 0o600), Err(SecretUnfit::Blank(_))), "{blank:?}");
        }
        let longer = format!("{longest}x");
        for other in [longer.as_bytes(), b"\xff1234"] {
            assert!(matches!(with(other, 0o600), Err(SecretUnfit::NoText(_))));
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(first_line(&path), Err(SecretUnfit::Unreadable { .. })));
    }
}
