//! The offline CA's medium: its sealed key, the record of custody, and its own store with its own ledger, so that it
//! issues by the same code, and under the same rules, as an online CA.
//!
//! ```text
//! root.json                  what the root is (public)
//! custody.json               who holds a share (public)
//! keys/root.key              the root's key, sealed under the secret that the holders share; or it is in a token, whose
//!                            PIN they share
//! keys/vault.key             the store's master key, sealed under the same
//! store/                     what was issued and revoked, CRL numbers, the ledger
//! ceremonies/ID/             script.toml, journal.jsonl, outputs/, transcript.json
//! ```
//!
//! One medium is for one root.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::custody::{CustodyRecord, Secret};
use super::{CeremonyError, CeremonyId};
use crate::algorithm::KeyAlgorithm;
use crate::authority::{Addresses, Authority, AuthorityParts, CA_CERTIFICATES};
use crate::certificate::CaId;
use crate::clock::{Clock, Entropy, SetClock};
use crate::durable::sync_folder;
use crate::keys::Signer;
use crate::keys::sealed::SealedKey;
use crate::keys::software::SoftwareKey;
use crate::keys::token::{self, Expected, TokenSigner};
use crate::ledger::Ledger;
use crate::profile::ProfileSet;
use crate::profile_book::ProfileBook;
use crate::storage::Store;
use crate::storage::sled::SledStore;
use crate::token::{KeyPlace, Pin};
use crate::vault::master::{KeyRing, SealedMasterKey, SoftwareMasterKey};
use crate::vault::{Vault, VaultParts};

/// The most octets of a file that a ceremony reads.
const MOST_OCTETS: u64 = 16 * 1024 * 1024;

/// What the root on a medium is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootRecord {
    /// The root CA's name.
    pub ca: CaId,
    /// The hierarchy that it founds.
    pub hierarchy: String,
    /// Under which address its certificate and CRL are published.
    pub base_url: String,
    /// The ceremony in which it was, or is to be, founded.
    pub founded_by: CeremonyId,
    /// Where its key is, if it is in a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenKey>,
}

/// Where a root's key is in a PKCS#11 token. A token that is moved to another machine may have its library elsewhere: the
/// record is corrected by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenKey {
    /// The token maker's library.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The key's label.
    pub key: String,
    /// What kind of key it is.
    pub algorithm: KeyAlgorithm,
}

impl TokenKey {
    /// The place.
    pub fn place(&self) -> KeyPlace {
        KeyPlace { module: self.module.clone(), token: self.token.clone(), key: self.key.clone() }
    }

    /// Opens the key with the PIN that the holders share.
    pub(super) fn open(&self, secret: &Secret, entropy: &dyn Entropy) -> Result<TokenSigner, CeremonyError> {
        let expected = Expected::of(self.algorithm);
        Ok(TokenSigner::open(self.place(), pin_of(secret)?, &expected, entropy)?)
    }

    /// Makes the key in the token: it never leaves it.
    pub(super) fn make(&self, secret: &Secret, entropy: &dyn Entropy) -> Result<TokenSigner, CeremonyError> {
        let expected = Expected::of(self.algorithm);
        Ok(token::make_key(self.place(), pin_of(secret)?, &expected, entropy)?)
    }
}

/// The token's PIN that the holders share.
pub(super) fn pin_of(secret: &Secret) -> Result<Pin, CeremonyError> {
    secret.pin().ok_or_else(|| CeremonyError::unfit("what the holders share is no token's PIN"))
}

/// A medium, its clock and its randomness.
#[derive(Debug, Clone)]
pub struct Station {
    folder: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Station {
    /// The medium in `folder`.
    pub fn new(folder: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { folder: folder.to_owned(), clock, entropy }
    }

    /// The folder of a ceremony.
    pub fn ceremony(&self, id: &CeremonyId) -> PathBuf {
        self.ceremonies().join(id.as_str())
    }

    /// Where all ceremonies are.
    pub fn ceremonies(&self) -> PathBuf {
        self.folder.join("ceremonies")
    }

    /// The sealed key's file.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("keys/root.key")
    }

    /// The file of the store's sealed master key.
    pub fn vault_file(&self) -> PathBuf {
        self.folder.join("keys/vault.key")
    }

    /// The record of custody's file.
    pub fn custody_file(&self) -> PathBuf {
        self.folder.join("custody.json")
    }

    /// The root record's file.
    pub fn root_file(&self) -> PathBuf {
        self.folder.join("root.json")
    }

    /// Makes the folders, for this account only.
    pub(super) fn prepare(&self) -> Result<(), CeremonyError> {
        make_folder(&self.folder.join("keys"))
    }

    /// What the root is; `None` on a medium without one.
    ///
    /// # Errors
    /// The file cannot be read, or says something else.
    pub fn root(&self) -> Result<Option<RootRecord>, CeremonyError> {
        let Some(text) = read_if_there(&self.root_file())? else { return Ok(None) };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| CeremonyError::unfit(format!("{}: {error}", self.root_file().display())))
    }

    /// Who holds the shares; `None` before they were handed out.
    ///
    /// # Errors
    /// The file cannot be read, or says something else.
    pub fn custody(&self) -> Result<Option<CustodyRecord>, CeremonyError> {
        let text = read_if_there(&self.custody_file())?;
        Ok(text.map(|text| CustodyRecord::parse(&text)).transpose()?)
    }

    /// The medium's store. Held by one process at a time.
    ///
    /// # Errors
    /// Another process holds it, or it is damaged.
    pub fn store(&self) -> Result<Arc<dyn Store>, CeremonyError> {
        Ok(Arc::new(SledStore::open(self.folder.join("store"))?))
    }

    /// The root's certificate, DER; `None` before it was founded.
    ///
    /// # Errors
    /// The store failed.
    pub fn certificate(store: &dyn Store, ca: &CaId) -> Result<Option<Vec<u8>>, CeremonyError> {
        Ok(store.get(CA_CERTIFICATES, ca.as_str().as_bytes())?.map(|entry| entry.value))
    }

    /// Makes and seals the store's master key, unless it is there. Durable when this returns.
    pub(super) fn make_vault_key(&self, secret: &Secret) -> Result<(), CeremonyError> {
        if !self.vault_file().exists() {
            let master = SoftwareMasterKey::generate(Arc::clone(&self.entropy))?;
            SealedMasterKey::seal(&master, &secret.passphrase())?.write_new(&self.vault_file())?;
        }
        Ok(())
    }

    /// Seals the root's key. The file is new, and durable when this returns.
    pub(super) fn seal_key(&self, key: &SoftwareKey, secret: &Secret) -> Result<(), CeremonyError> {
        Ok(SealedKey::seal(key, &secret.passphrase(), self.entropy.as_ref())?.write_new(&self.key_file())?)
    }

    /// Whether the root's key was not destroyed. One in a token is asked for when the token is opened; the key of the
    /// medium's store is destroyed together with it.
    pub(super) fn holds_key(&self, root: &RootRecord) -> bool {
        match root.token {
            Some(_) => self.vault_file().exists(),
            None => self.key_file().exists(),
        }
    }

    /// Opens the root's key, wherever it is.
    ///
    /// # Errors
    /// The secret does not open it, it is not there, or its token is not.
    pub fn signer(&self, secret: &Secret) -> Result<Arc<dyn Signer>, CeremonyError> {
        match self.root()?.and_then(|root| root.token) {
            Some(token) => Ok(Arc::new(token.open(secret, self.entropy.as_ref())?)),
            None => Ok(Arc::new(SealedKey::read(&self.key_file())?.open(&secret.passphrase())?)),
        }
    }

    /// Opens the store's vault.
    pub(super) fn vault(&self, store: &Arc<dyn Store>, secret: &Secret) -> Result<Arc<Vault>, CeremonyError> {
        let sealed = SealedMasterKey::read(&self.vault_file())?;
        let master = sealed.open(&secret.passphrase(), Arc::clone(&self.entropy))?;
        Ok(Arc::new(Vault::new(VaultParts {
            store: Arc::clone(store),
            keys: KeyRing::of(Arc::new(master)),
            ledger: Ledger::new(Arc::clone(&self.clock), Arc::clone(&self.entropy)),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            cached_subjects: 0,
        })))
    }

    /// The root with its key at hand. Its clock stands still at `now`, so that what a script says to the second is so.
    pub(super) fn authority(
        &self,
        store: &Arc<dyn Store>,
        root: &RootRecord,
        secret: &Secret,
        now: time::OffsetDateTime,
    ) -> Result<Authority, CeremonyError> {
        let missing = || CeremonyError::unfit("the medium holds no root certificate");
        let certificate = Self::certificate(store.as_ref(), &root.ca)?.ok_or_else(missing)?;
        let signer = self.signer(secret)?;
        Ok(Authority::new(AuthorityParts {
            store: Arc::clone(store),
            clock: Arc::new(SetClock::at(now)),
            entropy: Arc::clone(&self.entropy),
            vault: self.vault(store, secret)?,
            signer,
            id: root.ca.clone(),
            certified_by: None,
            certificate,
            // What counts here is what the script says.
            profiles: Arc::new(ProfileBook::of(ProfileSet::default())),
            addresses: Addresses::under(&root.base_url, &root.ca),
        })?)
    }
}

/// Says which file a system error is about.
pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> CeremonyError {
    let path = path.to_owned();
    move |source| CeremonyError::File { path, source }
}

/// Makes a folder and those above it, for this account only.
pub(super) fn make_folder(path: &Path) -> Result<(), CeremonyError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))
}

/// Reads a file within bounds.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CeremonyError> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(at(path))?;
    file.take(MOST_OCTETS + 1).read_to_end(&mut content).map_err(at(path))?;
    if content.len() as u64 > MOST_OCTETS {
        return Err(CeremonyError::unfit(format!("{} is too large", path.display())));
    }
    Ok(content)
}

/// Reads a file; `None` when there is none.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, CeremonyError> {
    match read(path) {
        Ok(content) => Ok(Some(content)),
        Err(CeremonyError::File { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file whole or not at all, durable when this returns. Where it is there with the same content, nothing is to
/// be done; with another, it is not touched.
pub(super) fn write_once(path: &Path, content: &[u8]) -> Result<(), CeremonyError> {
    if let Some(there) = read_if_there(path)? {
        return if there == content { Ok(()) } else { Err(CeremonyError::Taken(path.to_owned())) };
    }
    write_over(path, content)
}

/// Writes a file in the place of what is there: a power cut leaves the old or the new one.
pub(super) fn write_over(path: &Path, content: &[u8]) -> Result<(), CeremonyError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let draft = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft).map_err(at(&draft))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(at(&draft))?;
    fs::rename(&draft, path).map_err(at(path))?;
    sync_folder_of(path)
}

/// Makes the names in a file's folder durable.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), CeremonyError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_folder(folder).map_err(at(folder))
}
