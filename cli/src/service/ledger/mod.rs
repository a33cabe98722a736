//! Keeps the ledger sealed while the service runs: the Merkle tree grows, its head is signed, witnesses cosign it, and
//! the newest head lies beside the store, where a restore looks for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ca_core::ledger::heads::{self, LEDGER_COSIGNATURES};
use ca_core::ledger::sealer::{SealError, Sealer};
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::VerifiedCheckpoint;
use ca_core::tlog::note::NoteSigner;
use ocsp_responder::ledger::PublishedHead;

use super::ServiceError;
use super::key_folder::KeyFolder;
use crate::files::Readers;

mod remembered;
mod settings;
mod witnesses;

pub(crate) use remembered::{Remembered, remembered};
pub(crate) use settings::{LedgerSettings, LooseLedger};

use witnesses::Witnesses;

/// The ledger's key in the key folder.
pub(super) const KEY: &str = "ledger";
/// The ledger's public key, among the certificates.
pub(super) const LOG_KEY_FILE: &str = "ledger.vkey";
/// The newest head, beside the store: cosigned where witnesses are asked for.
pub(crate) const CHECKPOINT_FILE: &str = "checkpoint";

/// How often the ledger is sealed: an event is in the signed tree within a second.
const TICK: Duration = Duration::from_millis(500);
/// How often the head beside the store is written anew at most, in ticks.
const TICKS_PER_FILE: u32 = 10;

/// The sealer of an installation.
pub(super) fn sealer(
    store: &Arc<dyn Store>,
    settings: &LedgerSettings,
    keys: &KeyFolder,
) -> Result<Sealer, ServiceError> {
    let epoch = heads::epoch(store.as_ref())?;
    let origin = settings.origin(epoch).map_err(ServiceError::Refused)?;
    let signer = NoteSigner::new(settings.name.clone(), Arc::new(keys.open(KEY)?))
        .map_err(|error| ServiceError::Refused(format!("the ledger's key: {error}")))?;
    Sealer::new(Arc::clone(store), origin, signer)
        .map_err(|error| ServiceError::Refused(format!("the ledger: {error}")))
}

/// Keeps the ledger sealed.
#[derive(Debug)]
pub(super) struct LedgerKeeper {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    witnesses: Witnesses,
    file: PathBuf,
    /// The size of the last head that enough witnesses cosigned.
    cosigned: u64,
    written: u64,
}

impl LedgerKeeper {
    pub(super) fn new(
        store: Arc<dyn Store>,
        sealer: Arc<Sealer>,
        settings: &LedgerSettings,
        file: PathBuf,
    ) -> Result<Self, ServiceError> {
        let witnesses = Witnesses::new(&settings.witnesses, settings.policy.clone())?;
        Ok(Self { store, sealer, witnesses, file, cosigned: 0, written: 0 })
    }

    /// Which head is shown to everybody.
    pub(super) fn published_head(&self) -> PublishedHead {
        if self.witnesses.policy().quorum() == 0 { PublishedHead::Signed } else { PublishedHead::Cosigned }
    }

    /// Works until `stop` says so or is dropped; seals a last time then.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        let mut ticks = 0;
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            ticks += 1;
            self.seal_and_tell(ticks % TICKS_PER_FILE == 0);
        }
        self.seal_and_tell(true);
    }

    fn seal_and_tell(&mut self, write: bool) {
        if let Err(error) = self.seal(write) {
            tracing::error!(%error, "the ledger is not sealed; it is tried again");
        }
    }

    /// Seals what there is and asks the witnesses.
    pub(super) fn seal(&mut self, write: bool) -> Result<(), ServiceError> {
        let Some(signed) = self.sealer.seal()? else { return Ok(()) };
        let newest = match self.published_head() {
            PublishedHead::Signed => Some(signed),
            PublishedHead::Cosigned => self.cosign(&signed)?,
        };
        match newest {
            Some(newest) if write && newest.head().size > self.written => {
                crate::files::replace(&self.file, newest.to_string().as_bytes(), Readers::Anyone)?;
                self.written = newest.head().size;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn cosign(&mut self, signed: &VerifiedCheckpoint) -> Result<Option<VerifiedCheckpoint>, ServiceError> {
        if signed.head().size > self.cosigned
            && let Some(cosigned) = self.witnesses.cosign(self.store.as_ref(), signed)
        {
            self.sealer.keep_cosigned(&cosigned)?;
            self.cosigned = cosigned.head().size;
        }
        Ok(heads::latest(self.store.as_ref(), LEDGER_COSIGNATURES, self.sealer.log())?.0)
    }
}

impl From<SealError> for ServiceError {
    fn from(error: SealError) -> Self {
        Self::Refused(error.to_string())
    }
}
