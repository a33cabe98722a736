//! Rows of CSV. A quote that is never closed makes one row of all the rest: what passes the bound is thrown away while it
//! is read.

use std::io::{BufRead, Seek};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::columns::Header;
use super::list::{MOST, Place, Raw, Row, seek};

/// The most cells of a row: more than there are columns.
const CELLS: usize = 64;

#[derive(Debug)]
pub(super) struct CsvRows<R> {
    input: R,
    parser: Reader,
    header: Header,
    kind: Option<String>,
    delimiter: u8,
    place: Place,
    cells: Box<[u8]>,
    ends: [usize; CELLS],
    ended: bool,
}

/// A record as it was read.
enum Record {
    Cells(Vec<Vec<u8>>),
    TooLong,
}

impl<R: BufRead + Seek> CsvRows<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// It cannot be read, or is no header: says why.
    pub(super) fn begin(mut input: R, place: Place, kind: Option<String>) -> Result<Self, String> {
        let beginning = input.fill_buf().map_err(|error| error.to_string())?;
        let delimiter = delimiter(beginning);
        let parser = ReaderBuilder::new().delimiter(delimiter).build();
        let (cells, header) = (vec![0; MOST].into_boxed_slice(), Header::read(&["kind".to_owned()], None)?);
        let mut rows =
            Self { input, parser, header, kind, delimiter, place, cells, ends: [0; CELLS], ended: false };
        let names = match rows.record().map_err(|error| error.to_string())? {
            Some((_, Record::Cells(cells))) => {
                let name = |cell: Vec<u8>| String::from_utf8(cell).map_err(|_| "its first line is not UTF-8");
                cells.into_iter().map(name).collect::<Result<Vec<_>, _>>()?
            }
            Some((_, Record::TooLong)) => {
                return Err("its first line does not end where names of columns would".to_owned());
            }
            None => return Err("it is empty: its first line names the columns".to_owned()),
        };
        rows.header = Header::read(&names, rows.kind.as_deref())?;
        Ok(rows)
    }

    pub(super) const fn header(&self) -> &Header {
        &self.header
    }

    pub(super) const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) fn go_on(&mut self, place: Place) -> std::io::Result<()> {
        seek(&mut self.input, place.offset)?;
        self.parser.reset();
        self.parser.set_line(place.line);
        (self.place, self.ended) = (place, false);
        Ok(())
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<Row>> {
        let Some((number, record)) = self.record()? else { return Ok(None) };
        Ok(Some(match record {
            Record::Cells(cells) => {
                let identity = self.header.identity(&cells, self.kind.as_deref());
                Row { number, raw: Raw::Cells(cells), identity }
            }
            Record::TooLong => {
                let why = format!(
                    "it is longer than {MOST} octets, or has more than {CELLS} cells; perhaps a quote is not closed"
                );
                Row { number, raw: Raw::TooLong, identity: Err(why) }
            }
        }))
    }

    fn record(&mut self) -> std::io::Result<Option<(u64, Record)>> {
        if self.ended {
            return Ok(None);
        }
        let (mut filled, mut ended, mut too_long) = (0, 0, false);
        let mut number = self.place.line;
        loop {
            let input = self.input.fill_buf()?;
            if filled == 0 && ended == 0 && !too_long {
                // Empty lines before a record are no part of it.
                let empty = input.iter().take_while(|octet| matches!(octet, b'\r' | b'\n'));
                number = self.parser.line() + empty.filter(|octet| **octet == b'\n').count() as u64;
            }
            let cells = self.cells.get_mut(filled..).unwrap_or_default();
            let ends = self.ends.get_mut(ended..).unwrap_or_default();
            let (result, read, written, closed) = self.parser.read_record(input, cells, ends);
            self.input.consume(read);
            self.place.offset += read as u64;
            (filled, ended) = (filled + written, ended + closed);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (filled, ended, too_long) = (0, 0, true);
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => {
                    self.ended = true;
                    return Ok(None);
                }
            }
        }
        // Ascending whatever ends the lines.
        let number = number.max(self.place.row + 1);
        (self.place.row, self.place.line) = (number, self.parser.line());
        Ok(Some((number, if too_long { Record::TooLong } else { Record::Cells(self.split(ended)) })))
    }

    fn split(&self, count: usize) -> Vec<Vec<u8>> {
        let mut from = 0;
        let cells = self.ends.iter().take(count).map(|end| {
            let cell = self.cells.get(from..*end).unwrap_or_default().to_vec();
            from = *end;
            cell
        });
        cells.collect()
    }
}

/// What separates the cells of the first line: spreadsheets write what their country uses.
pub(in crate::commands) fn delimiter(beginning: &[u8]) -> u8 {
    let line = beginning.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|octet| **octet == wanted).count();
    [b';', b'\t'].into_iter().fold(b',', |best, other| if count(other) > count(best) { other } else { best })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Cursor;

    use super::*;

    fn rows(text: &[u8]) -> CsvRows<Cursor<Vec<u8>>> {
        let place = Place { offset: 0, row: 0, line: 1 };
        CsvRows::begin(Cursor::new(text.to_vec()), place, Some("person".to_owned())).unwrap()
    }

    fn read(rows: &mut CsvRows<Cursor<Vec<u8>>>) -> Vec<(u64, Result<String, String>)> {
        let mut read = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            read.push((row.number, row.identity.map(|it| it["surname"].as_str().unwrap_or("-").to_owned())));
        }
        read
    }

    #[test]
    fn excel_and_unix_lists_are_read_alike_with_their_lines() {
        for text in [
            "surname,given_name,identifier\r\nA,x,1\r\n\r\n\"B\r\nb\",x,2\r\nC,x,3",
            "surname;given_name;identifier\nA;x;1\n\n\"B\nb\";x;2\nC;x;3\n",
        ] {
            let read = read(&mut rows(text.as_bytes()));
            assert_eq!(read.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 4, 6], "{read:?}");
            assert_eq!(read[2].1, Ok("C".to_owned()));
        }
    }

    #[test]
    fn a_row_beyond_the_bound_is_one_refused_row() {
        let long = "x".repeat(5 * MOST);
        let text = format!(
            "surname,given_name,identifier\nA,x,1\nB,{long},2\nC,x,3\nD{},x\nE,x,5\n",
            ",".repeat(200)
        );
        let read = read(&mut rows(text.as_bytes()));
        let refused: Vec<bool> = read.iter().map(|(_, row)| row.is_err()).collect();
        assert_eq!(refused, [false, true, false, true, false], "{read:?}");
    }

    #[test]
    fn reading_goes_on_from_every_place() {
        let text = "surname,given_name,identifier\r\nA,x,1\r\n\"B\r\nb\",x,2\r\n\r\nC,x,3\r\nD,x,4\r\n";
        let whole = read(&mut rows(text.as_bytes()));
        for count in 0..=whole.len() {
            let mut first = rows(text.as_bytes());
            for _ in 0..count {
                first.next().unwrap().unwrap();
            }
            let mut second = rows(text.as_bytes());
            second.go_on(first.place()).unwrap();
            assert_eq!(read(&mut second), whole[count..], "after {count}");
        }
    }

    #[test]
    fn garbage_is_read_to_its_end() {
        let garbage: Vec<u8> =
            (0..200_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut rows = rows(&[b"surname,given_name,identifier\n".as_slice(), &garbage].concat());
        let mut last = 1;
        while let Some(row) = rows.next().unwrap() {
            assert!(row.number > last);
            last = row.number;
        }
    }
}
