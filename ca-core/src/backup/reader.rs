//! Reading a backup, item by item: nothing is given out of order, and the last item only when everything before it is
//! what was written.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use age::DecryptError;
use age::stream::StreamReader;
use lz4_flex::frame::FrameDecoder;
use serde::de::DeserializeOwned;

use super::content::{entry_parts, file};
use super::frame::{Frame, FrameReader, Kind, NoFrame, Passed};
use super::positions::Positions;
use super::{BackupError, BackupFile, FORMAT, Header, Identity, MOST_FILES, Progress, Trailer};
use crate::ledger::{EVENTS, Position};
use crate::storage::Table;

/// One item of a backup.
pub(super) enum Item {
    File(BackupFile),
    Entry(Entry),
    /// The end, after which nothing comes.
    End(Trailer),
}

/// An entry of a table that this version knows.
pub(super) struct Entry {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// Where in the file reading stands.
#[derive(Debug, Clone, Default)]
struct Place(Rc<Spot>);

#[derive(Debug, Default)]
struct Spot {
    octets: Cell<u64>,
    /// Whether the system refused to read: then the file is not to blame.
    failed: Cell<bool>,
}

/// The file itself, counted.
struct Source<R> {
    input: R,
    place: Place,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer);
        let spot = &self.place.0;
        match &read {
            Ok(octets) => spot.octets.set(spot.octets.get() + *octets as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => spot.failed.set(true),
        }
        read
    }
}

impl Place {
    fn octets(&self) -> u64 {
        self.0.octets.get()
    }

    fn damaged(&self, why: impl Into<String>) -> BackupError {
        BackupError::Damaged { at: self.octets(), why: why.into() }
    }

    fn io(&self, error: io::Error) -> BackupError {
        match error.kind() {
            _ if self.0.failed.get() => BackupError::Read(error),
            io::ErrorKind::UnexpectedEof => BackupError::Truncated { octets: self.octets() },
            _ => self.damaged("it was altered, its authentication fails"),
        }
    }

    fn no_frame(&self, cause: NoFrame) -> BackupError {
        match cause {
            NoFrame::Io(error) => self.io(error),
            NoFrame::Malformed(why) => self.damaged(why),
            NoFrame::OtherFormat(format) => BackupError::Newer { what: format!("the format {format}") },
        }
    }

    fn undecrypted(&self, cause: DecryptError) -> BackupError {
        match cause {
            DecryptError::Io(error) => self.io(error),
            DecryptError::NoMatchingKeys => BackupError::WrongIdentity,
            DecryptError::InvalidMac | DecryptError::DecryptionFailed => self.damaged("its head was altered"),
            _ => BackupError::NotABackup,
        }
    }
}

/// A backup being read.
pub(super) struct Reader<'a, R: Read> {
    frames: FrameReader<FrameDecoder<StreamReader<BufReader<Source<R>>>>>,
    place: Place,
    header: Header,
    tables: &'a [Table],
    files: u64,
    entries: u64,
    positions: Positions,
}

impl<'a, R: Read> Reader<'a, R> {
    /// Opens a backup and reads its header.
    pub(super) fn open(input: R, identities: &[Identity], tables: &'a [Table]) -> Result<Self, BackupError> {
        let place = Place::default();
        let source = BufReader::new(Source { input, place: place.clone() });
        let decryptor = age::Decryptor::new_buffered(source).map_err(|cause| place.undecrypted(cause))?;
        let decrypted = decryptor
            .decrypt(identities.iter().map(Identity::as_age))
            .map_err(|cause| place.undecrypted(cause))?;
        let frames = FrameReader::begin(FrameDecoder::new(decrypted));
        let mut frames = frames.map_err(|cause| place.no_frame(cause))?;
        let first = frames.next().map_err(|cause| place.no_frame(cause))?;
        if first.kind != Kind::Header {
            return Err(place.damaged("it does not begin with its header"));
        }
        let header: Header = document(&first, &place)?;
        if header.format != FORMAT {
            return Err(BackupError::Newer { what: format!("the format {}", header.format) });
        }
        Ok(Self { frames, place, header, tables, files: 0, entries: 0, positions: Positions::default() })
    }

    /// What the backup says of itself at its beginning.
    pub(super) const fn header(&self) -> &Header {
        &self.header
    }

    /// How far reading has come.
    pub(super) fn progress(&self) -> Progress {
        Progress { entries: self.entries, octets: self.place.octets() }
    }

    /// The next item. None may be asked for after [`Item::End`].
    pub(super) fn next(&mut self) -> Result<Item, BackupError> {
        let frame = self.frames.next().map_err(|cause| self.place.no_frame(cause))?;
        match frame.kind {
            Kind::Header => Err(self.place.damaged("it has a second header")),
            Kind::File => self.file(&frame.payload).map(Item::File),
            Kind::Put | Kind::Removal => self.entry(&frame).map(Item::Entry),
            Kind::Trailer => self.end(&frame).map(Item::End),
        }
    }

    fn file(&mut self, octets: &[u8]) -> Result<BackupFile, BackupError> {
        self.files += 1;
        if self.entries > 0 || self.files > MOST_FILES {
            return Err(self.place.damaged("it has a file where none can be"));
        }
        file(octets).map_err(|why| self.place.damaged(why))
    }

    fn entry(&mut self, frame: &Frame) -> Result<Entry, BackupError> {
        self.entries += 1;
        let parts = entry_parts(&frame.payload);
        let parts = parts.ok_or_else(|| self.place.damaged("an entry's octets are in disorder"))?;
        let table = self.tables.iter().find(|table| table.name() == parts.table);
        let table =
            *table.ok_or_else(|| BackupError::Newer { what: format!("the table {:?}", parts.table) })?;
        let value = (frame.kind == Kind::Put).then(|| parts.value.to_vec());
        if table == EVENTS {
            self.event(parts.key, value.as_deref()).map_err(|why| self.place.damaged(why))?;
        }
        Ok(Entry { table, key: parts.key.to_vec(), value })
    }

    fn event(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        if value.is_none() {
            return Err("it removes an event of the ledger".to_owned());
        }
        self.positions.insert(Position::from_key(key).map_err(|error| error.to_string())?.0)
    }

    fn end(&mut self, frame: &Frame) -> Result<Trailer, BackupError> {
        let trailer: Trailer = document(frame, &self.place)?;
        let passed = Passed { octets: trailer.octets, sha256: trailer.sha256.clone() };
        if self.frames.before_trailer() != Some(&passed) {
            return Err(self.place.damaged("what was read is not what its trailer tells of"));
        }
        if (trailer.files, trailer.entries) != (self.files, self.entries) {
            return Err(self.place.damaged("its trailer counts otherwise"));
        }
        self.positions.demand_all(trailer.ledger_size).map_err(|why| self.place.damaged(why))?;
        self.nothing_follows()?;
        Ok(trailer)
    }

    /// age marks its last chunk: only who reads to the end knows that nothing was cut off there.
    fn nothing_follows(&mut self) -> Result<(), BackupError> {
        let compressed = self.frames.input();
        let mut octet = [0];
        let more = compressed.read(&mut octet).map_err(|error| self.place.io(error))?;
        let more = more + compressed.get_mut().read(&mut octet).map_err(|error| self.place.io(error))?;
        if more == 0 { Ok(()) } else { Err(self.place.damaged("something follows its trailer")) }
    }
}

fn document<T: DeserializeOwned>(frame: &Frame, place: &Place) -> Result<T, BackupError> {
    serde_json::from_slice(&frame.payload).map_err(|error| {
        place.damaged(format!(
            "its {} cannot be read: {error}",
            if frame.kind == Kind::Header { "header" } else { "trailer" }
        ))
    })
}
