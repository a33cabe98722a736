//! Keeps the ledger sealed while the service runs: the Merkle tree grows, its head is signed, witnesses cosign it, and
//! the newest head lies beside the store, where a restore looks for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use ca_core::ledger::heads::{self, LEDGER_COSIGNATURES, LEDGER_HEADS};
use ca_core::ledger::sealer::{SealError, Sealer};
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::VerifiedCheckpoint;
use ca_core::tlog::note::{NoteSigner, VerifierKey};
use ocsp_responder::ledger::PublishedHead;

use super::ServiceError;
use super::key_folder::KeyFolder;
use super::settings::Settings;
use crate::files::Readers;

mod beside;
mod cosigning;
mod remembered;
mod settings;
mod witnesses;

pub(super) use beside::open_signed;
pub(crate) use remembered::remembered;
pub(crate) use settings::{LedgerSettings, LooseLedger};

use cosigning::Cosigning;

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

/// The key that an installation says its ledger is signed with.
pub(super) fn log_key(certificates: &Path) -> Result<VerifierKey, ServiceError> {
    let path = certificates.join(LOG_KEY_FILE);
    let text = std::fs::read_to_string(&path).map_err(super::files::at(&path))?;
    text.trim().parse().map_err(|error| ServiceError::Refused(format!("{}: {error}", path.display())))
}

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
    head: PublishedHead,
    /// Where witnesses are asked for.
    cosigning: Option<Cosigning>,
    file: PathBuf,
    /// The size of the head in the file.
    written: u64,
}

impl LedgerKeeper {
    pub(super) fn new(
        store: Arc<dyn Store>,
        sealer: Arc<Sealer>,
        settings: &Settings,
    ) -> Result<Self, ServiceError> {
        let (head, cosigning) = match settings.ledger.policy.quorum() {
            0 => (PublishedHead::Signed, None),
            _ => {
                let cosigning = Cosigning::new(Arc::clone(&store), Arc::clone(&sealer), &settings.ledger)?;
                (PublishedHead::Cosigned, Some(cosigning))
            }
        };
        let written = beside::compared(store.as_ref(), settings)?;
        Ok(Self { store, sealer, head, cosigning, file: settings.checkpoint_file.clone(), written })
    }

    /// Which head is shown to everybody.
    pub(super) const fn published_head(&self) -> PublishedHead {
        self.head
    }

    /// Works until `stop` says so or is dropped; seals a last time then.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        let (heads, to_cosign) = mpsc::channel();
        let cosigning = self.cosigning.take();
        let asking = cosigning.map(|cosigning| std::thread::spawn(move || cosigning.run(&to_cosign)));
        self.seal_and_tell(&heads);
        let mut ticks = 0;
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            ticks += 1;
            self.seal_and_tell(&heads);
            if ticks % TICKS_PER_FILE == 0 {
                self.write_and_tell();
            }
        }
        self.seal_and_tell(&heads);
        drop(heads);
        // The witnesses see the last head too, within their patience.
        if let Some(asking) = asking {
            let _ = asking.join();
        }
        self.write_and_tell();
    }

    /// Seals what there is and shows the new head to the witnesses.
    fn seal_and_tell(&self, heads: &Sender<VerifiedCheckpoint>) {
        match self.sealer.seal() {
            Ok(Some(head)) => {
                // Nobody listens where no witnesses are asked for.
                let _ = heads.send(head);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the ledger is not sealed; it is tried again"),
        }
    }

    fn write_and_tell(&mut self) {
        if let Err(error) = self.write() {
            tracing::error!(%error, "the head beside the store is not written; it is tried again");
        }
    }

    /// Writes the newest head that is published beside the store.
    fn write(&mut self) -> Result<(), ServiceError> {
        let table = match self.head {
            PublishedHead::Signed => LEDGER_HEADS,
            PublishedHead::Cosigned => LEDGER_COSIGNATURES,
        };
        let newest = heads::latest(self.store.as_ref(), table, self.sealer.log())?.0;
        if let Some(newest) = newest.filter(|newest| newest.head().size > self.written) {
            crate::files::replace(&self.file, newest.to_string().as_bytes(), Readers::Anyone)?;
            self.written = newest.head().size;
        }
        Ok(())
    }
}

impl From<SealError> for ServiceError {
    fn from(error: SealError) -> Self {
        Self::Refused(error.to_string())
    }
}
