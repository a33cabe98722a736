//! Events lie in pages: eight that follow one another under one key.
//!
//! An event is written with every change, and a tree's insert costs several times what its octets cost; so a batch that
//! brings many events makes one insert of eight. A batch that brings one writes its page once more, with the event at
//! its end: what is written again is bounded by [`INLINE`].
//!
//! A page is a sequence of entries: slot (1 octet), length (4 octets, big-endian), a record as `layout.rs` has it. The
//! slot is the event's position, modulo eight.

use super::layout::EVENT_PAGE;
use crate::ledger::Position;
use crate::storage::{StorageError, after_prefix};

/// Events in a page.
const EVENTS: u64 = 8;

/// The longest event kept in its page, in octets; a longer one lies in chunks. So a page is about as long as a chunk.
pub(super) const INLINE: usize = 1_000;

/// A page's number, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageNumber(u64);

impl PageNumber {
    /// The page of the event at `position`.
    pub(super) const fn of(position: Position) -> Self {
        Self(position.0 / EVENTS)
    }

    /// The page of a key of the tree.
    pub(super) fn from_key(key: &[u8]) -> Result<Self, StorageError> {
        let number = key.strip_prefix(EVENT_PAGE).and_then(|number| number.try_into().ok());
        number.map(|number| Self(u64::from_be_bytes(number))).ok_or_else(damaged)
    }

    /// The tree's key.
    pub(super) fn key(self) -> Vec<u8> {
        [EVENT_PAGE, &self.0.to_be_bytes()].concat()
    }

    /// The first key of the tree that is beyond every page.
    pub(super) fn beyond_all() -> Vec<u8> {
        after_prefix(EVENT_PAGE).unwrap_or_default()
    }

    /// The position of the event in this slot.
    pub(super) const fn position(self, slot: u8) -> Position {
        Position(self.0 * EVENTS + slot as u64)
    }
}

/// The slot of the event at `position`.
pub(super) const fn slot(position: Position) -> u8 {
    (position.0 % EVENTS) as u8
}

/// Whether the page is full with the event at `position`.
pub(super) const fn is_last(position: Position) -> bool {
    position.0 % EVENTS == EVENTS - 1
}

/// Adds an entry that `fill` appends.
pub(super) fn append(page: &mut Vec<u8>, slot: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    page.push(slot);
    let lies_at = page.len();
    page.extend_from_slice(&[0; 4]);
    fill(page);
    // A record in a page is not longer than `INLINE` and its version.
    let length = u32::try_from(page.len() - lies_at - 4).unwrap_or(u32::MAX);
    page[lies_at..lies_at + 4].copy_from_slice(&length.to_be_bytes());
}

/// The entries of a page: each slot and its record.
pub(super) fn entries(mut page: &[u8]) -> Result<Vec<(u8, &[u8])>, StorageError> {
    let mut entries = Vec::with_capacity(EVENTS as usize);
    while let Some((slot, rest)) = page.split_first() {
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| damaged())?;
        let (record, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        entries.push((*slot, record));
        page = rest;
    }
    Ok(entries)
}

/// The record of the event at `position`, if the page has it.
pub(super) fn find(page: &[u8], position: Position) -> Result<Option<&[u8]>, StorageError> {
    let wanted = slot(position);
    Ok(entries(page)?.into_iter().find(|(slot, _)| *slot == wanted).map(|(_, record)| record))
}

fn damaged() -> StorageError {
    StorageError("a page of events in the store is damaged; restore it from a backup".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn entries_are_found_by_position_and_a_part_of_a_page_is_an_error() {
        let mut page = Vec::new();
        for position in [16, 17, 23] {
            append(&mut page, slot(Position(position)), |octets| {
                octets.extend(vec![u8::try_from(position).unwrap(); 3]);
            });
        }
        assert_eq!(find(&page, Position(17)).unwrap(), Some(&[17; 3][..]));
        assert_eq!(find(&page, Position(18)).unwrap(), None);
        assert_eq!(entries(&page).unwrap().len(), 3);
        let ends = [0, 8, 16, 24];
        (0..=page.len()).for_each(|end| assert_eq!(entries(&page[..end]).is_ok(), ends.contains(&end)));
    }

    #[test]
    fn pages_follow_one_another() {
        assert!(!is_last(Position(14)) && is_last(Position(15)));
        let (seven, eight) = (PageNumber::of(Position(7)), PageNumber::of(Position(8)));
        assert!(seven < eight && seven.key() < eight.key());
        assert_eq!(PageNumber::from_key(&eight.key()).unwrap(), eight);
        assert_eq!(eight.position(3), Position(11));
        assert!(PageNumber::from_key(b"p").is_err());
    }
}
