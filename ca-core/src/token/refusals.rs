//! PINs that a token refused, remembered beyond the process: a service manager that starts a service over and over would
//! else present the same wrong PIN each time, and wear down the tries of the token that holds a country's keys.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Pin;
use crate::clock::Entropy;
use crate::durable::sync_folder_of;
use crate::keys::KeyError;
use crate::keys::sealed::passphrase::{Cost, FORMAT, Randomness, Terms, as_base64};

/// What a record claims to be, so that no sealed key is taken for one.
const KIND: &[u8] = b"npki refused PIN";

/// Who asks for a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// A program that may be started over and over by itself: what was refused before is not presented again.
    Service,
    /// A person, who sees what comes of it: the token's own counters alone decide.
    Person,
}

/// Where it is kept which PIN a token refused: one file beside that of the PIN, with one record for each token.
#[derive(Debug, Clone)]
pub struct Refusals {
    path: PathBuf,
    asking: Asking,
    entropy: Arc<dyn Entropy>,
    cost: Cost,
}

/// The file's content.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    refused: Vec<Record>,
}

/// One refused PIN. Nothing is sealed but the fact: whoever has the PIN can open it, and each guess costs an argon2id.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    token: String,
    cost: Cost,
    #[serde(with = "as_base64")]
    salt: Vec<u8>,
    #[serde(with = "as_base64")]
    nonce: Vec<u8>,
    #[serde(with = "as_base64")]
    seal: Vec<u8>,
}

impl Record {
    fn terms(&self) -> Terms<'_> {
        let claims = [KIND, self.token.as_bytes()];
        Terms { format: self.format, cost: self.cost, claims, salt: &self.salt, nonce: &self.nonce }
    }

    /// A record that cannot be read keeps nobody out: the token counts all the same.
    fn is_of(&self, token: &str, pin: &Pin) -> bool {
        self.token == token && self.terms().open(&self.seal, pin.reveal().as_bytes()).is_ok()
    }
}

impl Refusals {
    /// Those beside this PIN's file, for `asking`.
    pub fn beside(pin_file: &Path, asking: Asking, entropy: Arc<dyn Entropy>) -> Self {
        let mut name = pin_file.as_os_str().to_owned();
        name.push(".refused");
        Self { path: name.into(), asking, entropy, cost: Cost::default() }
    }

    /// The file that remembers.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this PIN must not be presented to the token, as it refused it before.
    pub(super) fn forbid(&self, token: &str, pin: &Pin) -> bool {
        self.asking == Asking::Service && self.kept().refused.iter().any(|record| record.is_of(token, pin))
    }

    /// The token refused this PIN. What cannot be written is told: the refusal itself matters more to the caller.
    pub(super) fn remember(&self, token: &str, pin: &Pin) {
        let mut kept = self.kept();
        kept.refused.retain(|record| record.token != token);
        let written = self.record(token, pin).map_err(io::Error::other).and_then(|record| {
            kept.refused.push(record);
            self.write(&kept)
        });
        if let Err(error) = written {
            let path = self.path.display();
            tracing::warn!(%path, %error, "it could not be kept that the token refused the PIN");
        }
    }

    /// The token took a PIN: what it refused before is past.
    pub(super) fn forget(&self, token: &str) {
        let mut kept = self.kept();
        let before = kept.refused.len();
        kept.refused.retain(|record| record.token != token);
        if kept.refused.len() == before {
            return;
        }
        let done = if kept.refused.is_empty() { fs::remove_file(&self.path) } else { self.write(&kept) };
        if let Err(error) = done {
            let path = self.path.display();
            tracing::warn!(%path, %error, "a PIN that the token takes again is still kept as refused");
        }
    }

    fn record(&self, token: &str, pin: &Pin) -> Result<Record, KeyError> {
        let Randomness { salt, nonce } = Randomness::draw(self.entropy.as_ref())?;
        let token = token.to_owned();
        let mut record = Record { format: FORMAT, token, cost: self.cost, salt, nonce, seal: Vec::new() };
        record.seal = record.terms().seal(b"", pin.reveal().as_bytes())?;
        Ok(record)
    }

    fn kept(&self) -> Kept {
        let text = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Kept::default(),
            text => text,
        };
        let read = text.and_then(|text| serde_json::from_slice(&text).map_err(io::Error::other));
        read.unwrap_or_else(|error| {
            let path = self.path.display();
            tracing::warn!(%path, %error, "which PINs a token refused cannot be read: none is known");
            Kept::default()
        })
    }

    fn write(&self, kept: &Kept) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut draft = self.path.as_os_str().to_owned();
        draft.push(".new");
        let draft = PathBuf::from(draft);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        sync_folder_of(&self.path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::clock::SystemEntropy;

    fn pin(text: &str) -> Pin {
        Pin::new(text.to_owned().into())
    }

    fn refusals(folder: &Path, asking: Asking) -> Refusals {
        let cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
        Refusals { cost, ..Refusals::beside(&folder.join("pin"), asking, Arc::new(SystemEntropy)) }
    }

    #[test]
    fn what_one_token_refused_is_known_to_the_next_process_until_it_takes_a_pin() {
        let folder = tempfile::tempdir().unwrap();
        let first = refusals(folder.path(), Asking::Service);
        assert!(!first.forbid("HSM", &pin("1234")));
        first.remember("HSM", &pin("1234"));
        first.remember("other", &pin("5678"));
        let mode = fs::metadata(first.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(first.path()).unwrap();
        assert!(!text.contains("1234") && !text.contains("5678"), "{text}");

        let next = refusals(folder.path(), Asking::Service);
        assert!(next.forbid("HSM", &pin("1234")) && next.forbid("other", &pin("5678")));
        assert!(!next.forbid("HSM", &pin("5678")) && !next.forbid("other", &pin("1234")));
        assert!(!next.forbid("HSM", &pin("12345")), "a PIN file that was changed is tried");
        assert!(!refusals(folder.path(), Asking::Person).forbid("HSM", &pin("1234")));
        next.remember("HSM", &pin("9999"));
        assert!(next.forbid("HSM", &pin("9999")) && next.forbid("other", &pin("5678")));

        next.forget("HSM");
        assert!(!next.forbid("HSM", &pin("9999")) && next.forbid("other", &pin("5678")));
        next.forget("other");
        assert!(!next.path().exists());
    }

    #[test]
    fn a_damaged_record_keeps_nobody_out_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let refusals = refusals(folder.path(), Asking::Service);
        for damaged in ["", "{", "{\"refused\":[{\"token\":\"HSM\"}]}"] {
            fs::write(refusals.path(), damaged).unwrap();
            assert!(!refusals.forbid("HSM", &pin("1234")));
        }
        refusals.remember("HSM", &pin("1234"));
        assert!(refusals.forbid("HSM", &pin("1234")));
        let moved = fs::read_to_string(refusals.path()).unwrap().replace("HSM", "other");
        fs::write(refusals.path(), moved).unwrap();
        assert!(!refusals.forbid("other", &pin("1234")), "a record is one token's");
    }
}
