//! How a container's ZIP file is laid out (PKWARE APPNOTE.TXT 6.3): every octet of it belongs to one entry or to the directory, and
//! both say the same of each entry.

use std::collections::HashSet;
use std::ops::Range;

use super::error::ContainerError;
use super::names;

/// The most octets of a container that are read.
const MAX_CONTAINER: usize = 1024 * 1024 * 1024;
/// The most entries of a container.
pub(super) const MAX_ENTRIES: usize = 1024;
/// How many times its octets an entry may unpack to, beyond [`FREE`]. Text packs to a tenth, tables of numbers to a thirtieth.
const MAX_RATIO: u64 = 100;
/// What every entry may unpack to, octets.
const FREE: u64 = 1024 * 1024;

/// APPNOTE section 4.4.4: encrypted; patched; strongly encrypted; its header masked.
const REFUSED_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// Encrypted, in one of the ways.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Sizes and sum stand behind the data.
const DESCRIPTOR: u16 = 1 << 3;
/// The name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Extra fields that change what an entry is: sizes of 64 bits, encryption, another name.
const REFUSED_EXTRAS: [u16; 4] = [0x0001, 0x0017, 0x9901, 0x7075];

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_packed: bool,
    /// Whether its header has extra fields.
    pub(super) has_extra: bool,
    /// Unpacked, octets.
    pub(super) size: u64,
    pub(super) sum: u32,
    /// Where its octets are.
    pub(super) data: Range<usize>,
}

/// The entries in the order in which they stand in the file.
pub(super) fn entries(octets: &[u8], most_unpacked: u64) -> Result<Vec<Entry>, ContainerError> {
    if octets.len() > MAX_CONTAINER {
        return Err(ContainerError::TooLarge);
    }
    let file = Octets(octets);
    let directory = file.directory()?;
    let mut records = directory.records(&file)?;
    records.sort_by_key(|record| record.start);
    let mut entries = Vec::new();
    let mut expected = 0;
    for (place, record) in records.iter().enumerate() {
        if record.start != expected {
            return Err(ContainerError::Layout("something stands between its entries"));
        }
        expected = records.get(place + 1).map_or(directory.range.start, |next| next.start);
        entries.push(record.entry(&file, expected)?);
    }
    if entries.is_empty() || expected != directory.range.start {
        return Err(ContainerError::Layout("it has no entries"));
    }
    bounded(&entries, most_unpacked)?;
    Ok(entries)
}

fn bounded(entries: &[Entry], most_unpacked: u64) -> Result<(), ContainerError> {
    let mut names = HashSet::new();
    if let Some(twice) = entries.iter().find(|entry| !names.insert(&entry.name)) {
        return Err(ContainerError::SameName(twice.name.clone()));
    }
    let packed = |entry: &Entry| entry.data.len() as u64;
    let is_bomb = |entry: &&Entry| entry.size > packed(entry).saturating_mul(MAX_RATIO).saturating_add(FREE);
    if let Some(bomb) = entries.iter().find(is_bomb) {
        return Err(ContainerError::Bomb(bomb.name.clone()));
    }
    let total: u64 = entries.iter().map(|entry| entry.size).sum();
    if total > most_unpacked { Err(ContainerError::TooLarge) } else { Ok(()) }
}

/// The central directory.
struct Directory {
    range: Range<usize>,
    count: usize,
}

/// What the directory says of an entry.
struct Record<'a> {
    flags: u16,
    method: u16,
    sum: u32,
    packed: u32,
    size: u32,
    name: &'a [u8],
    start: usize,
}

impl Directory {
    fn records<'a>(&self, file: &Octets<'a>) -> Result<Vec<Record<'a>>, ContainerError> {
        let mut at = self.range.start;
        let mut records = Vec::new();
        for _ in 0..self.count {
            let (record, next) = Record::read(file, at)?;
            records.push(record);
            at = next;
        }
        if at == self.range.end {
            Ok(records)
        } else {
            Err(ContainerError::Layout("its directory does not end where it says"))
        }
    }
}

impl<'a> Record<'a> {
    /// APPNOTE section 4.3.12; the place behind it.
    fn read(file: &Octets<'a>, at: usize) -> Result<(Self, usize), ContainerError> {
        if file.part(at, 4)? != b"PK\x01\x02" {
            return Err(ContainerError::Layout("its directory is none"));
        }
        let (name_octets, extra_octets) = (file.short(at + 28)?, file.short(at + 30)?);
        let comment = usize::from(file.short(at + 32)?);
        let name = file.part(at + 46, name_octets.into())?;
        let extra_at = at + 46 + name.len();
        extra(file.part(extra_at, extra_octets.into())?)?;
        if file.short(at + 34)? != 0 {
            return Err(ContainerError::Layout("it is in several parts"));
        }
        let record = Self {
            flags: file.short(at + 8)?,
            method: file.short(at + 10)?,
            sum: file.long(at + 16)?,
            packed: file.long(at + 20)?,
            size: file.long(at + 24)?,
            name,
            start: file.place(at + 42)?,
        };
        Ok((record, extra_at + usize::from(extra_octets) + comment))
    }

    /// The entry that the local header (APPNOTE section 4.3.7) describes in the same way, and that ends at `end`.
    fn entry(&self, file: &Octets<'_>, end: usize) -> Result<Entry, ContainerError> {
        let differs = ContainerError::Layout("an entry and the directory differ");
        let at = self.start;
        let name = names::read(self.name, self.flags & UTF8 != 0)?;
        if self.flags & ENCRYPTED != 0 {
            return Err(ContainerError::Encrypted);
        }
        if self.flags & REFUSED_FLAGS != 0 || !matches!(self.method, 0 | 8) {
            return Err(ContainerError::Packed(name));
        }
        let (name_octets, extra_octets) = (file.short(at + 26)?, file.short(at + 28)?);
        let same = file.part(at, 4)? == b"PK\x03\x04"
            && file.short(at + 6)? == self.flags
            && file.short(at + 8)? == self.method
            && file.part(at + 30, name_octets.into())? == self.name;
        let numbers = [file.long(at + 14)?, file.long(at + 18)?, file.long(at + 22)?];
        let described = self.flags & DESCRIPTOR != 0 && numbers == [0; 3];
        if !same || !(described || numbers == self.numbers()) {
            return Err(differs);
        }
        let extra_at = at + 30 + self.name.len();
        extra(file.part(extra_at, extra_octets.into())?)?;
        let start = extra_at + usize::from(extra_octets);
        let data = start..start + usize::try_from(self.packed).map_err(|_| ContainerError::TooLarge)?;
        file.part(data.start, data.len())?;
        self.ends(file, data.end, end)?;
        if self.method == 0 && self.packed != self.size {
            return Err(differs);
        }
        Ok(Entry {
            name,
            is_packed: self.method == 8,
            has_extra: extra_octets != 0,
            size: self.size.into(),
            sum: self.sum,
            data,
        })
    }

    const fn numbers(&self) -> [u32; 3] {
        [self.sum, self.packed, self.size]
    }

    /// Nothing stands behind the data, or its descriptor, which says the same again (APPNOTE section 4.3.9).
    fn ends(&self, file: &Octets<'_>, at: usize, end: usize) -> Result<(), ContainerError> {
        let behind = end.checked_sub(at).ok_or(ContainerError::Layout("its entries overlap"))?;
        let descriptor: Vec<u8> = self.numbers().iter().flat_map(|number| number.to_le_bytes()).collect();
        let found = file.part(at, behind)?;
        let fits = if self.flags & DESCRIPTOR == 0 {
            found.is_empty()
        } else {
            found == descriptor || found.strip_prefix(b"PK\x07\x08") == Some(descriptor.as_slice())
        };
        if fits { Ok(()) } else { Err(ContainerError::Layout("something stands between its entries")) }
    }
}

/// Walks through extra fields (APPNOTE section 4.5).
fn extra(mut fields: &[u8]) -> Result<(), ContainerError> {
    while !fields.is_empty() {
        let field = Octets(fields);
        let (kind, octets) = (field.short(0)?, field.short(2)?);
        let _ = field.part(4, octets.into())?;
        if REFUSED_EXTRAS.contains(&kind) {
            return Err(ContainerError::Layout("an extra field gives an entry a second reading"));
        }
        fields = fields.get(4 + usize::from(octets)..).unwrap_or_default();
    }
    Ok(())
}

/// The octets of the file, little-endian.
#[derive(Clone, Copy)]
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn part(&self, at: usize, octets: usize) -> Result<&'a [u8], ContainerError> {
        let end = at.checked_add(octets);
        let part = end.and_then(|end| self.0.get(at..end));
        part.ok_or(ContainerError::Layout("it is cut off"))
    }

    fn short(&self, at: usize) -> Result<u16, ContainerError> {
        let octets = self.part(at, 2)?.try_into();
        octets.map(u16::from_le_bytes).map_err(|_| ContainerError::Layout("it is cut off"))
    }

    fn long(&self, at: usize) -> Result<u32, ContainerError> {
        let octets = self.part(at, 4)?.try_into();
        octets.map(u32::from_le_bytes).map_err(|_| ContainerError::Layout("it is cut off"))
    }

    fn place(&self, at: usize) -> Result<usize, ContainerError> {
        usize::try_from(self.long(at)?).map_err(|_| ContainerError::TooLarge)
    }

    /// APPNOTE section 4.3.16: the last record, whose comment ends the file. EN 319 162-1 clause A.1 knows one comment: the
    /// media type.
    fn directory(&self) -> Result<Directory, ContainerError> {
        let none = ContainerError::Layout("it has no directory at its end");
        let end = memchr::memmem::rfind(self.0, b"PK\x05\x06").ok_or(none.clone())?;
        let comment = self.part(end + 22, self.short(end + 20)?.into())?;
        let is_last = end + 22 + comment.len() == self.0.len();
        if !is_last || !(comment.is_empty() || comment.starts_with(b"mimetype=")) {
            return Err(none);
        }
        let (here, all) = (self.short(end + 8)?, self.short(end + 10)?);
        let (octets, start) = (self.place(end + 12)?, self.place(end + 16)?);
        let whole = self.long(end + 4)? == 0 && here == all && start.checked_add(octets) == Some(end);
        if !whole {
            return Err(ContainerError::Layout("its directory is not where it says"));
        }
        let count = usize::from(all);
        if count > MAX_ENTRIES {
            Err(ContainerError::TooMany)
        } else {
            Ok(Directory { range: start..end, count })
        }
    }
}
