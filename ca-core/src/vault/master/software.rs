//! A master key in this process's memory, sealed at rest as signing keys are.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{MasterKey, MasterKeyId};
use crate::clock::{Entropy, EntropyError};
use crate::keys::KeyError;
use crate::keys::sealed::passphrase::{Cost, FORMAT, Randomness, Terms, as_base64};
use crate::keys::sealed::{file, malformed};
use crate::vault::VaultError;
use crate::vault::octets::{self, RawKey};

/// What a sealed file says that it holds. Authenticated, so that no signing key's file passes for a master key's.
const KIND: &[u8] = b"AES-256 master key";

const TITLE: &str = "# A master key of npki, sealed. Without it nobody can read any personal data again: keep copies.\n\
     # Keep this file and its passphrase apart.\n";

/// A master key in this process's memory, wiped when it is dropped.
#[derive(Clone)]
pub struct SoftwareMasterKey {
    id: MasterKeyId,
    key: RawKey,
    entropy: Arc<dyn Entropy>,
}

impl SoftwareMasterKey {
    /// Makes a new key with a new name. `entropy` also gives the nonces of what it wraps.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate(entropy: Arc<dyn Entropy>) -> Result<Self, EntropyError> {
        let key = octets::draw_key(entropy.as_ref())?;
        let mut name = [0; 8];
        entropy.fill(&mut name)?;
        let id = MasterKeyId(format!("software:{}", hex::encode(name)));
        Ok(Self { id, key, entropy })
    }
}

impl fmt::Debug for SoftwareMasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareMasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl MasterKey for SoftwareMasterKey {
    fn id(&self) -> &MasterKeyId {
        &self.id
    }

    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = octets::draw_nonce(self.entropy.as_ref())?;
        octets::encrypt(&self.key, nonce, context, key).ok_or(VaultError::TooLong)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        octets::decrypt(&self.key, context, wrapped)
            .and_then(|key| key.as_slice().try_into().ok().map(Zeroizing::new))
            .ok_or_else(|| VaultError::NotWrapped(self.id.clone()))
    }
}

/// A master key under a passphrase, as in its file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedMasterKey {
    format: u32,
    id: MasterKeyId,
    #[serde(with = "as_base64")]
    salt: Vec<u8>,
    #[serde(with = "as_base64")]
    nonce: Vec<u8>,
    #[serde(with = "as_base64")]
    sealed: Vec<u8>,
    cost: Cost,
}

impl fmt::Debug for SealedMasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedMasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SealedMasterKey {
    /// Seals a key under a passphrase, at the default [`Cost`].
    ///
    /// # Errors
    /// The passphrase is empty, or there is no randomness.
    pub fn seal(key: &SoftwareMasterKey, passphrase: &[u8]) -> Result<Self, KeyError> {
        Self::seal_at_cost(key, passphrase, Cost::default())
    }

    /// Seals a key under a passphrase.
    ///
    /// # Errors
    /// As [`SealedMasterKey::seal`]; or the cost is out of bounds.
    pub fn seal_at_cost(key: &SoftwareMasterKey, passphrase: &[u8], cost: Cost) -> Result<Self, KeyError> {
        let Randomness { salt, nonce } = Randomness::draw(key.entropy.as_ref())?;
        let mut sealed = Self { format: FORMAT, id: key.id.clone(), salt, nonce, sealed: Vec::new(), cost };
        sealed.sealed = sealed.terms().seal(key.key.as_slice(), passphrase)?;
        Ok(sealed)
    }

    /// Opens the key. `entropy` gives the nonces of what it will wrap.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`] also when the file was altered: the two cannot be told apart.
    pub fn open(&self, passphrase: &[u8], entropy: Arc<dyn Entropy>) -> Result<SoftwareMasterKey, KeyError> {
        let opened = self.terms().open(&self.sealed, passphrase)?;
        let key = opened.as_slice().try_into().map_err(|_| malformed("a master key has 32 octets"))?;
        Ok(SoftwareMasterKey { id: self.id.clone(), key: Zeroizing::new(key), entropy })
    }

    /// The key's name, as the file says. Proven only by [`SealedMasterKey::open`].
    pub const fn id(&self) -> &MasterKeyId {
        &self.id
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
    /// The file is missing, open to others, or not a sealed master key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        file::read(path)
    }

    /// Everything but the ciphertext.
    fn terms(&self) -> Terms<'_> {
        let Self { format, id, salt, nonce, sealed: _, cost } = self;
        Terms { format: *format, cost: *cost, claims: [KIND, id.0.as_bytes()], salt, nonce }
    }
}

#[cfg(test)]
mod tests;
