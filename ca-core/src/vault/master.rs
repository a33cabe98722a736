//! Master keys: they wrap the keys of subjects and encrypt nothing else.

mod pkcs11;
mod software;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::VaultError;

pub use pkcs11::Pkcs11MasterKey;
pub use software::{SealedMasterKey, SoftwareMasterKey};

/// Which master key wrapped a subject's key. Never names two keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MasterKeyId(pub String);

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Wraps and unwraps subject keys with AES-256-GCM.
///
/// One master key wraps at most 2^32 times (NIST SP 800-38D section 8.3): a new subject and a rotation each wrap once.
pub trait MasterKey: Send + Sync + Debug {
    /// Which key this is.
    fn id(&self) -> &MasterKeyId;

    /// Wraps `key`, bound to `context`.
    ///
    /// # Errors
    /// No randomness, or the key could not be used.
    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, VaultError>;

    /// Unwraps what [`MasterKey::wrap`] made with the same context.
    ///
    /// # Errors
    /// [`VaultError::NotWrapped`]: another key or context made it, or it was altered. Or the key could not be used.
    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError>;
}

/// The master keys of a vault: one wraps, the others only unwrap what it has not re-wrapped yet.
///
/// Where several nodes share a store, each must know the new key as a retired one before any of them makes it the
/// current one; otherwise the others cannot open what that one writes.
#[derive(Debug, Clone)]
pub struct KeyRing {
    pub(super) current: Arc<dyn MasterKey>,
    retired: BTreeMap<MasterKeyId, Arc<dyn MasterKey>>,
}

impl KeyRing {
    /// A ring of one key.
    pub fn of(current: Arc<dyn MasterKey>) -> Self {
        Self { current, retired: BTreeMap::new() }
    }

    /// Adds a key that only unwraps.
    ///
    /// # Errors
    /// A key of this name is in the ring already.
    pub fn and_retired(mut self, key: Arc<dyn MasterKey>) -> Result<Self, VaultError> {
        let id = key.id().clone();
        if id == *self.current.id() || self.retired.contains_key(&id) {
            return Err(VaultError::TwoKeysOfOneName(id));
        }
        self.retired.insert(id, key);
        Ok(self)
    }

    /// The same keys with another that wraps from now on: a new one, or one that was retired so far. The one before only
    /// unwraps.
    #[must_use]
    pub fn succeeded_by(&self, next: Arc<dyn MasterKey>) -> Self {
        let mut retired = self.retired.clone();
        retired.insert(self.current.id().clone(), Arc::clone(&self.current));
        retired.remove(next.id());
        Self { current: next, retired }
    }

    /// Whether there is none but the current key, so that nothing can be wrapped by another.
    pub fn is_single(&self) -> bool {
        self.retired.is_empty()
    }

    /// The key that wraps.
    pub fn current(&self) -> &dyn MasterKey {
        self.current.as_ref()
    }

    /// The key of this name.
    ///
    /// # Errors
    /// It is not in the ring.
    pub fn named(&self, id: &MasterKeyId) -> Result<&dyn MasterKey, VaultError> {
        if id == self.current.id() {
            return Ok(self.current());
        }
        self.retired.get(id).map(AsRef::as_ref).ok_or_else(|| VaultError::UnknownMasterKey(id.clone()))
    }
}
