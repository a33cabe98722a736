//! A document's own table of its objects (ISO 32000-2 sections 7.5.4 to 7.5.8), read without any repair.
//!
//! Programs that repair a table do so each in their own way, and would read different documents out of the same octets. So the table must
//! lead to every object that it has: where one does not stand where the table says, the document is refused.

use std::collections::BTreeSet;

use lopdf::xref::{XrefEntry, decode_xref_stream_with_limit};
use lopdf::{Dictionary, Object, ObjectId};

use super::pieces;
use crate::signature::pades::places::PdfError;

/// The most updates of a document that are read: each adds a section to its table.
const MAX_SECTIONS: usize = 4096;
/// The most octets of a table that is a stream, as they are when they are no longer compressed.
const MAX_TABLE: usize = 64 * 1024 * 1024;
/// The most octets at the end in which the place of the table is looked for, as other readers do.
const TAIL: usize = 1024;

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nowhere.
    Free,
    /// At this octet.
    At { offset: usize, generation: u16 },
    /// In the stream of objects of this number.
    Within { container: u32, index: u16 },
}

/// The table of a document.
#[derive(Debug)]
pub(super) struct Table {
    /// By numbers, each once.
    entries: Vec<(u32, Entry)>,
    /// Where objects and sections of the table begin, in order, and the end.
    boundaries: Vec<usize>,
    /// Of the newest section.
    pub(super) trailer: Dictionary,
}

struct Section {
    entries: Vec<(u32, Entry)>,
    trailer: Dictionary,
}

impl Table {
    pub(super) fn read(octets: &[u8]) -> Result<Self, PdfError> {
        let mut next = Some(start(octets).ok_or(PdfError::Malformed)?);
        let (mut entries, mut places, mut newest) = (Vec::new(), BTreeSet::new(), None);
        while let Some(offset) = next {
            if !places.insert(offset) {
                return Err(PdfError::Malformed);
            }
            if places.len() > MAX_SECTIONS {
                return Err(PdfError::TooMany);
            }
            let section = section(octets, offset).ok_or(PdfError::Malformed)?;
            // Section 7.5.8.4: in a hybrid file the stream has what the table says is free.
            let (used, free): (Vec<_>, Vec<_>) =
                section.entries.into_iter().partition(|(_, entry)| *entry != Entry::Free);
            entries.extend(used);
            if let Some(hybrid) = place(&section.trailer, b"XRefStm")? {
                places.insert(hybrid);
                entries.extend(stream(octets, hybrid).ok_or(PdfError::Malformed)?.entries);
            }
            entries.extend(free);
            next = place(&section.trailer, b"Prev")?;
            newest.get_or_insert(section.trailer);
        }
        // The newest section's word counts: it came first, and the order of equals is kept.
        entries.sort_by_key(|(number, _)| *number);
        entries.dedup_by_key(|(number, _)| *number);
        let mut boundaries: Vec<usize> = entries.iter().filter_map(|(_, entry)| offset_of(*entry)).collect();
        boundaries.extend(places);
        boundaries.push(octets.len());
        boundaries.sort_unstable();
        let trailer = newest.ok_or(PdfError::Malformed)?;
        Ok(Self { entries, boundaries, trailer })
    }

    pub(super) fn entry(&self, number: u32) -> Entry {
        let place = self.entries.binary_search_by_key(&number, |(number, _)| *number);
        place.ok().and_then(|place| self.entries.get(place)).map_or(Entry::Free, |(_, entry)| *entry)
    }

    /// The objects there are, by numbers.
    pub(super) fn objects(&self) -> impl Iterator<Item = (ObjectId, Entry)> {
        self.entries.iter().filter_map(|(number, entry)| match *entry {
            Entry::Free => None,
            Entry::At { generation, .. } => Some(((*number, generation), *entry)),
            Entry::Within { .. } => Some(((*number, 0), *entry)),
        })
    }

    /// Where what begins here ends at the latest: where the next object or section of the table begins.
    pub(super) fn end_of(&self, offset: usize) -> usize {
        let next = self.boundaries.partition_point(|boundary| *boundary <= offset);
        self.boundaries.get(next).copied().unwrap_or(offset)
    }
}

const fn offset_of(entry: Entry) -> Option<usize> {
    match entry {
        Entry::At { offset, .. } => Some(offset),
        Entry::Free | Entry::Within { .. } => None,
    }
}

/// Whether an object of this number stands at this octet.
pub(super) fn stands_at(octets: &[u8], id: ObjectId, offset: usize) -> bool {
    let mut reader = Reader { octets, at: offset };
    reader.number() == Some(u64::from(id.0))
        && reader.number() == Some(u64::from(id.1))
        && reader.takes(b"obj").is_some()
}

/// Section 7.5.5: the place of the newest section, in the last lines.
fn start(octets: &[u8]) -> Option<usize> {
    let end = octets.iter().rposition(|octet| !b" \t\n\r\0\x0c".contains(octet))? + 1;
    let from = end.saturating_sub(TAIL);
    let tail = octets.get(from..end)?;
    let marker = memchr::memmem::rfind(tail, b"%%EOF")?;
    let keyword = memchr::memmem::rfind(tail.get(..marker)?, b"startxref")?;
    let mut reader = Reader { octets, at: from + keyword + b"startxref".len() };
    let place = usize::try_from(reader.number()?).ok()?;
    reader.takes(b"%%EOF")?;
    Some(place)
}

/// A place in the document that a trailer names.
fn place(trailer: &Dictionary, key: &[u8]) -> Result<Option<usize>, PdfError> {
    match trailer.get(key) {
        Err(_) => Ok(None),
        Ok(Object::Integer(place)) => usize::try_from(*place).map(Some).map_err(|_| PdfError::Malformed),
        Ok(_) => Err(PdfError::Malformed),
    }
}

fn section(octets: &[u8], offset: usize) -> Option<Section> {
    if octets.get(offset..)?.trim_ascii_start().starts_with(b"xref") {
        table(octets, offset)
    } else {
        stream(octets, offset)
    }
}

/// Section 7.5.4: a table in text.
fn table(octets: &[u8], offset: usize) -> Option<Section> {
    let mut reader = Reader { octets, at: offset };
    reader.takes(b"xref")?;
    let mut entries = Vec::new();
    while reader.takes(b"trailer").is_none() {
        let (first, count) = (reader.number()?, reader.number()?);
        for number in first..first.checked_add(count)? {
            let number = u32::try_from(number).ok()?;
            let (offset, generation) = (reader.number()?, reader.number()?);
            let generation = u16::try_from(generation).ok()?;
            let offset = usize::try_from(offset).ok()?;
            let is_used = reader.takes(b"n").is_some();
            if !is_used {
                reader.takes(b"f")?;
            }
            // No object stands at the first octet, though some programs say so of those that there are not.
            let is_used = is_used && offset > 0;
            entries.push((number, if is_used { Entry::At { offset, generation } } else { Entry::Free }));
        }
    }
    let rest = octets.get(reader.at..)?;
    let dictionary = rest.get(..memchr::memmem::find(rest, b"startxref")?)?;
    match pieces::parsed_alone(&[b"1 0 obj\n", dictionary, b"\nendobj\n"].concat(), (1, 0))? {
        Object::Dictionary(trailer) => Some(Section { entries, trailer }),
        _ => None,
    }
}

/// Section 7.5.8: a table in a stream.
fn stream(octets: &[u8], offset: usize) -> Option<Section> {
    let mut reader = Reader { octets, at: offset };
    let (number, generation) = (reader.number()?, reader.number()?);
    let id = (u32::try_from(number).ok()?, u16::try_from(generation).ok()?);
    let rest = octets.get(offset..)?;
    let piece = rest.get(..memchr::memmem::find(rest, b"startxref")?)?;
    let Object::Stream(stream) = pieces::parsed_alone(piece, id)? else { return None };
    if !stream.dict.has_type(b"XRef") {
        return None;
    }
    let (table, trailer) = decode_xref_stream_with_limit(stream, Some(MAX_TABLE)).ok()?;
    let entries = table.entries.into_iter().map(|(number, entry)| {
        let entry = match entry {
            XrefEntry::Normal { offset: 0, .. } | XrefEntry::Free | XrefEntry::UnusableFree => Entry::Free,
            XrefEntry::Normal { offset, generation } => {
                Entry::At { offset: usize::try_from(offset).unwrap_or(usize::MAX), generation }
            }
            XrefEntry::Compressed { container, index } => Entry::Within { container, index },
        };
        (number, entry)
    });
    Some(Section { entries: entries.collect(), trailer })
}

/// Reads the few words that a table is written in, over white space.
struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while self
            .octets
            .get(self.at)
            .is_some_and(|octet| matches!(octet, b' ' | b'\n' | b'\r' | b'\t' | 0 | 12))
        {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Option<u64> {
        self.skip_space();
        let from = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.octets.get(self.at) {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        (self.at > from).then_some(number)
    }

    fn takes(&mut self, word: &[u8]) -> Option<()> {
        self.skip_space();
        self.octets.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }
}
