//! How records lie in the one sled tree.
//!
//! | key | value |
//! |---|---|
//! | `f` | the layout's name: [`FORMAT`] |
//! | `n` | how many changes were committed, ever: 8 octets |
//! | `e` | how many events the ledger has: 8 octets |
//! | `j` | the last frame of the journal that was applied: 8 octets |
//! | `k` | the last frame of the journal that is surely kept here, with all before it: 8 octets |
//! | `p` page number (8 octets) | up to eight events, see `page.rs` |
//! | `r` table-name length (1 octet), table name, key | version (8 octets), then `0` and the value, or `1` and a [`Blob`] |
//! | `b` blob number (12 octets), chunk index (4 octets) | one chunk of a large value |
//!
//! All numbers are big-endian.

use crate::storage::{StorageError, Table, Version};

/// Where the layout's name is kept.
pub(super) const FORMAT_KEY: &[u8] = b"f";
/// This layout's name. Another one under [`FORMAT_KEY`] is not ours to touch.
pub(super) const FORMAT: &[u8] = b"npki-store-3";
/// Stands in the place of [`FORMAT`] until a restore is finished.
pub(super) const RESTORING: &[u8] = b"npki-restoring";
/// Where the number of committed changes is kept: the last version given.
pub(super) const SEQUENCE_KEY: &[u8] = b"n";
/// Where the number of the ledger's events is kept.
pub(super) const LEDGER_KEY: &[u8] = b"e";
/// Where the number of the last frame applied is kept.
pub(super) const SEEN_KEY: &[u8] = b"j";
/// Where the number of the last frame surely kept is kept.
pub(super) const FLUSHED_KEY: &[u8] = b"k";

/// What the keys of all records begin with, events apart.
pub(super) const RECORDS: &[u8] = &[RECORD];
/// What the keys of all pages of events begin with. An export reads from here to the last record.
pub(super) const EVENT_PAGE: &[u8] = b"p";

/// The longest value kept beside its key, and the size of a chunk, in octets. sled reads and rewrites whole tree nodes,
/// and writes nodes that large values have swollen into files of their own, outside its log: chunks keep nodes small.
pub(super) const CHUNK: usize = 8 * 1024;

const RECORD: u8 = b'r';
const BLOB: u8 = b'b';
const INLINE: u8 = 0;
const CHUNKED: u8 = 1;

/// What the tree's keys of a table's records begin with. The length in front keeps one table's name from being the
/// beginning of another's.
pub(super) fn table_prefix(table: Table) -> Result<Vec<u8>, StorageError> {
    let length = u8::try_from(table.name().len())
        .map_err(|_| StorageError(format!("the table name {} is longer than 255 octets", table.name())))?;
    let mut prefix = vec![RECORD, length];
    prefix.extend_from_slice(table.name().as_bytes());
    Ok(prefix)
}

/// The tree's key of one record.
pub(super) fn record_key(table: Table, key: &[u8]) -> Result<Vec<u8>, StorageError> {
    let mut full = table_prefix(table)?;
    full.extend_from_slice(key);
    Ok(full)
}

/// The table's name and the key that make up a tree's key of a record.
pub(super) fn named(key: &[u8]) -> Result<(&str, &[u8]), StorageError> {
    let parts = || {
        let (length, rest) = key.strip_prefix(RECORDS)?.split_first()?;
        let (name, key) = rest.split_at_checked(usize::from(*length))?;
        Some((std::str::from_utf8(name).ok()?, key))
    };
    parts().ok_or_else(|| StorageError("a key in the store is damaged".to_owned()))
}

/// A large value's chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blob {
    /// The version it was written with.
    pub(super) version: Version,
    /// Tells blobs of one change apart.
    pub(super) ordinal: u32,
    /// Octets of the value.
    pub(super) length: u64,
}

impl Blob {
    /// The tree's keys of the chunks, in order.
    pub(super) fn chunk_keys(self) -> impl Iterator<Item = Vec<u8>> {
        let chunks = self.length.div_ceil(CHUNK as u64);
        (0..chunks).map(move |index| {
            let mut key = vec![BLOB];
            key.extend_from_slice(&self.version.0.to_be_bytes());
            key.extend_from_slice(&self.ordinal.to_be_bytes());
            // A value of more than 2^32 chunks does not fit into memory.
            key.extend_from_slice(&u32::try_from(index).unwrap_or(u32::MAX).to_be_bytes());
            key
        })
    }
}

/// Where a record's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body<'a> {
    /// Beside the key.
    Inline(&'a [u8]),
    /// In chunks.
    Chunked(Blob),
}

/// A record as it lies in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// The version the record stands at.
    pub(super) version: Version,
    /// Its value.
    pub(super) body: Body<'a>,
}

impl<'a> Record<'a> {
    /// Appends the record to `octets`.
    pub(super) fn encode(&self, octets: &mut Vec<u8>) {
        octets.extend_from_slice(&self.version.0.to_be_bytes());
        match &self.body {
            Body::Inline(value) => {
                octets.push(INLINE);
                octets.extend_from_slice(value);
            }
            Body::Chunked(blob) => {
                octets.push(CHUNKED);
                octets.extend_from_slice(&blob.version.0.to_be_bytes());
                octets.extend_from_slice(&blob.ordinal.to_be_bytes());
                octets.extend_from_slice(&blob.length.to_be_bytes());
            }
        }
    }

    pub(super) fn decode(octets: &'a [u8]) -> Result<Self, StorageError> {
        Self::read(octets).ok_or_else(|| StorageError("a record in the store is damaged".to_owned()))
    }

    /// The chunks, if it has any.
    pub(super) const fn blob(&self) -> Option<Blob> {
        match self.body {
            Body::Inline(_) => None,
            Body::Chunked(blob) => Some(blob),
        }
    }

    fn read(octets: &'a [u8]) -> Option<Self> {
        let (version, rest) = octets.split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let body = match *kind {
            INLINE => Body::Inline(rest),
            CHUNKED => Body::Chunked(read_blob(rest)?),
            _ => return None,
        };
        Some(Self { version: Version(u64::from_be_bytes(*version)), body })
    }
}

fn read_blob(octets: &[u8]) -> Option<Blob> {
    let (version, rest) = octets.split_first_chunk()?;
    let (ordinal, rest) = rest.split_first_chunk()?;
    Some(Blob {
        version: Version(u64::from_be_bytes(*version)),
        ordinal: u32::from_be_bytes(*ordinal),
        length: u64::from_be_bytes(rest.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn records_survive_their_encoding_and_damage_is_seen() {
        let blob = Blob { version: Version(7), ordinal: 3, length: 20_000 };
        let encoded = |record: &Record<'_>| {
            let mut octets = Vec::new();
            record.encode(&mut octets);
            octets
        };
        for body in [Body::Inline(b""), Body::Inline(b"value"), Body::Chunked(blob)] {
            let record = Record { version: Version(9), body };
            assert_eq!(Record::decode(&encoded(&record)).unwrap(), record);
        }
        let chunked = encoded(&Record { version: Version(9), body: Body::Chunked(blob) });
        for damaged in [&b""[..], &b"1234567"[..], &b"12345678"[..], &b"12345678\x02"[..]] {
            assert!(Record::decode(damaged).is_err());
        }
        assert!(Record::decode(&chunked[..chunked.len() - 1]).is_err());
    }

    #[test]
    fn a_blob_has_as_many_chunks_as_it_needs() {
        let blob = |length| Blob { version: Version(1), ordinal: 0, length };
        for (length, chunks) in [(0, 0), (1, 1), (8192, 1), (8193, 2)] {
            assert_eq!(blob(length).chunk_keys().count(), chunks, "{length}");
        }
    }

    #[test]
    fn no_table_begins_with_another() {
        let long = record_key(Table::octets("ab"), b"c").unwrap();
        assert!(!long.starts_with(&table_prefix(Table::octets("a")).unwrap()));
        assert_eq!(named(&long).unwrap(), ("ab", &b"c"[..]));
        assert!(named(b"r").is_err() && named(b"r\x05abc").is_err() && named(b"n").is_err());
    }
}
