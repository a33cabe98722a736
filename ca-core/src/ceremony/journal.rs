//! The journal of a ceremony: one line of JSON for each thing done, each with the SHA-256 of the line before, durable
//! before the next thing is begun. The first line carries the SHA-256 of the script.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::fingerprint;
use crate::durable::sync_folder_of;

/// What is known of a thing done, by name.
pub type Facts = BTreeMap<String, String>;

/// One thing done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number, from 0.
    pub number: u64,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What.
    pub step: String,
    /// What is known of it.
    #[serde(default)]
    pub facts: Facts,
    /// SHA-256 of the line before; of the script, for the first.
    pub previous: String,
}

impl Entry {
    /// The line, without its end.
    ///
    /// # Errors
    /// None for strings and times.
    pub(super) fn line(&self) -> Result<String, JournalError> {
        serde_json::to_string(self)
            .map_err(|error| JournalError::Altered { line: self.number + 1, why: error.to_string() })
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
    head: String,
}

impl Journal {
    /// Opens a journal, or begins one. A line that a power cut left unfinished is cut off: what it would have said was
    /// not done, or is found done by its outcome.
    ///
    /// # Errors
    /// Another process writes it, it was altered, or it belongs to another script.
    pub fn open(path: &Path, script_sha256: &str) -> Result<Self, JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::Held(path.to_owned()),
            TryLockError::Error(source) => failed(source),
        })?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let whole = text.iter().rposition(|octet| *octet == b'\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let entries = read(text.get(..whole).unwrap_or_default())?;
        let head = chain(&entries, script_sha256)?;
        Ok(Self { path: path.to_owned(), file, entries, head })
    }

    /// Writes a thing done; durable when this returns.
    ///
    /// # Errors
    /// It cannot be written, or the clock went back behind the last entry.
    pub fn append(&mut self, step: &str, facts: Facts, at: OffsetDateTime) -> Result<(), JournalError> {
        if let Some(last) = self.entries.last().filter(|last| last.at > at) {
            return Err(JournalError::ClockWentBack { last: last.at, now: at });
        }
        let number = self.entries.len() as u64;
        let entry = Entry { number, at, step: step.to_owned(), facts, previous: self.head.clone() };
        let line = entry.line()?;
        self.write(&line)?;
        self.head = fingerprint(line.as_bytes());
        self.entries.push(entry);
        Ok(())
    }

    fn write(&mut self, line: &str) -> Result<(), JournalError> {
        let written = self.file.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.file.sync_all());
        let synced = written.and_then(|()| {
            // The first line is only there when its file's name is.
            if self.entries.is_empty() { sync_folder_of(&self.path) } else { Ok(()) }
        });
        synced.map_err(|source| JournalError::File { path: self.path.clone(), source })
    }

    /// The first entry of a step, if it was done.
    pub fn find(&self, step: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.step == step)
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// SHA-256 of the last line.
    pub fn head(&self) -> &str {
        &self.head
    }
}

fn read(text: &[u8]) -> Result<Vec<Entry>, JournalError> {
    let lines = text.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
    let read = |(number, line): (u64, &[u8])| {
        serde_json::from_slice(line)
            .map_err(|error| JournalError::Altered { line: number + 1, why: error.to_string() })
    };
    (0..).zip(lines).map(read).collect()
}

/// Checks that entries follow each other from the script on; gives the SHA-256 of the last.
///
/// # Errors
/// The first that does not follow.
pub fn chain(entries: &[Entry], script_sha256: &str) -> Result<String, JournalError> {
    let mut head = script_sha256.to_owned();
    let mut last = None;
    for (number, entry) in (0..).zip(entries) {
        let broken = |why: &str| JournalError::Altered { line: number + 1, why: why.to_owned() };
        if number == 0 && entry.previous != head {
            return Err(JournalError::OtherScript);
        }
        if entry.previous != head || entry.number != number {
            return Err(broken("it does not follow the line before"));
        }
        if last.is_some_and(|last| last > entry.at) {
            return Err(broken("it is earlier than the line before"));
        }
        last = Some(entry.at);
        head = fingerprint(entry.line()?.as_bytes());
    }
    Ok(head)
}

/// A journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process conducts the ceremony.
    #[error("another process conducts the ceremony of {}", .0.display())]
    Held(PathBuf),
    /// It was altered.
    #[error("the journal was altered: line {line}: {why}")]
    Altered {
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// It was begun with another script.
    #[error("the journal was begun with another script")]
    OtherScript,
    /// The clock went back.
    #[error(
        "the clock went back: it says {}, and the last thing was done {}; set it right and resume",
        crate::clock::in_words(*now), crate::clock::in_words(*last)
    )]
    ClockWentBack {
        /// When the last thing was done.
        last: OffsetDateTime,
        /// What the clock says.
        now: OffsetDateTime,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use time::macros::datetime;

    use super::*;

    fn facts(name: &str) -> Facts {
        Facts::from([("name".to_owned(), name.to_owned())])
    }

    #[test]
    fn what_was_written_is_found_again_and_half_a_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, "script").unwrap();
        journal.append("one", facts("a"), datetime!(2026-01-01 00:00 UTC)).unwrap();
        journal.append("two", facts("b"), datetime!(2026-01-01 00:01 UTC)).unwrap();
        let head = journal.head().to_owned();
        assert!(matches!(Journal::open(&path, "script"), Err(JournalError::Held(_))));
        drop(journal);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"number\":2,\"at\":\"2026");
        std::fs::write(&path, text).unwrap();
        let mut journal = Journal::open(&path, "script").unwrap();
        assert_eq!((journal.entries().len(), journal.head()), (2, head.as_str()));
        let back = journal.append("three", Facts::new(), datetime!(2026-01-01 00:00:59 UTC));
        assert!(matches!(back, Err(JournalError::ClockWentBack { .. })));
        journal.append("three", Facts::new(), datetime!(2026-01-01 00:01 UTC)).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path, "script").unwrap().find("three").unwrap().number, 2);
        assert!(matches!(Journal::open(&path, "other"), Err(JournalError::OtherScript)));
    }

    #[test]
    fn an_altered_line_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, "script").unwrap();
        for step in ["one", "two", "three"] {
            journal.append(step, facts(step), datetime!(2026-01-01 00:00 UTC)).unwrap();
        }
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"name\":\"two\"", "\"name\":\"zwo\"")).unwrap();
        let error = Journal::open(&path, "script").unwrap_err();
        assert!(matches!(error, JournalError::Altered { line: 3, .. }), "{error}");
    }
}
