//! A document's own table of its objects (ISO 32000-2 sections 7.5.4 to 7.5.8), read without any repair.
//!
//! Programs that repair a table do so each in their own way, and would read different documents out of the same octets. So the table must
//! lead to every object that it has: where one does not stand where the table says, the document is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lopdf::{Dictionary, Object, ObjectId};

use super::section::{Reader, Section, is_space};
use crate::signature::pades::places::PdfError;

/// The most updates of a document that are read: each adds a section to its table.
const MAX_SECTIONS: usize = 4096;
/// The most entries of all sections: twice the most objects of a document (ISO 32000-1 annex C).
const MAX_ENTRIES: usize = 2 * 8_388_607;
/// The most octets at the end in which the place of the table is looked for, as other readers do.
const TAIL: usize = 1024;

/// Where an object is. A document that is read has fewer octets than this can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nowhere.
    Free,
    /// At this octet.
    At { offset: u32, generation: u16 },
    /// In the stream of objects of this number.
    Within { container: u32, index: u16 },
}

/// The sections that were read, by where they begin: an earlier state of the document has the older of them.
type Sections = BTreeMap<usize, Rc<Section>>;

/// The table of a document.
#[derive(Debug)]
pub(super) struct Table {
    /// By numbers, each once.
    entries: Vec<(u32, Entry)>,
    /// Where objects and sections of the table begin, in order, and the end.
    boundaries: Vec<usize>,
    sections: Sections,
    /// Of the newest section.
    pub(super) trailer: Dictionary,
}

impl Table {
    pub(super) fn read(octets: &[u8]) -> Result<Self, PdfError> {
        Self::read_with(octets, &Sections::new())
    }

    /// The table of an earlier state, which the first octets of the document with this table are.
    pub(super) fn earlier(&self, octets: &[u8]) -> Result<Self, PdfError> {
        Self::read_with(octets, &self.sections)
    }

    fn read_with(octets: &[u8], known: &Sections) -> Result<Self, PdfError> {
        let mut next = Some(start(octets).ok_or(PdfError::Malformed)?);
        let (mut entries, mut sections, mut newest) = (Vec::new(), Sections::new(), None);
        let mut hybrids = BTreeSet::new();
        while let Some(offset) = next {
            // What was read ends within these octets, so they say the same.
            let known = known.get(&offset).filter(|section| section.end <= octets.len());
            let section = match known {
                Some(section) => Rc::clone(section),
                None => Rc::new(Section::read(octets, offset)?),
            };
            next = place(&section.trailer, b"Prev")?;
            entries.extend_from_slice(&section.entries);
            hybrids.extend(section.hybrid);
            newest.get_or_insert_with(|| section.trailer.clone());
            if sections.insert(offset, section).is_some() {
                return Err(PdfError::Malformed);
            }
            if sections.len() > MAX_SECTIONS || entries.len() > MAX_ENTRIES {
                return Err(PdfError::TooMany);
            }
        }
        if sections.len() > 1 {
            // The newest section's word counts: it came first, and the order of equals is kept.
            entries.sort_by_key(|(number, _)| *number);
            entries.dedup_by_key(|(number, _)| *number);
        }
        let mut boundaries: Vec<usize> = entries.iter().filter_map(|(_, entry)| entry.octet()).collect();
        boundaries.extend(sections.keys().chain(&hybrids));
        boundaries.push(octets.len());
        boundaries.sort_unstable();
        let trailer = newest.ok_or(PdfError::Malformed)?;
        Ok(Self { entries, boundaries, sections, trailer })
    }

    pub(super) fn entry(&self, number: u32) -> Entry {
        let place = self.entries.binary_search_by_key(&number, |(number, _)| *number);
        place.ok().and_then(|place| self.entries.get(place)).map_or(Entry::Free, |(_, entry)| *entry)
    }

    /// The objects there are, by numbers.
    pub(super) fn objects(&self) -> impl Iterator<Item = (ObjectId, Entry)> {
        self.entries.iter().filter_map(|(number, entry)| Some((id(*number, *entry)?, *entry)))
    }

    /// The objects there are, by numbers, each with where `other` has the object of its number.
    pub(super) fn beside<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (ObjectId, Entry, Entry)> + 'a {
        let mut others = other.entries.iter().peekable();
        self.objects().map(move |(id, entry)| {
            while others.next_if(|(number, _)| *number < id.0).is_some() {}
            let found = others.peek().filter(|(number, _)| *number == id.0);
            (id, entry, found.map_or(Entry::Free, |(_, entry)| *entry))
        })
    }

    /// Where what begins here ends at the latest: where the next object or section of the table begins.
    pub(super) fn end_of(&self, offset: usize) -> usize {
        let next = self.boundaries.partition_point(|boundary| *boundary <= offset);
        self.boundaries.get(next).copied().unwrap_or(offset)
    }
}

impl Entry {
    /// Where it stands, where it stands by itself.
    pub(super) fn octet(self) -> Option<usize> {
        match self {
            Self::At { offset, .. } => usize::try_from(offset).ok(),
            Self::Free | Self::Within { .. } => None,
        }
    }
}

const fn id(number: u32, entry: Entry) -> Option<ObjectId> {
    match entry {
        Entry::Free => None,
        Entry::At { generation, .. } => Some((number, generation)),
        Entry::Within { .. } => Some((number, 0)),
    }
}

/// Section 7.5.5: the place of the newest section, in the last lines.
fn start(octets: &[u8]) -> Option<usize> {
    let end = octets.iter().rposition(|octet| !is_space(*octet))? + 1;
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
pub(super) fn place(trailer: &Dictionary, key: &[u8]) -> Result<Option<usize>, PdfError> {
    match trailer.get(key) {
        Err(_) => Ok(None),
        Ok(Object::Integer(place)) => usize::try_from(*place).map(Some).map_err(|_| PdfError::Malformed),
        Ok(_) => Err(PdfError::Malformed),
    }
}
