//! A document as it stood at one moment, of which only that is parsed which is asked for.
//!
//! A signature is judged by the form, the pages and what came after it. A document of a hundred thousand objects has most of them elsewhere,
//! and of those it is enough to know that they are where they were: the octets of a signed revision are the first of the whole
//! document's, so what both tables find at the same octet is the same.

mod pieces;
mod section;
mod structure;
mod table;
#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object, ObjectId, ObjectStream};

pub(super) use self::section::is_space;
use self::section::stands_at;
use self::table::{Entry, Table};
use super::places::{MAX_DOCUMENT, PdfError};

/// The most octets of a stream of objects, as they are when they are no longer compressed.
const MAX_CONTAINER: usize = 64 * 1024 * 1024;

type Objects = BTreeMap<ObjectId, Object>;

/// A document as it stood at one moment.
pub(super) struct Revision<'a> {
    octets: &'a [u8],
    table: Table,
    /// Streams of objects that were looked into.
    containers: RefCell<BTreeMap<u32, Rc<Objects>>>,
    structure: Document,
    /// All of it, once somebody asked for that.
    parsed: OnceCell<Option<Document>>,
}

impl<'a> Revision<'a> {
    /// Reads a document as its own table of objects has it, and finds each of them where the table says.
    ///
    /// # Errors
    /// It cannot be read without repair, or it is too large, or encrypted.
    pub(super) fn read(octets: &'a [u8]) -> Result<Self, PdfError> {
        let revision = Self::opened(octets, Table::read)?;
        revision.leads_to(revision.table.objects())?;
        Ok(revision.with_structure())
    }

    /// The earlier state that the first octets of a document are.
    ///
    /// # Errors
    /// It cannot be read without repair.
    pub(super) fn earlier(octets: &'a [u8], whole: &Revision<'_>) -> Result<Self, PdfError> {
        let revision = Self::opened(octets, |octets| whole.table.earlier(octets))?;
        let both = revision.table.beside(&whole.table);
        let other = both.filter(|(_, entry, in_whole)| entry != in_whole);
        revision.leads_to(other.map(|(id, entry, _)| (id, entry)))?;
        Ok(revision.with_structure())
    }

    fn opened(
        octets: &'a [u8],
        table: impl FnOnce(&'a [u8]) -> Result<Table, PdfError>,
    ) -> Result<Self, PdfError> {
        if octets.len() > MAX_DOCUMENT {
            return Err(PdfError::TooLarge);
        }
        // What stands in front of the header moves all places, for some readers.
        if !octets.starts_with(b"%PDF-") {
            return Err(PdfError::Malformed);
        }
        let table = table(octets)?;
        if table.trailer.has(b"Encrypt") {
            return Err(PdfError::Encrypted);
        }
        let (containers, parsed) = (RefCell::default(), OnceCell::new());
        Ok(Self { octets, table, containers, structure: Document::new(), parsed })
    }

    fn with_structure(mut self) -> Self {
        self.structure = structure::of(&self);
        self
    }

    fn leads_to(&self, mut objects: impl Iterator<Item = (ObjectId, Entry)>) -> Result<(), PdfError> {
        // Those in one stream follow each other for the most part.
        let mut last = None;
        let all = objects.all(|(id, entry)| match (entry, entry.octet()) {
            (Entry::Within { container, .. }, _) if last == Some(container) => true,
            (Entry::Within { container, .. }, _) => {
                last = Some(container);
                matches!(self.table.entry(container), Entry::At { .. })
            }
            (_, Some(offset)) => stands_at(self.octets, id, offset),
            (Entry::Free | Entry::At { .. }, None) => entry == Entry::Free,
        });
        if all { Ok(()) } else { Err(PdfError::Malformed) }
    }

    pub(super) const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    pub(super) const fn trailer(&self) -> &Dictionary {
        &self.table.trailer
    }

    /// The catalogue, the form with its signatures, the tree of pages with their lists of annotations, and what is kept to be judged by
    /// later; nothing else of the document.
    pub(super) const fn document(&self) -> &Document {
        &self.structure
    }

    /// All of the document.
    ///
    /// # Errors
    /// It cannot be read without repair.
    pub(super) fn whole(&self) -> Result<Document, PdfError> {
        let document = Document::load_mem(self.octets).map_err(|_| PdfError::Malformed)?;
        let is_repaired = document.xref_start == 0 || document.xref_recovery.is_some();
        if document.is_encrypted() || is_repaired { Err(PdfError::Malformed) } else { Ok(document) }
    }

    /// The same, parsed once; `None` where it cannot be.
    pub(super) fn parsed(&self) -> Option<&Document> {
        self.parsed.get_or_init(|| self.whole().ok()).as_ref()
    }

    /// Whether there is an object of this number.
    pub(super) fn has(&self, id: ObjectId) -> bool {
        match self.table.entry(id.0) {
            Entry::Free => false,
            Entry::At { generation, .. } => generation == id.1,
            Entry::Within { .. } => id.1 == 0,
        }
    }

    /// The objects that stand elsewhere in `later`, or nowhere.
    pub(super) fn differing(&self, later: &Revision<'_>) -> Vec<ObjectId> {
        let mut last = None;
        let mut stays = |container: u32| match last {
            Some((known, stays)) if known == container => stays,
            _ => {
                let stays = later.table.entry(container) == self.table.entry(container);
                last = Some((container, stays));
                stays
            }
        };
        let mut same = |entry: Entry| match entry {
            Entry::Within { container, .. } => stays(container),
            Entry::At { .. } | Entry::Free => true,
        };
        let both = self.table.beside(&later.table);
        both.filter(|(_, entry, then)| entry != then || !same(*entry)).map(|(id, ..)| id).collect()
    }

    /// The numbers of objects that `later` has, and this revision has not.
    pub(super) fn lacking(&self, later: &Revision<'_>) -> HashSet<u32> {
        let both = later.table.beside(&self.table);
        both.filter(|(_, _, here)| *here == Entry::Free).map(|((number, _), ..)| number).collect()
    }

    /// The numbers of the streams of objects.
    pub(super) fn containers(&self) -> BTreeSet<u32> {
        let containers = self.table.objects().filter_map(|(_, entry)| match entry {
            Entry::Within { container, .. } => Some(container),
            Entry::At { .. } | Entry::Free => None,
        });
        let mut all: Vec<u32> = containers.collect();
        all.dedup();
        BTreeSet::from_iter(all)
    }

    /// Whether every object that stands by itself is in a document that was parsed of these octets.
    pub(super) fn is_all_in(&self, document: &Document) -> bool {
        let containers = self.containers();
        let mut alone = self
            .table
            .objects()
            .filter(|((number, _), entry)| matches!(entry, Entry::At { .. }) && !containers.contains(number));
        alone.all(|(id, _)| document.objects.contains_key(&id))
    }

    /// One object.
    pub(super) fn object(&self, id: ObjectId) -> Option<Object> {
        self.objects(&[id]).remove(&id)
    }

    /// Those of the objects that there are and that can be parsed.
    pub(super) fn objects(&self, ids: &[ObjectId]) -> Objects {
        let mut found = self.at(ids);
        for id in ids.iter().filter(|id| id.1 == 0) {
            if let Entry::Within { container, .. } = self.table.entry(id.0) {
                let object = self.container(container).and_then(|all| all.get(id).cloned());
                found.extend(object.map(|object| (*id, object)));
            }
        }
        found
    }

    /// The objects in the stream of objects of this number; `None` where it cannot be read.
    pub(super) fn container(&self, number: u32) -> Option<Rc<Objects>> {
        if let Some(known) = self.containers.borrow().get(&number) {
            return Some(Rc::clone(known));
        }
        let stream = self.at(&[(number, 0)]).remove(&(number, 0))?;
        let opened = ObjectStream::new_with_limit(stream.as_stream().ok()?, Some(MAX_CONTAINER)).ok()?;
        let objects = Rc::new(opened.objects);
        self.containers.borrow_mut().insert(number, Rc::clone(&objects));
        Some(objects)
    }

    /// The objects that stand by themselves.
    fn at(&self, ids: &[ObjectId]) -> Objects {
        let pieces: Vec<_> = ids.iter().filter_map(|id| Some((*id, self.piece(*id)?))).collect();
        let mut found = pieces::parsed(&pieces);
        let length = |object: &Object| {
            let stream = object.as_stream().ok()?;
            stream.dict.get(b"Length").and_then(Object::as_reference).ok()
        };
        // A stream is as long as another object says: both are parsed together.
        let lengths: BTreeSet<ObjectId> = found.values().filter_map(length).collect();
        if lengths.is_empty() {
            return found;
        }
        let said: Vec<(ObjectId, Vec<u8>)> =
            lengths.iter().filter_map(|id| Some((*id, self.number(*id)?))).collect();
        let mut again: Vec<(ObjectId, &[u8])> = pieces;
        again.retain(|(id, _)| found.get(id).and_then(length).is_some());
        again.extend(said.iter().map(|(id, octets)| (*id, octets.as_slice())));
        let streams = pieces::parsed(&again).into_iter().filter(|(id, _)| ids.contains(id));
        found.extend(streams);
        found
    }

    fn piece(&self, id: ObjectId) -> Option<&'a [u8]> {
        match self.table.entry(id.0) {
            entry @ Entry::At { generation, .. } if generation == id.1 => {
                let offset = entry.octet()?;
                self.octets.get(offset..self.table.end_of(offset))
            }
            _ => None,
        }
    }

    /// An object that is a number, as it is written by itself.
    fn number(&self, id: ObjectId) -> Option<Vec<u8>> {
        let object = match self.table.entry(id.0) {
            // The length of a stream of objects cannot stand in one: that could be itself.
            Entry::Within { container, .. } => self.containers.borrow().get(&container)?.get(&id).cloned(),
            _ => pieces::parsed_alone(self.piece(id)?, id),
        };
        let number = object?.as_i64().ok()?;
        Some(format!("{} {} obj\n{number}\nendobj\n", id.0, id.1).into_bytes())
    }
}
