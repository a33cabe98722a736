//! Who may open backups: age's X25519 identities and their recipients.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::BackupError;
use crate::clock::{Clock, in_words};
use crate::private_file::{self, NotPrivate};

/// The most octets of a file of identities: some hundreds of keys.
const MOST_OCTETS: u64 = 64 * 1024;

/// Whom a backup is made for: `age1…`. Not secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(age::x25519::Recipient);

impl Recipient {
    /// Reads recipients.
    ///
    /// # Errors
    /// One is none; the error says which without repeating it.
    pub fn parse_all<S: AsRef<str>>(texts: &[S]) -> Result<Vec<Self>, BackupError> {
        let parsed = texts.iter().enumerate().map(|(index, text)| {
            let recipient = age::x25519::Recipient::from_str(text.as_ref().trim());
            recipient.map(Self).map_err(|_| BackupError::Recipient { number: index + 1 })
        });
        parsed.collect()
    }

    pub(crate) fn as_age(&self) -> &dyn age::Recipient {
        &self.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

/// A secret key that opens backups.
#[derive(Clone)]
pub struct Identity(age::x25519::Identity);

impl Identity {
    /// Whom backups are made for that this identity opens.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    pub(crate) fn as_age(&self) -> &dyn age::Identity {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(… of {})", self.recipient())
    }
}

/// A new identity.
pub struct NewIdentity {
    /// The text of its file, as `age-keygen` writes one. Secret.
    pub file: Zeroizing<String>,
    /// Whom backups are to be made for.
    pub recipient: Recipient,
}

impl fmt::Debug for NewIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewIdentity").field("recipient", &self.recipient).finish_non_exhaustive()
    }
}

/// Draws a new identity. Its randomness is the operating system's, as is that of every age file: the age library takes
/// it from nowhere else.
pub fn new_identity(clock: &dyn Clock) -> NewIdentity {
    let identity = Identity(age::x25519::Identity::generate());
    let recipient = identity.recipient();
    let secret = identity.0.to_string();
    let made = in_words(clock.now());
    let file = format!("# created: {made}\n# public key: {recipient}\n{}\n", secret.expose_secret());
    NewIdentity { file: Zeroizing::new(file), recipient }
}

/// Reads a file of identities that nobody but its owner may read or write: one `AGE-SECRET-KEY-1…` a line, empty
/// lines and comments left out.
///
/// # Errors
/// The file is missing, open to others, or holds none or something else; no error repeats a line.
pub fn read_identities(path: &Path) -> Result<Vec<Identity>, BackupError> {
    let unfit = |why: String| BackupError::Identity { path: path.to_owned(), why };
    let file = private_file::open(path).map_err(|why| match why {
        NotPrivate::Unreadable(error) => unfit(error.to_string()),
        NotPrivate::OpenToOthers => BackupError::Exposed(path.to_owned()),
    })?;
    let mut text = Zeroizing::new(String::new());
    file.take(MOST_OCTETS).read_to_string(&mut text).map_err(|error| unfit(error.to_string()))?;
    parse_identities(&text).map_err(unfit)
}

pub(crate) fn parse_identities(text: &str) -> Result<Vec<Identity>, String> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let identities = lines.map(|(number, line)| {
        let identity = age::x25519::Identity::from_str(line).map(Identity);
        identity.map_err(|_| format!("line {number} is no age X25519 identity (AGE-SECRET-KEY-1…)"))
    });
    let identities = identities.collect::<Result<Vec<_>, _>>()?;
    if identities.is_empty() { Err("it holds no identity".to_owned()) } else { Ok(identities) }
}
