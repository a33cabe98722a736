//! One section of a document's table of objects, of one of the two forms: text (ISO 32000-2 section 7.5.4) or a stream (section 7.5.8).

use lopdf::{Dictionary, Object, ObjectId, Stream};

use super::pieces;
use super::table::{Entry, place};
use crate::signature::pades::places::PdfError;

/// The most octets of a table that is a stream, as they are when they are no longer compressed.
const MAX_TABLE: usize = 64 * 1024 * 1024;
/// The octets of a record in a stream that are counted at least.
const MIN_WIDTH: usize = 3;
/// The octets of an entry in text, its line end included.
const LINE: usize = 20;

/// A section of a table.
#[derive(Debug)]
pub(super) struct Section {
    /// By numbers, each once.
    pub(super) entries: Vec<(u32, Entry)>,
    pub(super) trailer: Dictionary,
    /// Where the stream begins that goes with it, in a file for old and new readers (section 7.5.8.4).
    pub(super) hybrid: Option<usize>,
    /// Behind the last octet that says what it holds.
    pub(super) end: usize,
}

impl Section {
    /// Reads the section that begins here.
    ///
    /// # Errors
    /// There is none that can be read.
    pub(super) fn read(octets: &[u8], offset: usize) -> Result<Self, PdfError> {
        let rest = octets.get(offset..).ok_or(PdfError::Malformed)?;
        let section = if rest.trim_ascii_start().starts_with(b"xref") {
            text(octets, offset)
        } else {
            stream(octets, offset)
        };
        let mut section = section.ok_or(PdfError::Malformed)?;
        section.hybrid = place(&section.trailer, b"XRefStm")?;
        if let Some(hybrid) = section.hybrid {
            // Section 7.5.8.4: the stream has what the table says is free.
            let beside = stream(octets, hybrid).ok_or(PdfError::Malformed)?;
            let (mut used, free): (Vec<_>, Vec<_>) =
                section.entries.into_iter().partition(|(_, entry)| *entry != Entry::Free);
            used.extend(beside.entries);
            used.extend(free);
            section.entries = used;
            section.end = section.end.max(beside.end);
        }
        Ok(Self { entries: ordered(section.entries), ..section })
    }
}

/// By numbers, the first of each that is used.
fn ordered(mut entries: Vec<(u32, Entry)>) -> Vec<(u32, Entry)> {
    if !entries.is_sorted_by(|one, next| one.0 < next.0) {
        entries.sort_by_key(|(number, entry)| (*number, *entry == Entry::Free));
        entries.dedup_by_key(|(number, _)| *number);
    }
    entries
}

/// A table in text.
fn text(octets: &[u8], offset: usize) -> Option<Section> {
    let mut reader = Reader { octets, at: offset };
    reader.takes(b"xref")?;
    let mut entries = Vec::new();
    while reader.takes(b"trailer").is_none() {
        let (first, count) = (reader.number()?, reader.number()?);
        reader.skip_space();
        for number in first..first.checked_add(count)? {
            let number = u32::try_from(number).ok()?;
            let (offset, generation, is_used) = match reader.line() {
                Some(line) => line,
                None => reader.entry()?,
            };
            // No object stands at the first octet, though some programs say so of those that there are not.
            let is_used = is_used && offset > 0;
            // What no document reaches leads nowhere.
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            entries.push((number, if is_used { Entry::At { offset, generation } } else { Entry::Free }));
        }
    }
    let (dictionary, end) = to_keyword(octets, reader.at)?;
    match pieces::parsed_alone(&[b"1 0 obj\n", dictionary, b"\nendobj\n"].concat(), (1, 0))? {
        Object::Dictionary(trailer) => Some(Section { entries, trailer, hybrid: None, end }),
        _ => None,
    }
}

/// What stands before the keyword that ends a section, and where that ends.
fn to_keyword(octets: &[u8], from: usize) -> Option<(&[u8], usize)> {
    const KEYWORD: &[u8] = b"startxref";
    let rest = octets.get(from..)?;
    let length = memchr::memmem::find(rest, KEYWORD)?;
    Some((rest.get(..length)?, from + length + KEYWORD.len()))
}

/// A table in a stream.
fn stream(octets: &[u8], offset: usize) -> Option<Section> {
    let mut reader = Reader { octets, at: offset };
    let (number, generation) = (reader.number()?, reader.number()?);
    let id = (u32::try_from(number).ok()?, u16::try_from(generation).ok()?);
    let (piece, end) = to_keyword(octets, offset)?;
    let Object::Stream(mut stream) = pieces::parsed_alone(piece, id)? else { return None };
    if !stream.dict.has_type(b"XRef") {
        return None;
    }
    if stream.is_compressed() {
        stream.decompress_with_limit(MAX_TABLE).ok()?;
    }
    let entries = records(&stream)?;
    Some(Section { entries, trailer: stream.dict, hybrid: None, end })
}

/// Section 7.5.8.3: records of three numbers, each of as many octets as W says.
fn records(stream: &Stream) -> Option<Vec<(u32, Entry)>> {
    let [kind, first, second] = *<&[u64; 3]>::try_from(numbers(stream, b"W")?.get(..3)?).ok()?;
    let widths = [kind, first, second].map(|width| usize::try_from(width).ok().filter(|width| *width <= 8));
    let [Some(kind), Some(first), Some(second)] = widths else { return None };
    let index = if stream.dict.has(b"Index") {
        numbers(stream, b"Index")?
    } else {
        vec![0, u64::try_from(stream.dict.get(b"Size").and_then(Object::as_i64).ok()?).ok()?]
    };
    let width = kind + first + second;
    let count = index.iter().skip(1).step_by(2).try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
    // Narrow records would make few octets into many entries.
    if width == 0 || usize::try_from(count).ok()? > stream.content.len() / width.max(MIN_WIDTH) {
        return None;
    }
    let mut records = stream.content.chunks_exact(width);
    let mut entries = Vec::new();
    for run in index.chunks_exact(2) {
        let [from, count] = *run else { return None };
        for number in from..from.checked_add(count)? {
            let record = records.next()?;
            let (kind_of, rest) = record.split_at(kind);
            let (one, other) = rest.split_at(first);
            let kind_of = if kind == 0 { 1 } else { big_endian(kind_of) };
            let entry = entry(kind_of, big_endian(one), big_endian(other))?;
            let number = u32::try_from(number).ok()?;
            entries.extend(entry.map(|entry| (number, entry)));
        }
    }
    Some(entries)
}

/// Table 18. What is of a kind that is not known is nothing: `None` within.
fn entry(kind: u64, one: u64, other: u64) -> Option<Option<Entry>> {
    Some(match kind {
        0 => Some(Entry::Free),
        // No object stands at the first octet.
        1 if one == 0 => Some(Entry::Free),
        1 => {
            let (offset, generation) = (u32::try_from(one).unwrap_or(u32::MAX), u16::try_from(other).ok()?);
            Some(Entry::At { offset, generation })
        }
        2 => Some(Entry::Within { container: u32::try_from(one).ok()?, index: u16::try_from(other).ok()? }),
        _ => None,
    })
}

fn big_endian(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, octet| (number << 8) | u64::from(*octet))
}

fn numbers(stream: &Stream, key: &[u8]) -> Option<Vec<u64>> {
    let list = stream.dict.get(key).and_then(Object::as_array).ok()?;
    list.iter().map(|number| u64::try_from(number.as_i64().ok()?).ok()).collect()
}

/// Whether an object of this number stands at this octet.
pub(super) fn stands_at(octets: &[u8], id: ObjectId, offset: usize) -> bool {
    let mut reader = Reader { octets, at: offset };
    reader.number() == Some(u64::from(id.0))
        && reader.number() == Some(u64::from(id.1))
        && reader.takes(b"obj").is_some()
}

/// Reads the few words that a table is written in, over white space.
pub(super) struct Reader<'a> {
    pub(super) octets: &'a [u8],
    pub(super) at: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while self.octets.get(self.at).is_some_and(|octet| is_space(*octet)) {
            self.at += 1;
        }
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.skip_space();
        let from = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.octets.get(self.at) {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        (self.at > from).then_some(number)
    }

    pub(super) fn takes(&mut self, word: &[u8]) -> Option<()> {
        self.skip_space();
        self.octets.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// An entry of a table in text, however it is parted: where, of which generation, and whether it is used.
    fn entry(&mut self) -> Option<(u64, u16, bool)> {
        let (offset, generation) = (self.number()?, self.number()?);
        let is_used = self.takes(b"n").is_some();
        if !is_used {
            self.takes(b"f")?;
        }
        Some((offset, u16::try_from(generation).ok()?, is_used))
    }

    /// The same, where it is written as it must be, from here: ten digits, five digits, a letter, and two octets of a line end.
    fn line(&mut self) -> Option<(u64, u16, bool)> {
        let line = self.octets.get(self.at..)?.first_chunk::<LINE>()?;
        let [offset @ .., b' ', _, _, _, _, _, b' ', kind @ (b'n' | b'f'), one, other] = line else {
            return None;
        };
        let generation = line.get(11..16)?;
        if !is_space(*one) || !is_space(*other) {
            return None;
        }
        let found = (digits(offset)?, u16::try_from(digits(generation)?).ok()?, *kind == b'n');
        self.at += LINE;
        Some(found)
    }
}

fn digits(octets: &[u8]) -> Option<u64> {
    let all = octets.iter().all(u8::is_ascii_digit);
    all.then(|| octets.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// White space (section 7.2.3, table 1).
pub(in crate::signature::pades) const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\n' | b'\r' | b'\t' | 0 | 12)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so and stops")]

    use lopdf::dictionary;
    use lopdf::xref::{XrefEntry, decode_xref_stream};
    use proptest::prelude::*;

    use super::*;

    fn stream(widths: &[i64], index: Option<&[i64]>, content: Vec<u8>) -> Stream {
        let list = |numbers: &[i64]| -> Vec<Object> { numbers.iter().map(|one| (*one).into()).collect() };
        let mut dictionary = dictionary! { "Type" => "XRef", "Size" => 4, "W" => list(widths) };
        index.into_iter().for_each(|index| dictionary.set("Index", list(index)));
        Stream::new(dictionary, content)
    }

    proptest! {
        /// lopdf reads the same out of a stream, where it reads anything.
        #[test]
        fn records_are_what_lopdf_reads(
            (kind, first, second) in (0_i64..2, 1_i64..4, 0_i64..3),
            index in proptest::option::of(proptest::collection::vec(0_i64..6, 2)),
            content in proptest::collection::vec(0_u8..3, 0..60),
        ) {
            let stream = stream(&[kind, first, second], index.as_deref(), content);
            let ours = records(&stream);
            let theirs = decode_xref_stream(stream).ok().map(|(table, _)| table.entries);
            prop_assert_eq!(ours.is_some(), theirs.is_some());
            let theirs: Vec<_> = theirs.into_iter().flatten().map(|(number, entry)| {
                let entry = match entry {
                    XrefEntry::Normal { offset, generation } if offset > 0 => Entry::At { offset, generation },
                    XrefEntry::Compressed { container, index } => Entry::Within { container, index },
                    _ => Entry::Free,
                };
                (number, entry)
            }).collect();
            prop_assert_eq!(ours.unwrap_or_default(), theirs);
        }
    }

    #[test]
    fn records_that_are_too_large_or_too_many_are_refused() {
        for (widths, index, content) in [
            (&[1, 9, 1][..], None, vec![1; 44]),
            (&[0, 0, 0], None, vec![1; 12]),
            (&[1, 2], None, vec![1; 12]),
            (&[1, -1, 1], None, vec![1; 12]),
            // More than there are octets for, or than can be counted.
            (&[1, 2, 1], Some(&[0, 5][..]), vec![1; 16]),
            (&[1, 2, 1], Some(&[0, i64::MAX, 0, i64::MAX, 0, 3]), vec![1; 16]),
            (&[1, 2, 1], Some(&[i64::from(u32::MAX), 2]), vec![1; 16]),
            // A generation and an object of a stream have two octets.
            (&[1, 1, 3], None, vec![1; 20]),
        ] {
            assert_eq!(records(&stream(widths, index, content)), None, "{widths:?} {index:?}");
        }
    }

    #[test]
    fn a_line_of_a_table_is_the_same_however_it_is_parted() {
        for (text, entry) in [
            ("0000000017 00000 n \n", Some((17, 0, true))),
            ("0000000017 65535 f\r\n", Some((17, 65_535, false))),
            ("17 1 n\n0000000018 00000", Some((17, 1, true))),
            ("0000000017 65536 n \n", None),
            ("0000000017 00000 x \n", None),
            ("00000000a7 00000 n \n", None),
        ] {
            let mut reader = Reader { octets: text.as_bytes(), at: 0 };
            let found = reader.line().or_else(|| reader.entry());
            assert_eq!(found, entry, "{text}");
        }
    }
}
