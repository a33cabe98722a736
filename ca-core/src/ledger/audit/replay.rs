//! Events that came another way than through a store, such as an export: the tree is computed from them alone and
//! compared with signed heads.

use std::collections::BTreeMap;

use super::Finding;
use crate::ledger::Position;
use crate::ledger::tree::leaf;
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::growth::Growth;
use crate::tlog::hash::Hash;

/// A tree that grows by the events that are taken, and the heads that it should have.
#[derive(Debug)]
pub struct Replay {
    growth: Growth,
    heads: BTreeMap<u64, Vec<Hash>>,
    agreed: u64,
    contradicted: Option<u64>,
}

impl Replay {
    /// Compares with these heads.
    pub fn against(heads: &[VerifiedCheckpoint]) -> Self {
        let mut by_size: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
        for head in heads.iter().map(VerifiedCheckpoint::head) {
            by_size.entry(head.size).or_default().push(head.root);
        }
        let mut replay = Self { growth: Growth::new(), heads: by_size, agreed: 0, contradicted: None };
        replay.compare();
        replay
    }

    /// Takes the next event, as it is stored.
    pub fn take(&mut self, event: &[u8]) {
        self.growth.append(leaf(event));
        self.compare();
    }

    /// How many events were taken.
    pub const fn size(&self) -> u64 {
        self.growth.size()
    }

    /// Up to which size the events are those that were signed.
    pub const fn agreed(&self) -> u64 {
        self.agreed
    }

    /// What is wrong.
    pub fn findings(&self) -> Vec<Finding> {
        let rewritten = self
            .contradicted
            .map(|until| Finding::Rewritten { from: Position(self.agreed), until: Position(until) });
        let signed = self.heads.last_key_value().map_or(0, |(size, _)| *size);
        let truncated = (signed > self.size())
            .then(|| Finding::Truncated { from: Position(self.size()), until: Position(signed) });
        rewritten.into_iter().chain(truncated).collect()
    }

    fn compare(&mut self) {
        let size = self.growth.size();
        let Some(roots) = self.heads.get(&size) else { return };
        let root = self.growth.root();
        if roots.iter().all(|head| *head == root) {
            if self.contradicted.is_none() {
                self.agreed = size;
            }
        } else if self.contradicted.is_none() {
            self.contradicted = Some(size);
        }
    }
}
