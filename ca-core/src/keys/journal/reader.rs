//! Reading a journal, also while it is written.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::entry::{Entry, WIDTH};
use super::file::chain_at;
use super::header::{self, JournalHeader};
use super::{Digest, JournalError};

/// A journal as an auditor reads it.
#[derive(Debug)]
pub struct JournalReader {
    header: JournalHeader,
    path: PathBuf,
    file: File,
}

/// What stands in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// An entry that continues the one before it.
    Sound(Entry),
    /// An entry whose number or chain does not continue the one before it: something was taken out, put in or altered.
    Broken(Entry),
    /// No entry.
    Unreadable,
}

impl JournalReader {
    /// Opens a journal.
    ///
    /// # Errors
    /// The file cannot be read, or is no journal.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = JournalError::file(path);
        let foreign = |why: &str| JournalError::Foreign { path: path.to_owned(), why: why.to_owned() };
        let file = File::open(path).map_err(&failed)?;
        let mut start = Vec::new();
        (&file).take(header::MOST as u64).read_to_end(&mut start).map_err(&failed)?;
        let end =
            start.iter().position(|byte| *byte == b'\n').ok_or_else(|| foreign("it has no first line"))?;
        start.truncate(end + 1);
        let line = String::from_utf8(start).map_err(|_| foreign("its first line is no text"))?;
        let header = JournalHeader::parse(&line).map_err(foreign)?;
        Ok(Self { header, path: path.to_owned(), file })
    }

    /// All journals in a folder, files called `*.journal`. None if there is no folder.
    ///
    /// # Errors
    /// One of them cannot be read, or is no journal.
    pub fn in_folder(folder: &Path) -> Result<Vec<Self>, JournalError> {
        let failed = JournalError::file(folder);
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(&failed)?.path();
            if path.extension().is_some_and(|extension| extension == "journal") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| Self::open(path)).collect()
    }

    /// Whose it is.
    pub const fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many whole lines it has now.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count(&self) -> Result<u64, JournalError> {
        let length = self.file.metadata().map_err(JournalError::file(&self.path))?.len();
        Ok(length.saturating_sub(self.header.line().len() as u64) / WIDTH as u64)
    }

    /// The chain that stands at entry `sequence`; at 0 the one before the first. `None` where there is no such entry.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn chain(&self, sequence: u64) -> Result<Option<Digest>, JournalError> {
        chain_at(&self.file, &self.header, sequence).map_err(JournalError::file(&self.path))
    }

    /// At most `limit` lines after the first `read`, each judged by the one before it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lines(&self, read: u64, limit: usize) -> Result<Vec<Line>, JournalError> {
        let left = usize::try_from(self.count()?.saturating_sub(read)).unwrap_or(usize::MAX);
        let mut octets = vec![0; left.min(limit) * WIDTH];
        let at = self.header.line().len() as u64 + read * WIDTH as u64;
        self.file.read_exact_at(&mut octets, at).map_err(JournalError::file(&self.path))?;
        let mut before = self.chain(read)?;
        let lines = octets.chunks_exact(WIDTH).zip(read + 1..).map(|(line, sequence)| {
            let Some((entry, chain)) = Entry::parse(line) else {
                before = None;
                return Line::Unreadable;
            };
            let continues = before.is_some_and(|before| entry.chain(before) == chain);
            before = Some(chain);
            if continues && entry.sequence == sequence { Line::Sound(entry) } else { Line::Broken(entry) }
        });
        Ok(lines.collect())
    }
}
