//! Software keys at rest: sealed with AES-256-GCM under a key that argon2id derives from a passphrase.
//!
//! A sealed key is a TOML file that says which key it holds. All that it says is authenticated with the ciphertext:
//! a file in which any of it was altered does not open.

mod file;

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::software::SoftwareKey;
use super::{KeyError, Signer};
use crate::algorithm::KeyAlgorithm;
use crate::clock::Entropy;

/// The form of the file. Another number is refused.
const FORMAT: u32 = 1;

/// What one guess of a passphrase costs: argon2id's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes that can be worked on at the same time.
    pub lanes: u32,
}

impl Default for Cost {
    /// 64 MiB and 3 passes, as in the second recommended option of RFC 9106 section 4, but on one lane instead of four:
    /// an attacker has the cores to use more, this implementation does not use them.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

impl Cost {
    /// The most that a file may ask for: opening a damaged or hostile one must not exhaust the machine.
    const MOST: Self = Self { memory_kib: 1024 * 1024, passes: 64, lanes: 16 };

    fn parameters(self) -> Result<Params, KeyError> {
        let most = Self::MOST;
        if self.memory_kib > most.memory_kib || self.passes > most.passes || self.lanes > most.lanes {
            return Err(malformed("it asks for more work than any key of ours"));
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| malformed("its argon2id parameters cannot be used"))
    }
}

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
        if passphrase.is_empty() {
            return Err(KeyError::EmptyPassphrase);
        }
        // A new salt each time makes a new key each time, so a nonce is never used twice under one.
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        entropy.fill(&mut salt)?;
        entropy.fill(&mut nonce)?;
        let mut sealed = Self {
            format: FORMAT,
            algorithm: key.algorithm(),
            public_key: key.public_key_info().to_vec(),
            salt: salt.to_vec(),
            nonce: nonce.to_vec(),
            sealed: Vec::new(),
            cost,
        };
        sealed.sealed = sealed
            .cipher(passphrase)?
            .encrypt(&Nonce::from(nonce), Payload { msg: key.pkcs8(), aad: &sealed.header() })
            .map_err(|_| KeyError::Unusable("the key could not be sealed"))?;
        Ok(sealed)
    }

    /// Opens the key.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`] also when the file was altered: the two cannot be told apart.
    pub fn open(&self, passphrase: &[u8]) -> Result<SoftwareKey, KeyError> {
        if self.format != FORMAT {
            return Err(malformed("it was written by a version of npki that this one does not know"));
        }
        let nonce: [u8; 12] =
            self.nonce.as_slice().try_into().map_err(|_| malformed("its nonce has not 12 octets"))?;
        let pkcs8 = self
            .cipher(passphrase)?
            .decrypt(&Nonce::from(nonce), Payload { msg: &self.sealed, aad: &self.header() })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::WrongPassphrase)?;
        SoftwareKey::from_pkcs8(&pkcs8)
    }

    /// The key's algorithm, as the file says. Proven only by [`SealedKey::open`].
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The key's DER SubjectPublicKeyInfo, as the file says. Proven only by [`SealedKey::open`].
    pub fn public_key_info(&self) -> &[u8] {
        &self.public_key
    }

    /// Everything but the ciphertext, which is authenticated with it. Every part has its length in front, so that no
    /// two headers give the same octets.
    fn header(&self) -> Vec<u8> {
        // Destructured, so that a new field has to be thought of here.
        let Self { format, algorithm, public_key, salt, nonce, sealed: _, cost } = self;
        let Cost { memory_kib, passes, lanes } = cost;
        let numbers = [format, memory_kib, passes, lanes].map(|number| number.to_be_bytes());
        let parts = [algorithm.name().as_bytes(), public_key, salt, nonce];
        let mut header = numbers.concat();
        for part in parts {
            header.extend_from_slice(&(part.len() as u64).to_be_bytes());
            header.extend_from_slice(part);
        }
        header
    }

    fn cipher(&self, passphrase: &[u8]) -> Result<Aes256Gcm, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.cost.parameters()?)
            .hash_password_into(passphrase, &self.salt, key.as_mut_slice())
            .map_err(|_| malformed("its salt cannot be used"))?;
        Ok(Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)))
    }
}

fn malformed(why: &str) -> KeyError {
    KeyError::Malformed(why.to_owned())
}

mod as_base64 {
    use super::{BASE64, Engine};
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(octets))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
