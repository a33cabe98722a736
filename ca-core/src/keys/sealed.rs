//! Software keys at rest: sealed with AES-256-GCM under a key that argon2id derives from a passphrase.
//!
//! A sealed key is a TOML file that says which key it holds. All that it says is authenticated with the ciphertext:
//! a file in which any of it was altered does not open.

pub(crate) mod file;
pub(crate) mod passphrase;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use self::passphrase::{FORMAT, Randomness, Terms, as_base64};
use super::software::SoftwareKey;
use super::{KeyError, Signer};
use crate::algorithm::KeyAlgorithm;
use crate::clock::Entropy;

pub use self::passphrase::Cost;

const TITLE: &str = "# A private key of npki, sealed. Keep this file and its passphrase apart.\n";

/// A sealed key, as in its file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    format: u32,
    algorithm: KeyAlgorithm,
    #[serde(with = "as_base64")]
    public_key: Vec<u8>,
    #[serde(with = "as_base64")]
    salt: Vec<u8>,
    #[serde(with = "as_base64")]
    nonce: Vec<u8>,
    #[serde(with = "as_base64")]
    sealed: Vec<u8>,
    cost: Cost,
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl SealedKey {
    /// Seals a key under a passphrase, at the default [`Cost`].
    ///
    /// # Errors
    /// The passphrase is empty, or there is no randomness.
    pub fn seal(key: &SoftwareKey, passphrase: &[u8], entropy: &dyn Entropy) -> Result<Self, KeyError> {
        Self::seal_at_cost(key, passphrase, entropy, Cost::default())
    }

    /// Seals a key under a passphrase.
    ///
    /// # Errors
    /// As [`SealedKey::seal`]; or the cost is out of bounds.
    pub fn seal_at_cost(
        key: &SoftwareKey,
        passphrase: &[u8],
        entropy: &dyn Entropy,
        cost: Cost,
    ) -> Result<Self, KeyError> {
        let Randomness { salt, nonce } = Randomness::draw(entropy)?;
        let mut sealed = Self {
            format: FORMAT,
            algorithm: key.algorithm(),
            public_key: key.public_key_info().to_vec(),
            salt,
            nonce,
            sealed: Vec::new(),
            cost,
        };
        sealed.sealed = sealed.terms().seal(key.pkcs8(), passphrase)?;
        Ok(sealed)
    }

    /// Opens the key.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`] also when the file was altered: the two cannot be told apart.
    pub fn open(&self, passphrase: &[u8]) -> Result<SoftwareKey, KeyError> {
        SoftwareKey::from_pkcs8(&self.terms().open(&self.sealed, passphrase)?)
    }

    /// Writes a new file, mode 0600, durable when this returns. Never over an existing one.
    ///
    /// # Errors
    /// The file exists or cannot be written; then nothing is left of it.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        file::write_new(path, TITLE, self, &self.nonce)
    }

    /// Reads a file that nobody but its owner may read or write.
    ///
    /// # Errors
    /// The file is missing, open to others, or not a sealed key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        file::read(path)
    }

    /// The key's algorithm, as the file says. Proven only by [`SealedKey::open`].
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The key's DER SubjectPublicKeyInfo, as the file says. Proven only by [`SealedKey::open`].
    pub fn public_key_info(&self) -> &[u8] {
        &self.public_key
    }

    /// Everything but the ciphertext.
    fn terms(&self) -> Terms<'_> {
        let Self { format, algorithm, public_key, salt, nonce, sealed: _, cost } = self;
        let claims = [algorithm.name().as_bytes(), public_key.as_slice()];
        Terms { format: *format, cost: *cost, claims, salt, nonce }
    }
}

pub(crate) fn malformed(why: &str) -> KeyError {
    KeyError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
