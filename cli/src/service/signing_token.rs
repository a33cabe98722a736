//! A PKCS#11 token that holds CA keys: its settings, and what opens and makes keys there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::clock::SystemEntropy;
use ca_core::keys::token::{self, Expected, KeySeen, Modifiable, TokenSigner};
use ca_core::keys::{KeyError, Signer};
use ca_core::token::{KeyPlace, TokenError};
use serde::Deserialize;

use super::ServiceError;
use super::pin_file::PinFile;
use super::settings::{self, Settings};

/// Name of the systemd credential that is preferred over the PIN file.
const CREDENTIAL: &str = "npki-token-pin";

/// `[pkcs11]` in `npki.toml`, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LooseSigningToken {
    module: PathBuf,
    token: String,
    #[serde(default = "pin_file")]
    pin_file: PathBuf,
    #[serde(default)]
    modifiable_keys: Option<String>,
}

fn pin_file() -> PathBuf {
    "secrets/pin".into()
}

impl LooseSigningToken {
    /// Checks the section; relative paths start at `data`.
    pub(crate) fn check(self, data: &Path) -> Result<SigningToken, String> {
        let modifiable = match self.modifiable_keys.as_deref() {
            None | Some("refuse") => Modifiable::Refused,
            Some("accept") => Modifiable::Accepted,
            Some(other) => {
                return Err(format!(
                    "pkcs11.modifiable_keys is {other:?}: it must be \"refuse\" or \"accept\""
                ));
            }
        };
        Ok(SigningToken {
            module: self.module,
            token: self.token,
            pin: PinFile::at(data.join(self.pin_file)).or_credential(CREDENTIAL),
            modifiable,
        })
    }
}

/// A token that holds CA keys.
#[derive(Debug, Clone)]
pub(crate) struct SigningToken {
    /// The token maker's library.
    pub(crate) module: PathBuf,
    /// The token's label.
    pub(crate) token: String,
    /// Where its user PIN is.
    pub(crate) pin: PinFile,
    /// Whether keys are accepted whose attributes can be changed.
    pub(crate) modifiable: Modifiable,
}

impl SigningToken {
    /// The same, asked by a person who sees what comes of it.
    #[must_use]
    pub(crate) fn by_hand(self) -> Self {
        Self { pin: self.pin.by_hand(), ..self }
    }

    /// The token that an installation's settings name.
    ///
    /// # Errors
    /// They cannot be read, or name none.
    pub(crate) fn of_installation(data: &Path) -> Result<Self, ServiceError> {
        Settings::load(data)?.signing_token.ok_or_else(|| ServiceError::Settings {
            path: data.join(settings::FILE),
            why: "there is no section [pkcs11]: it says which token holds CA keys".to_owned(),
        })
    }

    /// Opens a CA's key as the service does: judged, proven, ready to sign.
    ///
    /// # Errors
    /// Library, token or PIN are not right; the key is not there, not fit, or another than expected.
    pub(crate) fn open_signer(
        &self,
        key: &str,
        expected: &Expected,
    ) -> Result<Arc<dyn Signer>, ServiceError> {
        let expected = Expected { modifiable: self.modifiable, ..*expected };
        Ok(Arc::new(TokenSigner::open(self.place(key), self.pin.read()?, &expected, &SystemEntropy)?))
    }

    /// Opens a CA's key that is there, or makes it: for founding, which may have been interrupted after the key was made.
    ///
    /// # Errors
    /// As [`SigningToken::open_signer`] and [`SigningToken::make_key`].
    pub(crate) fn open_or_make(
        &self,
        key: &str,
        expected: &Expected,
    ) -> Result<Arc<dyn Signer>, ServiceError> {
        let accepted = Expected { modifiable: self.modifiable, ..*expected };
        match TokenSigner::open(self.place(key), self.pin.read()?, &accepted, &SystemEntropy) {
            Ok(signer) => Ok(Arc::new(signer)),
            Err(KeyError::Token(TokenError::NoKey { .. })) => self.make_key(key, expected),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a CA's key, and opens it.
    ///
    /// # Errors
    /// A key of this label is there, or as [`SigningToken::open_signer`].
    pub(crate) fn make_key(&self, key: &str, expected: &Expected) -> Result<Arc<dyn Signer>, ServiceError> {
        Ok(Arc::new(token::make_key(self.place(key), self.pin.read()?, expected, &SystemEntropy)?))
    }

    /// The private keys in the token, with what is to be said against each.
    ///
    /// # Errors
    /// Library, token or PIN are not right.
    pub(crate) fn keys(&self) -> Result<Vec<KeySeen>, ServiceError> {
        Ok(token::signing_keys(&self.place(""), &self.pin.read()?, self.modifiable)?)
    }

    fn place(&self, key: &str) -> KeyPlace {
        KeyPlace { module: self.module.clone(), token: self.token.clone(), key: key.to_owned() }
    }
}
