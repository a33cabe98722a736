//! How tables, versions and large values lie in one sled tree.
//!
//! - `t` table `0x00` key → entry: version (8 octets, big-endian), kind (1 octet), then the value, or for a large one
//!   its length (8 octets).
//! - `p` version part → a part of the large value written under that version. sled must not hold values beyond 16 kB.
//! - `w` → the highest version ever given out, so that none is used twice, also after a deletion.

use std::ops::Bound;

use super::Bounds;
use crate::storage::{KeyRange, Table, Version};

/// The longest value that lies whole in its entry, and the length of a large one's parts, in octets.
pub(super) const PART: usize = 8 * 1024;

/// Where the highest version ever given out is kept.
pub(super) const WRITTEN: &[u8] = b"w";

const WHOLE: u8 = 0;
const PARTS: u8 = 1;
const HEADER: usize = 9;

/// The sled key of a table's key.
pub(super) fn key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut slot = prefix(table);
    slot.extend_from_slice(key);
    slot
}

/// What all sled keys of a table begin with. Table names hold no zero octet.
fn prefix(table: Table) -> Vec<u8> {
    let mut slot = Vec::with_capacity(table.0.len() + 2);
    slot.push(b't');
    slot.extend_from_slice(table.0.as_bytes());
    slot.push(0);
    slot
}

/// The table's key of a sled key.
pub(super) fn key_of(table: Table, slot: &[u8]) -> Vec<u8> {
    slot.get(prefix(table).len()..).unwrap_or_default().to_vec()
}

/// The sled range of a table's range; an inverted range is empty.
pub(super) fn range(table: Table, range: &KeyRange) -> Bounds {
    let from = key(table, range.from.as_deref().unwrap_or_default());
    let until = match &range.until {
        Some(until) => key(table, until),
        None => {
            // The separator's successor: beyond every key of this table, before every other table.
            let mut end = prefix(table);
            end.pop();
            end.push(1);
            end
        }
    };
    let until = until.max(from.clone());
    (Bound::Included(from), Bound::Excluded(until))
}

/// The sled key of one part of a large value.
pub(super) fn part(version: Version, index: u64) -> Vec<u8> {
    let mut slot = vec![b'p'];
    slot.extend_from_slice(&version.0.to_be_bytes());
    slot.extend_from_slice(&index.to_be_bytes());
    slot
}

/// What an entry says.
pub(super) enum Slot<'a> {
    /// The value is here.
    Whole {
        /// Its version.
        version: Version,
        /// The value.
        value: &'a [u8],
    },
    /// The value lies in parts.
    Parts {
        /// Its version, which its parts are named by.
        version: Version,
        /// How many parts.
        count: u64,
        /// Octets of the value.
        length: usize,
    },
}

/// An entry for a value of any size: the entry, and the parts to be written beside it.
pub(super) fn encode(version: Version, value: &[u8]) -> (Vec<u8>, Vec<&[u8]>) {
    let mut entry = Vec::with_capacity(HEADER + value.len().min(PART));
    entry.extend_from_slice(&version.0.to_be_bytes());
    if value.len() <= PART {
        entry.push(WHOLE);
        entry.extend_from_slice(value);
        return (entry, Vec::new());
    }
    entry.push(PARTS);
    entry.extend_from_slice(&(value.len() as u64).to_be_bytes());
    (entry, value.chunks(PART).collect())
}

/// Reads an entry; `None` when it is not one.
pub(super) fn decode(entry: &[u8]) -> Option<Slot<'_>> {
    let (version, rest) = entry.split_first_chunk::<8>()?;
    let version = Version(u64::from_be_bytes(*version));
    let (kind, rest) = rest.split_first()?;
    match *kind {
        WHOLE => Some(Slot::Whole { version, value: rest }),
        PARTS => {
            let length = usize::try_from(u64::from_be_bytes(rest.try_into().ok()?)).ok()?;
            Some(Slot::Parts { version, count: length.div_ceil(PART) as u64, length })
        }
        _ => None,
    }
}
