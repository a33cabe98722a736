//! What was done to a ledger, from the places where events and the sealed leaves differ.

use std::collections::HashMap;

use super::Finding;
use crate::ledger::Position;
use crate::tlog::hash::Hash;

/// A place where the event is not the one that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) position: Position,
    /// The leaf of the event that is there; `None` when there is none.
    pub(super) event: Option<Hash>,
    /// The leaf that was sealed; `None` when the tree does not reach so far.
    pub(super) tile: Option<Hash>,
}

/// What was done, and how far the end lies off by it.
pub(super) struct Told {
    pub(super) findings: Vec<Finding>,
    /// Events taken out less events put in.
    pub(super) shift: i64,
}

/// Tells changed, removed, inserted and exchanged events apart, in a ledger that ends before `end`.
pub(super) fn classify(mismatches: &[Mismatch], end: Position) -> Told {
    let by_event: HashMap<Hash, Position> =
        mismatches.iter().filter_map(|found| Some((found.event?, found.position))).collect();
    let by_tile: HashMap<Hash, Position> =
        mismatches.iter().filter_map(|found| Some((found.tile?, found.position))).collect();
    let mut findings = Vec::new();
    // How far the events behind this place lie off: a removal pulls them forward, an insertion pushes them back.
    let mut shift = 0_i128;
    for found in mismatches {
        let here = i128::from(found.position.0);
        let sealed_at = found.event.and_then(|event| by_tile.get(&event)).map(|place| i128::from(place.0));
        let found_at = found.tile.and_then(|tile| by_event.get(&tile)).map(|place| i128::from(place.0));
        if sealed_at.is_some() && sealed_at == Some(here + shift) {
            continue;
        }
        match (sealed_at, found_at) {
            _ if found.position >= end && found.event.is_none() => {}
            _ if found.event.is_none() => findings.push(Finding::Removed(found.position)),
            // Never sealed, and not pushed back either: it is not judged yet.
            (None, _) if found.tile.is_none() => {}
            (Some(sealed), _) if sealed == here + shift + 1 => {
                findings.push(Finding::Removed(at(here + shift)));
                shift += 1;
            }
            (None, Some(elsewhere)) if elsewhere == here - shift + 1 => {
                findings.push(Finding::Inserted(found.position));
                shift -= 1;
            }
            (Some(sealed), Some(elsewhere)) if sealed == elsewhere => {
                if here < sealed {
                    findings.push(Finding::Reordered(found.position, at(sealed)));
                }
            }
            _ => findings.push(Finding::Changed(found.position)),
        }
    }
    Told { findings, shift: i64::try_from(shift).unwrap_or(0) }
}

fn at(place: i128) -> Position {
    Position(u64::try_from(place).unwrap_or(0))
}
