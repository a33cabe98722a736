//! The master keys of the vault, as operators see them. Where they are kept, and how one is made, the registry does not
//! know.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ca_core::ledger::Actor;
use ca_core::vault::VaultError;
use ca_core::vault::master::MasterKeyId;

use crate::fault::{Fault, by_fault};
use crate::permission::{Permit, RotateMasterKey};
use crate::registry::Registry;

/// Where the master keys stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyState {
    /// The key that wraps.
    pub current: MasterKeyId,
    /// How many subjects' keys each master key wraps. While a rotation runs, as it was when it began.
    pub in_use: BTreeMap<MasterKeyId, u64>,
    /// How many keys the rotation that runs, or ran last, has re-wrapped; 0 when there was none since the start.
    pub rewrapped: u64,
    /// How many keys other master keys than the current one still wrap.
    pub left: u64,
    /// What the rotation is doing.
    pub progress: Progress,
}

/// What a rotation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing.
    Idle,
    /// It re-wraps.
    Running,
    /// It ended early; the operator's log tells why. It is taken up again at the next start or the next rotation.
    Failed,
}

impl Progress {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

/// A rotation did not begin.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// One runs already.
    #[error("a rotation runs already; {left} keys are left")]
    Running {
        /// How many keys it has to re-wrap yet.
        left: u64,
    },
    /// The next master key is made elsewhere, and none was named.
    #[error(
        "the current master key wraps everything already, and the next one is made in the token, not here"
    )]
    NothingToDo,
    /// The next master key could not be made or kept. For the operator's log.
    #[error("the next master key could not be made: {0}")]
    NoKey(String),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(RotationError: VaultError);

/// Whoever keeps the master keys.
pub trait MasterKeys: Send + Sync + Debug {
    /// Makes the next master key durable and current, and begins to re-wrap; goes on after this returns.
    ///
    /// # Errors
    /// See [`RotationError`].
    fn rotate(&self, actor: &Actor) -> Result<(), RotationError>;

    /// Where they stand. Reads every subject's key, unless a rotation runs.
    ///
    /// # Errors
    /// The store failed.
    fn state(&self) -> Result<MasterKeyState, Fault>;
}

impl Registry {
    /// Begins a rotation of the master key and tells how it stands then.
    ///
    /// # Errors
    /// See [`RotationError`].
    pub fn rotate_master_key(
        &self,
        permit: &Permit<RotateMasterKey>,
    ) -> Result<MasterKeyState, RotationError> {
        self.parts.master_keys.rotate(&permit.actor())?;
        Ok(self.parts.master_keys.state()?)
    }

    /// Where the master keys stand.
    ///
    /// # Errors
    /// The store failed.
    pub fn master_keys(&self, _permit: &Permit<RotateMasterKey>) -> Result<MasterKeyState, Fault> {
        self.parts.master_keys.state()
    }
}
