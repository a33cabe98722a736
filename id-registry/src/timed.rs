//! Lists in the order of time, as an index keeps them: `list/time/id`, empty values.

use std::fmt::Display;
use std::str::FromStr;

use ca_core::storage::{Change, Expect, KeyRange, Operation, StorageError, Table};
use time::OffsetDateTime;

/// The key of what came to be at this moment; without an identifier, of the first that could.
pub(crate) fn key(list: &str, at: OffsetDateTime, id: impl Display) -> String {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or(0);
    format!("{list}{seconds:016x}/{id}")
}

/// A list, or what comes after a key of it.
pub(crate) fn range(list: &str, after: Option<String>) -> KeyRange {
    let range = KeyRange::prefix(list.as_bytes());
    match after {
        Some(key) => range.after(key.as_bytes()),
        None => range,
    }
}

/// What an entry of an index names.
pub(crate) fn named<T: FromStr>(index: Table, key: &[u8]) -> Result<T, StorageError> {
    let id = key.rsplit(|byte| *byte == b'/').next().and_then(|id| std::str::from_utf8(id).ok());
    id.and_then(|id| id.parse().ok())
        .ok_or_else(|| StorageError(format!("an entry of {} is damaged", index.name())))
}

/// Moves an entry from one list to another.
pub(crate) fn moved(change: Change, index: Table, from: String, to: String) -> Change {
    change.write(index, from, Expect::Anything, Operation::Delete).put(index, to, [])
}
