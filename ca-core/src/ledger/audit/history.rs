//! Events against signed heads: the whole tree is computed anew from the events, and compared at every size for which
//! there is a head with a good signature.

use std::collections::BTreeMap;

use super::classify::{Mismatch, classify};
use super::{Audit, AuditError, Finding, Progress, Report};
use crate::ledger::heads::{LEDGER_COSIGNATURES, LEDGER_HEADS, notes};
use crate::ledger::tree::{StoredTiles, leaf};
use crate::ledger::{Position, each};
use crate::storage::Store;
use crate::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::growth::Growth;
use crate::tlog::hash::Hash;
use crate::tlog::tile::{Tile, Width};
use crate::tlog::tree::{Tiles, TreeHead};

/// How many events are read between two reports of progress.
const STEP: u64 = 1_024;
/// How many heads are read at a time.
const BATCH: usize = 1_024;

pub(super) fn audit(
    audit: &Audit<'_>,
    store: &dyn Store,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), AuditError> {
    let heads = signed_heads(audit, store, report)?;
    let mut walk = Walk::new(store, report, heads);
    walk.compare_heads();
    let size = walk.report.events;
    each(store, size, &mut |recorded| {
        walk.missing_until(recorded.position);
        walk.take(Some(leaf(&recorded.octets)));
        let read = recorded.position.0 + 1;
        if read == size || read % STEP == 0 {
            progress(Progress::Events(read, size));
        }
    })?;
    walk.missing_until(Position(size));
    walk.tiles_beyond();
    walk.finish();
    Ok(())
}

/// The roots that the log signed, by size. Of two heads of one size with different roots, both count against it.
fn signed_heads(
    audit: &Audit<'_>,
    store: &dyn Store,
    report: &mut Report,
) -> Result<BTreeMap<u64, Vec<Hash>>, AuditError> {
    let mut heads: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
    let mut enter = |head: &TreeHead| {
        let roots = heads.entry(head.size).or_default();
        if !roots.contains(&head.root) {
            roots.push(head.root);
        }
    };
    for checkpoint in audit.known {
        enter(checkpoint.head());
        report.sealed = report.sealed.max(checkpoint.head().size);
    }
    for table in [LEDGER_HEADS, LEDGER_COSIGNATURES] {
        let mut from = Position(0);
        loop {
            let page = notes(store, table, from, BATCH)?;
            let full = page.len() == BATCH;
            for note in page {
                match verified(&note, audit) {
                    Ok(checkpoint) => {
                        from = from.max(Position(checkpoint.head().size.saturating_add(1)));
                        enter(checkpoint.head());
                        report.sealed = report.sealed.max(checkpoint.head().size);
                        if audit.policy.quorum() > 0 && audit.policy.verify(&checkpoint).is_ok() {
                            report.cosigned = report.cosigned.max(checkpoint.head().size);
                        }
                    }
                    Err(why) => {
                        from = Position(from.0.saturating_add(1));
                        report.add(Finding::Checkpoint(why));
                    }
                }
            }
            if !full {
                break;
            }
        }
    }
    Ok(heads)
}

fn verified(note: &[u8], audit: &Audit<'_>) -> Result<VerifiedCheckpoint, String> {
    let signed = SignedCheckpoint::parse(note).map_err(|error| error.to_string())?;
    let log = audit.logs.iter().find(|log| log.origin() == signed.claimed_origin()).or(audit.logs.first());
    let log = log.ok_or("no log is trusted")?;
    signed.verify(log).map_err(|error| error.to_string())
}

/// The way through the events: two trees grow side by side, one from the events, one from the stored level-0 tiles.
struct Walk<'a> {
    tiles: StoredTiles<'a>,
    report: &'a mut Report,
    heads: BTreeMap<u64, Vec<Hash>>,
    /// From the events; where one is missing, from the tile.
    events: Growth,
    /// From the tiles.
    stored: Growth,
    /// The hashes of the current tile, and its index.
    tile: (Option<u64>, Vec<Hash>),
    /// The last size at which events and a head agree.
    agreed: u64,
    /// The first head that events contradict.
    contradicted: Option<u64>,
    /// The size up to which the tiles are those that were signed.
    tiles_good_until: u64,
    mismatches: Vec<Mismatch>,
}

impl<'a> Walk<'a> {
    fn new(store: &'a dyn Store, report: &'a mut Report, heads: BTreeMap<u64, Vec<Hash>>) -> Self {
        Self {
            tiles: StoredTiles(store),
            report,
            heads,
            events: Growth::new(),
            stored: Growth::new(),
            tile: (None, Vec::new()),
            agreed: 0,
            contradicted: None,
            tiles_good_until: 0,
            mismatches: Vec::new(),
        }
    }

    fn missing_until(&mut self, position: Position) {
        while self.events.size() < position.0 {
            self.take(None);
        }
    }

    /// Takes the next place: the event's leaf, or none where there is no event.
    fn take(&mut self, event: Option<Hash>) {
        let position = Position(self.events.size());
        let tile = self.tile_hash(position);
        // What was not sealed yet may be what an insertion pushed back.
        let pushed_back = tile.is_none() && !self.mismatches.is_empty();
        if event.is_none() || (tile.is_some() && tile != event) || pushed_back {
            // More than are told would not be told apart either.
            if self.mismatches.len() < 2 * Report::MOST {
                self.mismatches.push(Mismatch { position, event, tile });
            } else {
                self.report.more = true;
            }
        }
        let nothing = crate::tlog::hash::empty_root();
        self.events.append(event.or(tile).unwrap_or(nothing));
        self.stored.append(tile.or(event).unwrap_or(nothing));
        self.compare_heads();
    }

    /// Where the ledger is shorter than the tree that was signed, the rest of the tiles: whether they can be believed
    /// shows at a head beyond.
    fn tiles_beyond(&mut self) {
        let signed = self.heads.last_key_value().map_or(0, |(size, _)| *size);
        while self.stored.size() < signed {
            let Some(tile) = self.tile_hash(Position(self.stored.size())) else { return };
            if !self.mismatches.is_empty() && self.mismatches.len() < 2 * Report::MOST {
                let position = Position(self.stored.size());
                self.mismatches.push(Mismatch { position, event: None, tile: Some(tile) });
            }
            self.stored.append(tile);
            let root = self.stored.root();
            if self.heads.get(&self.stored.size()).is_some_and(|roots| roots.contains(&root)) {
                self.tiles_good_until = self.stored.size();
            }
        }
    }

    fn tile_hash(&mut self, position: Position) -> Option<Hash> {
        let (index, offset) = (position.0 / 256, usize::try_from(position.0 % 256).ok()?);
        if self.tile.0 != Some(index) {
            // The widest that is kept: narrower ones are its beginning.
            let width = Width::new(1)?;
            let hashes = Tile::new(0, index, width).and_then(|tile| self.tiles.read(tile).ok());
            self.tile = (Some(index), hashes.unwrap_or_default());
        }
        self.tile.1.get(offset).copied()
    }

    fn compare_heads(&mut self) {
        let size = self.events.size();
        let Some(roots) = self.heads.get(&size) else { return };
        let (by_events, by_tiles) = (self.events.root(), self.stored.root());
        for root in roots {
            if *root == by_tiles {
                self.tiles_good_until = size;
            }
            if *root == by_events {
                self.agreed = size;
                self.report.heads += 1;
            } else {
                self.contradicted = self.contradicted.or(Some(size));
            }
        }
    }

    fn finish(self) {
        let Self { report, heads, mismatches, contradicted, tiles_good_until, agreed, .. } = self;
        let end = Position(report.events);
        let (proven, unproven): (Vec<_>, Vec<_>) =
            mismatches.into_iter().partition(|found| found.position.0 < tiles_good_until);
        let placed = !proven.is_empty();
        let unsealed = unproven.iter().filter(|found| found.tile.is_none() && placed);
        let told = classify(&proven.iter().chain(unsealed).copied().collect::<Vec<_>>(), end);
        told.findings.into_iter().for_each(|finding| report.add(finding));
        for found in unproven.into_iter().filter(|found| found.tile.is_some() || !placed) {
            match found.event {
                None if found.position < end => report.add(Finding::Removed(found.position)),
                None => {}
                // The events agree with a signed head: then it is the tile that is wrong.
                Some(_) if found.position.0 < agreed => report.add(Finding::Tile(found.position)),
                Some(_) => {}
            }
        }
        if let Some(until) = contradicted.filter(|_| !placed) {
            let from = heads.range(..until).map(|(size, _)| *size).filter(|size| *size <= agreed).max();
            let from = Position(from.unwrap_or(0));
            report.add(Finding::Rewritten { from, until: Position(until) });
        }
        // Where events were taken out of the middle, the end is where it was.
        let end = Position(end.0.saturating_add_signed(told.shift));
        if let Some((&signed, _)) = heads.last_key_value().filter(|(size, _)| **size > end.0) {
            report.add(Finding::Truncated { from: end, until: Position(signed) });
        }
    }
}
