//! How anything secret is sealed under a passphrase: AES-256-GCM under a key that argon2id derives. Whatever a sealed
//! file claims about its secret is authenticated with it.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::malformed;
use crate::clock::Entropy;
use crate::keys::KeyError;

/// The form of the file. Another number is refused.
pub(crate) const FORMAT: u32 = 1;

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

/// What a seal is made of besides passphrase and ciphertext. All of it is authenticated with the ciphertext.
pub(crate) struct Terms<'a> {
    /// [`FORMAT`].
    pub(crate) format: u32,
    /// The work of one guess.
    pub(crate) cost: Cost,
    /// What the file says of its secret: its kind first, so that no kind is taken for another.
    pub(crate) claims: [&'a [u8]; 2],
    /// 16 octets, as written by [`Randomness::draw`].
    pub(crate) salt: &'a [u8],
    /// 12 octets.
    pub(crate) nonce: &'a [u8],
}

/// Salt and nonce of a new seal.
pub(crate) struct Randomness {
    pub(crate) salt: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
}

impl Randomness {
    /// A new salt each time makes a new key each time, so a nonce is never used twice under one.
    pub(crate) fn draw(entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let (mut salt, mut nonce) = (vec![0; 16], vec![0; 12]);
        entropy.fill(&mut salt)?;
        entropy.fill(&mut nonce)?;
        Ok(Self { salt, nonce })
    }
}

impl Terms<'_> {
    /// Seals `secret` on these terms.
    ///
    /// # Errors
    /// The passphrase is empty, or the terms are out of bounds.
    pub(crate) fn seal(&self, secret: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, KeyError> {
        if passphrase.is_empty() {
            return Err(KeyError::EmptyPassphrase);
        }
        self.cipher(passphrase)?
            .encrypt(&self.nonce()?, Payload { msg: secret, aad: &self.header() })
            .map_err(|_| KeyError::Unusable("the key could not be sealed"))
    }

    /// Opens what was sealed on exactly these terms.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`] also when anything was altered: the two cannot be told apart.
    pub(crate) fn open(&self, sealed: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if self.format != FORMAT {
            return Err(malformed("it was written by a version of npki that this one does not know"));
        }
        let nonce = self.nonce()?;
        self.cipher(passphrase)?
            .decrypt(&nonce, Payload { msg: sealed, aad: &self.header() })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::WrongPassphrase)
    }

    /// The octets authenticated. Every part has its length in front, so that no two headers give the same octets.
    pub(super) fn header(&self) -> Vec<u8> {
        // Destructured, so that a new field has to be thought of here.
        let Self { format, cost: Cost { memory_kib, passes, lanes }, claims: [kind, name], salt, nonce } =
            self;
        let numbers = [format, memory_kib, passes, lanes].map(|number| number.to_be_bytes());
        let mut header = numbers.concat();
        for part in [kind, name, salt, nonce] {
            header.extend_from_slice(&(part.len() as u64).to_be_bytes());
            header.extend_from_slice(part);
        }
        header
    }

    fn nonce(&self) -> Result<Nonce<aes_gcm::aead::consts::U12>, KeyError> {
        let nonce: [u8; 12] = self.nonce.try_into().map_err(|_| malformed("its nonce has not 12 octets"))?;
        Ok(Nonce::from(nonce))
    }

    fn cipher(&self, passphrase: &[u8]) -> Result<Aes256Gcm, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.cost.parameters()?)
            .hash_password_into(passphrase, self.salt, key.as_mut_slice())
            .map_err(|_| malformed("its salt cannot be used"))?;
        Ok(Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)))
    }
}

/// Octets in a sealed file.
pub(crate) mod as_base64 {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
