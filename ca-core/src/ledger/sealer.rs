//! The sequencer's second half: the store gave each event its place; the sealer extends the Merkle tree by what came
//! since, and signs the new head. Called at least once a second, by every node: of several, one wins and the others
//! find nothing left to do.
//!
//! What it writes is computed from the ledger alone, and so needs no event of its own.

use std::sync::Arc;

use super::heads::{self, LEDGER_COSIGNATURES, LEDGER_HEADS};
use super::tree::{LEDGER_TILES, StoredTiles, key, leaf};
use super::{Glimpse, Position, index, read};
use crate::storage::{Change, CommitError, Expect, StorageError, Store};
use crate::tlog::checkpoint::{Checkpoint, CheckpointError, Log, LogError, Origin, VerifiedCheckpoint};
use crate::tlog::growth::{Growth, WrittenTile};
use crate::tlog::note::{NoteSigner, SignError, VerifierKey};
use crate::tlog::tile::to_octets;
use crate::tlog::tree::{TreeError, TreeHead};

/// How many events one commit of the sealer covers at most: it bounds memory.
const BATCH: usize = 2_048;

/// Extends the tree and signs its heads.
#[derive(Debug)]
pub struct Sealer {
    store: Arc<dyn Store>,
    origin: Origin,
    signer: NoteSigner,
    log: Log,
}

impl Sealer {
    /// A sealer for the log of this name, signing with this key.
    ///
    /// # Errors
    /// The key cannot be a log's.
    pub fn new(store: Arc<dyn Store>, origin: Origin, signer: NoteSigner) -> Result<Self, LogError> {
        let log = Log::new(origin.clone(), vec![signer.verifier_key().clone()])?;
        Ok(Self { store, origin, signer, log })
    }

    /// The same sealer on another store: a restored one, or another node's view.
    #[must_use]
    pub fn on(&self, store: Arc<dyn Store>) -> Self {
        Self { store, origin: self.origin.clone(), signer: self.signer.clone(), log: self.log.clone() }
    }

    /// The log's public key.
    pub const fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    /// The log, as others verify it.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Covers all events that there are, in steps of bounded size. Gives the latest head; `None` while the ledger is
    /// empty.
    ///
    /// # Errors
    /// The store failed, or what it holds contradicts what was signed.
    pub fn seal(&self) -> Result<Option<VerifiedCheckpoint>, SealError> {
        loop {
            let (latest, expect) = heads::latest(self.store.as_ref(), LEDGER_HEADS, &self.log)?;
            let head = latest.as_ref().map_or_else(TreeHead::empty, |checkpoint| *checkpoint.head());
            let size = self.store.ledger_size()?;
            if size < head.size {
                return Err(SealError::Shorter { signed: head.size, found: size });
            }
            if size == head.size {
                return Ok(latest);
            }
            match self.extend(&head, expect) {
                // Another node was faster.
                Ok(()) | Err(SealError::Commit(CommitError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn extend(&self, head: &TreeHead, expect: Expect) -> Result<(), SealError> {
        let mut growth = Growth::of(&StoredTiles(self.store.as_ref()), head)?;
        let (mut change, mut named) = (Change::new(), index::Named::default());
        for recorded in read(self.store.as_ref(), Position(head.size), BATCH)? {
            if recorded.position.0 != growth.size() {
                return Err(SealError::Gap(Position(growth.size())));
            }
            named.note(recorded.position, &Glimpse::of(&recorded)?);
            change = growth.append(leaf(&recorded.octets)).into_iter().fold(change, put);
        }
        let grown = growth.finish();
        change = grown.tiles.into_iter().fold(change, put);
        let checkpoint = Checkpoint::new(self.origin.clone(), grown.head)?.sign(&self.signer)?.to_string();
        change = heads::enter(change, LEDGER_HEADS, &checkpoint, grown.head.size, expect);
        change = named.enter(change, Position(grown.head.size));
        self.store.commit(change.projected())?;
        Ok(())
    }

    /// Keeps a checkpoint that enough witnesses have cosigned, unless a larger one is kept already.
    ///
    /// # Errors
    /// The store failed.
    pub fn keep_cosigned(&self, checkpoint: &VerifiedCheckpoint) -> Result<(), SealError> {
        let (latest, expect) = heads::latest(self.store.as_ref(), LEDGER_COSIGNATURES, &self.log)?;
        if latest.is_some_and(|latest| latest.head().size > checkpoint.head().size) {
            return Ok(());
        }
        let (note, size) = (checkpoint.to_string(), checkpoint.head().size);
        let change = heads::enter(Change::new(), LEDGER_COSIGNATURES, &note, size, expect);
        match self.store.commit(change.projected()) {
            // Another node keeps one as new.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn put(change: Change, written: WrittenTile) -> Change {
    change.put(LEDGER_TILES, key(written.tile), to_octets(&written.hashes))
}

/// The ledger could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The ledger is shorter than the tree that was signed.
    #[error(
        "the ledger has {found} events, and {signed} were signed: it was cut off, or an old copy was put back"
    )]
    Shorter {
        /// As signed.
        signed: u64,
        /// As found.
        found: u64,
    },
    /// An event is missing.
    #[error("the ledger has no event at {0}, though it has later ones")]
    Gap(Position),
    /// The stored tree is not the one that was signed.
    #[error(transparent)]
    Tree(#[from] TreeError<StorageError>),
    /// The tree is too large for a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The log's key could not be used.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StorageError> for SealError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
