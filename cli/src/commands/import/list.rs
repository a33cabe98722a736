//! A list as it is read: a row at a time, each within a bound, whatever the file holds.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use serde_json::Value;

use super::Format;
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use crate::failure::Failure;
use crate::files;

/// The most octets of a row. What is longer is skipped without being held, and refused.
pub(super) const MOST: usize = 32 * 1024;

/// A row as it stands in the list: what refused rows are written from.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    /// Cells of CSV.
    Cells(Vec<Vec<u8>>),
    /// A line.
    Line(Vec<u8>),
    /// It was too long to be held.
    TooLong,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line on which it begins.
    pub(super) number: u64,
    pub(super) raw: Raw,
    /// The identity in it, or why there is none.
    pub(super) identity: Result<Value, String>,
}

/// Where to read on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Octets from the file's beginning.
    pub(super) offset: u64,
    /// The number of the last row before; 0 before the first.
    pub(super) row: u64,
    /// The line that begins there, from 1.
    pub(super) line: u64,
}

/// An open list.
#[derive(Debug)]
pub(super) enum List {
    Csv(Box<CsvRows<BufReader<File>>>),
    Jsonl(JsonRows<BufReader<File>>),
}

impl List {
    /// Opens a list and checks its schema: the first line of CSV, the first object of JSON Lines.
    ///
    /// # Errors
    /// It cannot be read, or its first line is not what such a list begins with.
    pub(super) fn open(path: &Path, format: Format, kind: Option<&str>) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| files::unreadable(path, &error))?;
        let mut reader = BufReader::with_capacity(256 * 1024, file);
        let beginning = reader.fill_buf().map_err(|error| files::unreadable(path, &error))?;
        if beginning.starts_with(&[0xff, 0xfe]) || beginning.starts_with(&[0xfe, 0xff]) {
            return Err(files::no_list(path, "it is UTF-16")
                .fix("save it as \"CSV UTF-8\", or convert it: iconv -f UTF-16 -t UTF-8"));
        }
        let mark = if beginning.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        reader.consume(mark);
        let begun = Place { offset: mark as u64, row: 0, line: 1 };
        let kind = kind.map(str::to_owned);
        let list = match format {
            Format::Csv => CsvRows::begin(reader, begun, kind).map(|rows| Self::Csv(Box::new(rows))),
            Format::Jsonl => JsonRows::begin(reader, begun, kind).map(Self::Jsonl),
        };
        list.map_err(|cause| files::no_list(path, cause))
    }

    /// Goes on from a place that [`List::place`] told before.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn go_on(&mut self, place: Place) -> std::io::Result<()> {
        match self {
            Self::Csv(rows) => rows.go_on(place),
            Self::Jsonl(rows) => rows.go_on(place),
        }
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::Csv(rows) => rows.place(),
            Self::Jsonl(rows) => rows.place(),
        }
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Row>> {
        match self {
            Self::Csv(rows) => rows.next(),
            Self::Jsonl(rows) => rows.next(),
        }
    }
}

/// Moves a reader to an offset.
pub(super) fn seek<R: Seek>(reader: &mut R, offset: u64) -> std::io::Result<()> {
    reader.seek(SeekFrom::Start(offset)).map(|_| ())
}
