//! Journals of the CA keys' uses: opened with the keys, and held against the ledger while the service runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SystemEntropy};
use ca_core::keys::Signer;
use ca_core::keys::journal::{
    self, Digest, JournalPlace, JournalReader, JournalledSigner, NodeName, SignatureJournal,
};
use ca_core::ledger::signatures::{
    FINDING, Reach, Reconciliation, SIGNATURE_UNEXPLAINED, Scope, SignatureFinding,
};
use ca_core::ledger::{Actor, Ledger, Position, Recorded};
use ca_core::storage::{Change, Store};

use super::ServiceError;
use crate::files::{Readers, replace};

/// How often journals and ledger are compared.
const TICK: Duration = Duration::from_secs(1);
/// How many batches of events one look reads at the most, so that it never holds up anything else.
const STEPS: usize = 20;
/// How many events a batch has.
const BATCH: usize = 1_000;
/// How often it is written down how far the comparison has come.
const REMEMBER: Duration = Duration::from_secs(60);

/// The folder of journals of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Journals {
    folder: PathBuf,
    node: NodeName,
    /// Those that are open in this process, each once.
    open: Arc<Mutex<BTreeMap<PathBuf, Weak<SignatureJournal>>>>,
}

impl Journals {
    /// The journals beside the keys.
    pub(crate) fn beside(keys: &Path, node: NodeName) -> Self {
        Self { folder: folder(keys), node, open: Arc::default() }
    }

    /// This node's journals. Those of others may lie here too, as copies that nobody continues.
    fn own(&self) -> Result<Vec<JournalReader>, ServiceError> {
        let mut journals = JournalReader::in_folder(&self.folder)?;
        journals.retain(|journal| journal.header().node == self.node);
        Ok(journals)
    }

    /// A CA's key whose every use is noted from now on. The ledger knows of the journal before its first entry.
    ///
    /// # Errors
    /// The journal cannot be opened, or the ledger cannot be written.
    pub(crate) fn note(
        &self,
        ca: &CaId,
        key: Arc<dyn Signer>,
        store: &dyn Store,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<dyn Signer>, ServiceError> {
        let place = JournalPlace {
            folder: self.folder.clone(),
            ca: ca.clone(),
            node: self.node.clone(),
            key: Digest::of(key.public_key_info()),
        };
        // Nothing panics while it is held.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let path = place.path();
        let journal = match open.get(&path).and_then(Weak::upgrade) {
            Some(journal) => journal,
            None => Arc::new(SignatureJournal::open(&place, Arc::clone(clock), &SystemEntropy)?),
        };
        open.insert(path, Arc::downgrade(&journal));
        let ledger = Ledger::new(Arc::clone(clock), Arc::new(SystemEntropy));
        journal::announce(&journal, store, &ledger, &Actor::system("signatures"))?;
        Ok(Arc::new(JournalledSigner::new(key, journal)?))
    }
}

/// Where the journals of keys in a folder are.
pub(crate) fn folder(keys: &Path) -> PathBuf {
    keys.join("signatures")
}

/// This machine's name, or `node` where it has none that fits.
pub(crate) fn host_name() -> NodeName {
    let said = ["/proc/sys/kernel/hostname", "/etc/hostname"].iter().find_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        NodeName::new(text.trim()).ok()
    });
    said.unwrap_or_else(NodeName::unnamed)
}

/// Compares this node's journals with the ledger while the service runs, a bounded piece at a time.
pub(crate) struct SignatureWatch {
    store: Arc<dyn Store>,
    ledger: Ledger,
    journals: Journals,
    comparison: Reconciliation,
    remembered: Option<Instant>,
}

impl SignatureWatch {
    /// Goes on where an earlier one has been, or begins anew.
    ///
    /// # Errors
    /// A journal cannot be read.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        journals: Journals,
    ) -> Result<Self, ServiceError> {
        let ledger = Ledger::new(clock, Arc::new(SystemEntropy));
        let scope = Scope::Node(journals.node.clone());
        let size = store.ledger_size()?;
        let at_hand = journals.own()?;
        let known = remembered(&journals.folder);
        // What it remembers must be of this ledger and these journals: a store that was restored is read anew.
        let comparison = match known.filter(|known| known.events() <= size && *known.scope() == scope) {
            Some(known) if known.still_fits(&at_hand)? => known,
            _ => Reconciliation::new(scope),
        };
        Ok(Self { store, ledger, journals, comparison, remembered: None })
    }

    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            if let Err(error) = self.look() {
                tracing::error!(%error, "signatures could not be compared with the ledger; it is tried again");
            }
        }
    }

    fn look(&mut self) -> Result<(), ServiceError> {
        let at_hand = self.journals.own()?;
        let before = self.comparison.events();
        let reach = advance(&mut self.comparison, self.store.as_ref(), &at_hand, STEPS)?;
        if reach == Reach::End {
            for finding in self.comparison.unreported() {
                self.report(&finding)?;
            }
        }
        if self.comparison.events() > before {
            self.remember()?;
        }
        Ok(())
    }

    /// Raises the alarm: in the log, and in the ledger, where it is read again and known as reported.
    fn report(&self, finding: &SignatureFinding) -> Result<(), ServiceError> {
        tracing::error!(kind = finding.kind(), "SIGNATURES AND LEDGER DISAGREE: {finding}");
        let event = self
            .ledger
            .event(&Actor::system("signatures"), SIGNATURE_UNEXPLAINED, finding.subject())?
            .with(FINDING, finding.name())
            .with("kind", finding.kind())
            .with("what", finding.to_string());
        self.store.commit(Change::new().explained_by(&event))?;
        Ok(())
    }

    fn remember(&mut self) -> Result<(), ServiceError> {
        if self.remembered.is_some_and(|last| last.elapsed() < REMEMBER) {
            return Ok(());
        }
        self.remembered = Some(Instant::now());
        let text =
            serde_json::to_vec(&self.comparison).map_err(|error| ServiceError::Refused(error.to_string()))?;
        Ok(replace(&memory(&self.journals.folder), &text, Readers::Owner)?)
    }
}

/// Compares for at most so many batches of events.
pub(crate) fn advance(
    comparison: &mut Reconciliation,
    store: &dyn Store,
    journals: &[JournalReader],
    steps: usize,
) -> Result<Reach, ServiceError> {
    let mut read = |from: Position| -> Result<Vec<Recorded>, ServiceError> {
        Ok(ca_core::ledger::read(store, from, BATCH)?)
    };
    for _ in 0..steps {
        if comparison.step(&mut read, journals)? == Reach::End {
            return Ok(Reach::End);
        }
    }
    Ok(Reach::More)
}

fn memory(folder: &Path) -> PathBuf {
    folder.join("compared.json")
}

/// What an earlier comparison left; nothing where that cannot be read: then all is read anew.
fn remembered(folder: &Path) -> Option<Reconciliation> {
    serde_json::from_slice(&std::fs::read(memory(folder)).ok()?).ok()
}
