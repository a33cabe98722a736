//! The signed heads of the tree, as they are kept: the latest checkpoint, the latest that witnesses cosigned, and all
//! that ever were, so that a place where history was rewritten can be told between two of them.

use super::Position;
use crate::storage::{Change, Expect, KeyRange, Operation, StorageError, Store, Table};
use crate::tlog::checkpoint::{Log, SignedCheckpoint, VerifiedCheckpoint};

/// Checkpoints: `latest`, and `at/` with the tree's size (8 octets, big-endian) → the signed note.
pub const LEDGER_HEADS: Table = Table::octets("ledger_heads");
/// Checkpoints that enough witnesses have cosigned, in the same form.
pub const LEDGER_COSIGNATURES: Table = Table::octets("ledger_cosignatures");

const LATEST: &[u8] = b"latest";
const AT: &[u8] = b"at/";

/// The latest checkpoint in `table`, and what a newer one must find there.
///
/// # Errors
/// The store failed, or what it holds is not signed by the log.
pub fn latest(
    store: &dyn Store,
    table: Table,
    log: &Log,
) -> Result<(Option<VerifiedCheckpoint>, Expect), StorageError> {
    let Some(entry) = store.get(table, LATEST)? else { return Ok((None, Expect::Absent)) };
    Ok((Some(verified(&entry.value, log)?), Expect::Version(entry.version)))
}

/// The latest checkpoint in `table` as stored, unverified: for whoever serves it to those who verify it.
///
/// # Errors
/// The store failed.
pub fn latest_note(store: &dyn Store, table: Table) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(store.get(table, LATEST)?.map(|entry| entry.value))
}

/// At most `limit` checkpoints in `table` of trees of `from` leaves and more, the smallest first, as stored.
///
/// # Errors
/// The store failed.
pub fn notes(
    store: &dyn Store,
    table: Table,
    from: Position,
    limit: usize,
) -> Result<Vec<Vec<u8>>, StorageError> {
    let range = KeyRange { from: Some(at(from.0)), ..KeyRange::prefix(AT) };
    Ok(store.scan(table, &range, limit)?.into_iter().map(|(_, entry)| entry.value).collect())
}

/// Adds `checkpoint` to a change as the latest of `table`.
pub(super) fn enter(change: Change, table: Table, checkpoint: &str, size: u64, expect: Expect) -> Change {
    change.write(table, LATEST, expect, Operation::Put(checkpoint.as_bytes().to_vec())).put(
        table,
        at(size),
        checkpoint.as_bytes(),
    )
}

fn at(size: u64) -> Vec<u8> {
    [AT, &size.to_be_bytes()].concat()
}

fn verified(note: &[u8], log: &Log) -> Result<VerifiedCheckpoint, StorageError> {
    let signed = SignedCheckpoint::parse(note).and_then(|signed| signed.verify(log));
    signed.map_err(|error| {
        StorageError(format!("the ledger's stored checkpoint is not to be trusted: {error}"))
    })
}
