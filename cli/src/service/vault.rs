//! The vault of an installation: its master keys from the folder of keys and the token, the newest in front.

use std::path::Path;
use std::sync::Arc;

use ca_core::clock::{Clock, SystemEntropy};
use ca_core::ledger::Ledger;
use ca_core::storage::Store;
use ca_core::token::KeyPlace;
use ca_core::vault::master::{KeyRing, MasterKey, Pkcs11MasterKey};
use ca_core::vault::{Vault, VaultParts};

use super::ServiceError;
use super::key_folder::KeyFolder;
use super::settings::{self, MasterKeyKind, MasterKeyToken, Settings, VaultSettings};

/// Opens the vault over a store.
pub(super) fn open(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    settings: &VaultSettings,
    keys: &KeyFolder,
) -> Result<Arc<Vault>, ServiceError> {
    Ok(Arc::new(Vault::new(VaultParts {
        store: Arc::clone(store),
        keys: key_ring(settings, keys)?,
        ledger: Ledger::new(Arc::clone(clock), Arc::new(SystemEntropy)),
        clock: Arc::clone(clock),
        entropy: Arc::new(SystemEntropy),
        cached_subjects: settings.cached_subjects,
    })))
}

/// All master keys at hand: an installation that moves from one kind to the other knows both.
fn key_ring(settings: &VaultSettings, keys: &KeyFolder) -> Result<KeyRing, ServiceError> {
    let mut software: Vec<Arc<dyn MasterKey>> = Vec::new();
    for key in keys.master_keys()? {
        software.push(Arc::new(key));
    }
    let mut token = settings.token.as_ref().map_or_else(|| Ok(Vec::new()), in_token)?;
    let current = match settings.current {
        MasterKeyKind::Software => software.pop(),
        MasterKeyKind::Token => token.pop(),
    };
    let current = current.ok_or_else(|| {
        ServiceError::Refused(
            "the folder of keys holds no master key, so no personal data can be read".to_owned(),
        )
    })?;
    let retired = software.into_iter().chain(token);
    Ok(retired.into_iter().try_fold(KeyRing::of(current), KeyRing::and_retired)?)
}

/// Makes the master key that the settings name in a token. Gives its identifier.
///
/// # Errors
/// The settings name no token, the key is there already, or the token refuses.
pub(crate) fn make_master_key(data: &Path) -> Result<String, ServiceError> {
    let settings = Settings::load(data)?;
    let token = settings.vault.token.as_ref().ok_or_else(|| ServiceError::Settings {
        path: data.join(settings::FILE),
        why: "there is no section [vault.pkcs11]: it says in which token the key is to be".to_owned(),
    })?;
    let place = KeyPlace { module: token.module.clone(), token: token.token.clone(), key: token.key.clone() };
    Ok(Pkcs11MasterKey::generate(place, token.pin.read()?, Arc::new(SystemEntropy))?.id().to_string())
}

/// The token's master keys, the one that wraps last.
fn in_token(token: &MasterKeyToken) -> Result<Vec<Arc<dyn MasterKey>>, ServiceError> {
    let pin = token.pin.read()?;
    let open = |key: &String| {
        let place = KeyPlace { module: token.module.clone(), token: token.token.clone(), key: key.clone() };
        let key = Pkcs11MasterKey::open(place, pin.clone(), Arc::new(SystemEntropy))?;
        Ok(Arc::new(key) as Arc<dyn MasterKey>)
    };
    token.retired.iter().chain([&token.key]).map(open).collect()
}
