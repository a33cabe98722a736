//! The folder of sealed keys, and the passphrase that opens them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::clock::SystemEntropy;
use ca_core::keys::sealed::SealedKey;
use ca_core::keys::software::SoftwareKey;
use ca_core::vault::master::{SealedMasterKey, SoftwareMasterKey};
use zeroize::Zeroizing;

use super::settings::Settings;
use super::{ServiceError, files};
use crate::files::Readers;
use crate::secret;

/// Name of the systemd credential that is preferred over the passphrase file.
const CREDENTIAL: &str = "npki-passphrase";

/// Opens sealed keys. Never printed.
#[derive(Clone)]
pub(crate) struct Passphrase(Zeroizing<String>);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Passphrase(…)")
    }
}

impl Passphrase {
    /// Takes the systemd credential when there is one, else the settings' file.
    pub(crate) fn find(settings: &Settings) -> Result<Self, ServiceError> {
        Self::find_at(&settings.passphrase_file)
    }

    /// Takes the systemd credential when there is one, else this file.
    pub(crate) fn find_at(file: &Path) -> Result<Self, ServiceError> {
        Self::read(&secret::credential_or(CREDENTIAL, file))
    }

    /// Reads a passphrase file: its first line.
    pub(crate) fn read(path: &Path) -> Result<Self, ServiceError> {
        let line = secret::first_line(path).map_err(|unfit| ServiceError::NoPassphrase(unfit.to_string()))?;
        if line.len() < 16 {
            let why = format!("{} holds fewer than 16 characters", path.display());
            return Err(ServiceError::NoPassphrase(why));
        }
        Ok(Self(line))
    }

    /// Draws a new one of 256 bits.
    fn draw() -> Result<Self, ServiceError> {
        use base64::Engine;
        use ca_core::clock::Entropy;
        let mut octets = Zeroizing::new([0; 32]);
        SystemEntropy.fill(octets.as_mut_slice())?;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets.as_slice());
        Ok(Self(Zeroizing::new(text)))
    }

    /// The one in a file that is kept elsewhere, or without such a file a new one, kept here.
    pub(crate) fn given_or_drawn(elsewhere: Option<&Path>, here: &Path) -> Result<Self, ServiceError> {
        if let Some(path) = elsewhere {
            return Self::read(path);
        }
        let passphrase = Self::draw()?;
        passphrase.write(here)?;
        Ok(passphrase)
    }

    /// Writes it to a file that only its owner reads.
    fn write(&self, path: &Path) -> Result<(), ServiceError> {
        Ok(crate::files::create(path, self.0.as_bytes(), Readers::Owner)?)
    }
}

/// A folder of sealed keys and what opens them.
#[derive(Debug, Clone)]
pub(crate) struct KeyFolder {
    folder: PathBuf,
    passphrase: Passphrase,
}

impl KeyFolder {
    pub(crate) fn new(folder: PathBuf, passphrase: Passphrase) -> Self {
        Self { folder, passphrase }
    }

    /// Whether there is a key of this name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Opens a key.
    pub(crate) fn open(&self, name: &str) -> Result<SoftwareKey, ServiceError> {
        Ok(SealedKey::read(&self.path(name))?.open(self.passphrase.0.as_bytes())?)
    }

    /// Stores a new key; never over another.
    pub(crate) fn create(&self, name: &str, key: &SoftwareKey) -> Result<(), ServiceError> {
        Ok(self.seal(key)?.write_new(&self.path(name))?)
    }

    /// Stores a key in the place of the one before.
    pub(crate) fn replace(&self, name: &str, key: &SoftwareKey) -> Result<(), ServiceError> {
        let path = self.path(name);
        let draft = path.with_extension("new");
        files::if_there(&draft, std::fs::remove_file(&draft))?;
        self.seal(key)?.write_new(&draft)?;
        std::fs::rename(&draft, &path).map_err(files::at(&path))?;
        files::sync_folder(&self.folder)
    }

    /// Removes a key that is used no more, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), ServiceError> {
        let path = self.path(name);
        files::if_there(&path, std::fs::remove_file(&path)).map(|_| ())
    }

    /// The master keys of personal data, each opened, in the order of their numbers: the last is the newest.
    pub(crate) fn master_keys(&self) -> Result<Vec<SoftwareMasterKey>, ServiceError> {
        let open = |number: u32| {
            let sealed = SealedMasterKey::read(&self.path(&master_key_name(number)))?;
            Ok(sealed.open(self.passphrase.0.as_bytes(), Arc::new(SystemEntropy))?)
        };
        self.master_key_numbers()?.into_iter().map(open).collect()
    }

    /// Makes the next master key and stores it, durable when this returns.
    pub(crate) fn create_master_key(&self) -> Result<SoftwareMasterKey, ServiceError> {
        let number = self.master_key_numbers()?.last().map_or(1, |last| last + 1);
        let key = SoftwareMasterKey::generate(Arc::new(SystemEntropy))?;
        let sealed = SealedMasterKey::seal(&key, self.passphrase.0.as_bytes())?;
        sealed.write_new(&self.path(&master_key_name(number)))?;
        Ok(key)
    }

    fn master_key_numbers(&self) -> Result<Vec<u32>, ServiceError> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(files::at(&self.folder))? {
            let name = entry.map_err(files::at(&self.folder))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("master-")?.strip_suffix(".key"));
            numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn seal(&self, key: &SoftwareKey) -> Result<SealedKey, ServiceError> {
        Ok(SealedKey::seal(key, self.passphrase.0.as_bytes(), &SystemEntropy)?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }
}

fn master_key_name(number: u32) -> String {
    format!("master-{number}")
}
