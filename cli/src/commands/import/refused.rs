//! Rows that were refused, in the list's own form with the reason in front, to be mended and fed again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::columns::{Header, REFUSED};
use super::list::{List, Raw};
use super::part::Pending;
use crate::client::records::Refusal;
use crate::failure::Failure;
use crate::files;

/// The form they are written in.
#[derive(Debug)]
enum Form {
    Csv { header: Header, delimiter: u8 },
    Jsonl,
}

/// The file of refused rows; it is made with the first of them.
#[derive(Debug)]
pub(super) struct Refused {
    path: PathBuf,
    form: Form,
    file: Option<BufWriter<File>>,
    octets: u64,
}

impl Refused {
    /// Refused rows of a list, of which `octets` are written already: what is behind these is cut off.
    ///
    /// # Errors
    /// The file cannot be written; or nothing was written and it exists: what somebody is mending is not overwritten.
    pub(super) fn of(list: &List, path: &Path, octets: u64, goes_on: bool) -> Result<Self, Failure> {
        let form = match list {
            List::Csv(rows) => Form::Csv { header: rows.header().clone(), delimiter: rows.delimiter() },
            List::Jsonl(_) => Form::Jsonl,
        };
        let mut refused = Self { path: path.to_owned(), form, file: None, octets };
        if !goes_on {
            files::must_be_free(path).map_err(|failure| {
                failure.fix("it holds rows that were refused before: import or move it, or name another with --refused")
            })?;
        } else if path.exists() {
            refused.open(false).map_err(|error| files::unwritable(path, &error))?;
        }
        Ok(refused)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn add(&mut self, row: &Pending, why: &Refusal) -> Result<(), Failure> {
        let path = self.path.clone();
        let said = format!("line {}: {} ({}); {}", row.number, why.detail, why.code, why.fix);
        let written = match self.form {
            Form::Csv { ref header, delimiter } => csv_row(header, delimiter, &row.raw, &said),
            Form::Jsonl => Ok(json_row(&row.raw, &said)),
        };
        written.and_then(|written| self.write(&written)).map_err(|error| files::unwritable(&path, &error))
    }

    /// Makes durable what was added: how many octets that is.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn settle(&mut self) -> Result<u64, Failure> {
        if let Some(file) = &mut self.file {
            let settled = file.flush().and_then(|()| file.get_ref().sync_data());
            settled.map_err(|error| files::unwritable(&self.path, &error))?;
        }
        Ok(self.octets)
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.open(true)?;
            if let Form::Csv { header, delimiter } = &self.form {
                // Spreadsheets take a file for UTF-8 by this mark.
                let names = std::iter::once(REFUSED).chain(header.names().filter(|name| *name != REFUSED));
                let first = csv_line(*delimiter, names.map(str::as_bytes))?;
                self.append(&[b"\xef\xbb\xbf", first.as_slice()].concat())?;
            }
        }
        self.append(octets)
    }

    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(octets)?;
        self.octets += octets.len() as u64;
        Ok(())
    }

    fn open(&mut self, new: bool) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(new).mode(0o600).open(&self.path)?;
        file.set_len(self.octets)?;
        file.seek(SeekFrom::End(0))?;
        // Nothing of it counts yet: its first line is written with the first row.
        self.file = (new || self.octets > 0).then(|| BufWriter::new(file));
        if self.file.is_none() {
            std::fs::remove_file(&self.path)?;
        }
        Ok(())
    }
}

fn csv_row(header: &Header, delimiter: u8, raw: &Raw, said: &str) -> io::Result<Vec<u8>> {
    let cells: &[Vec<u8>] = match raw {
        Raw::Cells(cells) => cells,
        Raw::Line(_) | Raw::TooLong => &[],
    };
    let own = header.names().map(Some).chain(std::iter::repeat(None)).zip(cells);
    let own = own.filter(|(name, _)| *name != Some(REFUSED)).map(|(_, cell)| cell.as_slice());
    csv_line(delimiter, std::iter::once(said.as_bytes()).chain(own))
}

fn csv_line<'a>(delimiter: u8, cells: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder.delimiter(delimiter).flexible(true).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// What cannot be read as an object stands as text beside the reason.
fn json_row(raw: &Raw, said: &str) -> Vec<u8> {
    let line = match raw {
        Raw::Line(line) => line.as_slice(),
        Raw::Cells(_) | Raw::TooLong => &[],
    };
    let mut row = Map::new();
    row.insert(REFUSED.to_owned(), json!(said));
    match serde_json::from_slice(line) {
        Ok(Value::Object(members)) => row.extend(members.into_iter().filter(|(name, _)| name != REFUSED)),
        _ if line.is_empty() => {}
        _ => drop(row.insert("line".to_owned(), json!(String::from_utf8_lossy(line)))),
    }
    let mut text = Value::Object(row).to_string().into_bytes();
    text.push(b'\n');
    text
}
