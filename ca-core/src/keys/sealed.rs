//! Software keys at rest: sealed with AES-256-GCM under a key that argon2id derives from a passphrase.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::software::SoftwareKey;
use super::{KeyError, Signer};
use crate::clock::Entropy;

/// The form of the file. Another number is refused.
const FORMAT: u32 = 1;
/// argon2id's cost (RFC 9106 section 4, second recommended option): 64 MiB, 3 passes, 1 lane.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
/// The most memory a file may ask for, in KiB: a damaged or hostile file must not exhaust the machine.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
/// The most passes a file may ask for.
const MOST_PASSES: u32 = 64;

/// A sealed key, as in its file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    format: u32,
    algorithm: String,
    /// DER SubjectPublicKeyInfo, base64: tells which key this is without opening it.
    public_key: String,
    cost: Cost,
    salt: String,
    nonce: String,
    sealed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl SealedKey {
    /// Seals a key under a passphrase.
    ///
    /// # Errors
    /// No randomness, or the cost could not be paid.
    pub fn seal(key: &SoftwareKey, passphrase: &[u8], entropy: &dyn Entropy) -> Result<Self, KeyError> {
        Self::seal_at_cost(key, passphrase, entropy, COST)
    }

    fn seal_at_cost(
        key: &SoftwareKey,
        passphrase: &[u8],
        entropy: &dyn Entropy,
        cost: Cost,
    ) -> Result<Self, KeyError> {
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        let drawn = entropy.fill(&mut salt).and_then(|()| entropy.fill(&mut nonce));
        drawn.map_err(|_| KeyError::Unusable("no randomness"))?;
        let mut sealed = Self {
            format: FORMAT,
            algorithm: key.algorithm().name().to_owned(),
            public_key: BASE64.encode(key.public_key_info()),
            cost,
            salt: BASE64.encode(salt),
            nonce: BASE64.encode(nonce),
            sealed: String::new(),
        };
        let cipher = sealed.cipher(passphrase)?;
        let header = sealed.header();
        let ciphertext = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: key.pkcs8(), aad: &header })
            .map_err(|_| KeyError::Unusable("the key could not be sealed"))?;
        sealed.sealed = BASE64.encode(ciphertext);
        Ok(sealed)
    }

    /// Opens the key.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`] also when the file was tampered with: the two cannot be told apart.
    pub fn open(&self, passphrase: &[u8]) -> Result<SoftwareKey, KeyError> {
        if self.format != FORMAT {
            return Err(KeyError::Malformed(format!("format {} is not known", self.format)));
        }
        let cipher = self.cipher(passphrase)?;
        let nonce: [u8; 12] = decode(&self.nonce)?
            .try_into()
            .map_err(|_| KeyError::Malformed("the nonce has not 12 octets".to_owned()))?;
        let ciphertext = decode(&self.sealed)?;
        let pkcs8 = cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: &ciphertext, aad: &self.header() })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::WrongPassphrase)?;
        SoftwareKey::from_pkcs8(&pkcs8)
    }

    /// Everything but the ciphertext: authenticated with it, so that no part can be exchanged.
    fn header(&self) -> Vec<u8> {
        let cost = format!("{}/{}/{}", self.cost.memory_kib, self.cost.passes, self.cost.lanes);
        [&self.format.to_string(), &self.algorithm, &self.public_key, &cost, &self.salt, &self.nonce]
            .map(String::as_str)
            .join("\n")
            .into_bytes()
    }

    fn cipher(&self, passphrase: &[u8]) -> Result<Aes256Gcm, KeyError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        if memory_kib > MOST_MEMORY_KIB || passes > MOST_PASSES {
            return Err(KeyError::Malformed("it asks for more work than any key of ours".to_owned()));
        }
        let unfit = |_| KeyError::Malformed("its argon2id parameters cannot be used".to_owned());
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(unfit)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, &decode(&self.salt)?, key.as_mut_slice())
            .map_err(unfit)?;
        Ok(Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)))
    }

    /// Writes a new file, mode 0600, durable when this returns. Never over an existing one.
    ///
    /// # Errors
    /// The file exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let text = toml::to_string(self).map_err(|error| KeyError::Malformed(error.to_string()))?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        folder.sync_all().map_err(failed)
    }

    /// Reads a file that nobody but its owner may read.
    ///
    /// # Errors
    /// The file is missing, open to others, or not a sealed key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(path.to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        toml::from_str(&text)
            .map_err(|error| KeyError::Malformed(format!("{}: {}", path.display(), error.message())))
    }
}

fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    BASE64.decode(text).map_err(|error| KeyError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::algorithm::KeyAlgorithm;
    use crate::clock::SystemEntropy;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    fn sealed() -> (SoftwareKey, SealedKey) {
        let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
        let sealed = SealedKey::seal_at_cost(&key, b"correct horse", &SystemEntropy, CHEAP).unwrap();
        (key, sealed)
    }

    #[test]
    fn the_right_passphrase_opens_and_no_other() {
        let (key, sealed) = sealed();
        assert_eq!(sealed.open(b"correct horse").unwrap().public_key_info(), key.public_key_info());
        assert!(matches!(sealed.open(b"battery staple"), Err(KeyError::WrongPassphrase)));
    }

    #[test]
    fn no_part_of_the_file_can_be_exchanged() {
        let (_, sealed) = sealed();
        let (_, other) = self::sealed();
        let exchanged: [fn(&mut SealedKey, &SealedKey); 6] = [
            |key, _| key.algorithm = "p256".to_owned(),
            |key, other| key.public_key.clone_from(&other.public_key),
            |key, other| key.salt.clone_from(&other.salt),
            |key, other| key.nonce.clone_from(&other.nonce),
            |key, other| key.sealed.clone_from(&other.sealed),
            |key, _| key.cost.passes = 2,
        ];
        for exchange in exchanged {
            let mut tampered = sealed.clone();
            exchange(&mut tampered, &other);
            assert!(matches!(tampered.open(b"correct horse"), Err(KeyError::WrongPassphrase)));
        }
        let absurd = SealedKey { cost: Cost { memory_kib: u32::MAX, ..CHEAP }, ..sealed };
        assert!(matches!(absurd.open(b"correct horse"), Err(KeyError::Malformed(_))));
    }

    #[test]
    fn the_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let (key, sealed) = sealed();
        sealed.write_new(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(sealed.write_new(&path), Err(KeyError::File { .. })));
        let opened = SealedKey::read(&path).unwrap().open(b"correct horse").unwrap();
        assert_eq!(opened.public_key_info(), key.public_key_info());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(SealedKey::read(&path), Err(KeyError::Exposed(_))));
    }
}
