//! What the tests have in place of a store and a log: a tree's tiles in memory, the widest of each place; a key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::keys::software::SoftwareKey;
use ca_core::tlog::checkpoint::{Checkpoint, Log, SignedCheckpoint};
use ca_core::tlog::growth::{Growth, WrittenTile};
use ca_core::tlog::hash::{Hash, leaf_hash};
use ca_core::tlog::note::NoteSigner;
use ca_core::tlog::tile::Tile;
use ca_core::tlog::tree::{Tiles, TreeHead, root};

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) tiles: BTreeMap<(u8, u64), Vec<Hash>>,
    read: AtomicUsize,
}

#[derive(Debug, thiserror::Error)]
#[error("no tile {0}")]
pub(crate) struct NoTile(Tile);

impl Tiles for Shelf {
    type Error = NoTile;

    fn read(&self, tile: Tile) -> Result<Vec<Hash>, NoTile> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.tiles.get(&(tile.level(), tile.index())).cloned().ok_or(NoTile(tile))
    }
}

impl Shelf {
    pub(crate) fn grown(leaves: &[Hash]) -> Self {
        let mut shelf = Self::default();
        shelf.grow(&TreeHead::empty(), leaves);
        shelf
    }

    pub(crate) fn grow(&mut self, from: &TreeHead, leaves: &[Hash]) -> TreeHead {
        let mut growth = Growth::of(&*self, from).unwrap();
        for leaf in leaves {
            growth.append(*leaf).into_iter().for_each(|written| self.keep(written));
        }
        let grown = growth.finish();
        grown.tiles.into_iter().for_each(|written| self.keep(written));
        grown.head
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        TreeHead { size, root: root(self, size).unwrap() }
    }

    pub(crate) fn reads(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    fn keep(&mut self, written: WrittenTile) {
        assert_eq!(written.hashes.len(), usize::from(written.tile.width().get()));
        self.tiles.insert((written.tile.level(), written.tile.index()), written.hashes);
    }
}

/// The entries whose hashes are [`leaves`].
pub(crate) fn entry(number: usize) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

pub(crate) fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&entry(number))).collect()
}

pub(crate) fn key() -> Arc<SoftwareKey> {
    Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap())
}

/// A log with its key, which signs whatever it is told to.
pub(crate) struct SigningLog {
    pub(crate) signer: NoteSigner,
    pub(crate) log: Log,
}

impl SigningLog {
    pub(crate) fn named(name: &str) -> Self {
        let signer = NoteSigner::new(name.parse().unwrap(), key()).unwrap();
        Self { log: Log::named_by(signer.verifier_key().clone()).unwrap(), signer }
    }

    pub(crate) fn sign(&self, head: TreeHead) -> SignedCheckpoint {
        Checkpoint::new(self.log.origin().clone(), head).unwrap().sign(&self.signer).unwrap()
    }
}
