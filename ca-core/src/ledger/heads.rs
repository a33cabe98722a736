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

/// How often signed history was given up: a number in decimal, under `epoch`.
const EPOCH: &[u8] = b"epoch";

/// The epoch of a store's ledger: 0, until a restore gave up history that had been cosigned.
///
/// # Errors
/// The store failed.
pub fn epoch(store: &dyn Store) -> Result<u64, StorageError> {
    let Some(entry) = store.get(LEDGER_HEADS, EPOCH)? else { return Ok(0) };
    let text = std::str::from_utf8(&entry.value).ok().and_then(|text| text.parse().ok());
    text.ok_or_else(|| StorageError("the ledger's epoch cannot be read".to_owned()))
}

/// What a store needs that is restored without history that had been cosigned: the next epoch, in which the tree is
/// computed and signed anew. To be committed together with the event that says who accepted the loss.
///
/// # Errors
/// The store failed.
pub fn next_epoch(store: &dyn Store) -> Result<Change, StorageError> {
    let next = epoch(store)? + 1;
    let change = Change::new().put(LEDGER_HEADS, EPOCH, next.to_string().into_bytes());
    Ok([LEDGER_HEADS, LEDGER_COSIGNATURES]
        .into_iter()
        .fold(change, |change, table| change.write(table, LATEST, Expect::Anything, Operation::Delete)))
}
