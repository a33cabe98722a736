//! Writing a journal: many threads hand in digests, one worker writes and flushes them together.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::entry::{Entry, WIDTH};
use super::header::{self, JournalHeader};
use super::{Digest, JournalError, JournalId, JournalMark, JournalPlace};
use crate::clock::{Clock, Entropy};
use crate::durable::sync_folder;
use crate::storage::group::{Group, Linger, Most};

/// The most entries that share one flush.
const MOST: Most = Most { items: 1_024, octets: usize::MAX };

/// A journal that is written.
#[derive(Debug)]
pub struct SignatureJournal {
    header: JournalHeader,
    path: PathBuf,
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    callers: Group<Digest, Result<u64, JournalError>>,
    end: Mutex<End>,
}

/// Where the journal ends: what of it is durable.
#[derive(Debug, Clone, Copy)]
struct End {
    count: u64,
    chain: Digest,
}

impl SignatureJournal {
    /// Opens a journal, or begins it. A line that a crash left half written is cut off: its entry was not durable, so the
    /// key was not used.
    ///
    /// # Errors
    /// The file cannot be read or written, is another's, or another process holds it.
    pub fn open(
        place: &JournalPlace,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, JournalError> {
        let path = place.path();
        let failed = JournalError::file(&path);
        std::fs::create_dir_all(&place.folder).map_err(&failed)?;
        let mut file = held(&path)?;
        let header = match read_header(&mut file).map_err(&failed)? {
            Some(line) => {
                let foreign = |why: &str| JournalError::Foreign { path: path.clone(), why: why.to_owned() };
                let header = JournalHeader::parse(&line).map_err(foreign)?;
                belongs(&header, place).map_err(foreign)?;
                header
            }
            None => begin(&mut file, place, clock.as_ref(), entropy, &path)?,
        };
        let end = repair(&mut file, &header).map_err(&failed)?;
        let shared = Arc::new(Shared { callers: Group::default(), end: Mutex::new(end) });
        let writer = Writer { file, path: path.clone(), shared: Arc::clone(&shared), clock };
        let worker = std::thread::Builder::new()
            .name("signature-journal".to_owned())
            .spawn(move || writer.run())
            .map_err(&failed)?;
        Ok(Self { header, path, shared, worker: Some(worker) })
    }

    /// Notes that the key is about to sign what has this digest. Returns when that is durable, with the entry's number.
    ///
    /// # Errors
    /// It could not be noted; the key must not be used.
    pub fn record(&self, digest: Digest) -> Result<u64, JournalError> {
        let stopped = || JournalError::Stopped(self.path.clone());
        self.shared.callers.submit(digest).ok_or_else(stopped)?
    }

    /// Whose it is.
    pub const fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How far it has come.
    pub fn mark(&self) -> JournalMark {
        let End { count, chain } = *self.shared.end();
        JournalMark { journal: self.header.journal.clone(), count, chain }
    }
}

impl Drop for SignatureJournal {
    fn drop(&mut self) {
        self.shared.callers.close();
        if let Some(worker) = self.worker.take() {
            // A worker that panicked has sent its callers away.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn end(&self) -> std::sync::MutexGuard<'_, End> {
        // Nothing panics while it is held.
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that writes.
struct Writer {
    file: File,
    path: PathBuf,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

impl Writer {
    fn run(mut self) {
        while let Some(taken) = self.shared.callers.take(MOST, Linger::NOT, |_| 1) {
            let before = self.shared.end().count;
            let digests: Vec<Digest> = taken.iter().map(|waiting| waiting.item).collect();
            let written = self.write(&digests).map_err(JournalError::file(&self.path));
            for (waiting, sequence) in taken.into_iter().zip(before + 1..) {
                waiting.answer.give(written.clone().map(|()| sequence));
            }
            if written.is_err() {
                // What a failed flush left on the disk nobody knows: opening the journal again finds out.
                self.shared.callers.abandon();
                return;
            }
        }
    }

    fn write(&mut self, digests: &[Digest]) -> std::io::Result<()> {
        let mut end = *self.shared.end();
        let mut lines = String::with_capacity(digests.len() * WIDTH);
        let at = self.clock.now();
        for digest in digests {
            let entry = Entry { sequence: end.count + 1, at, digest: *digest };
            let (line, chain) = entry.line(end.chain);
            if line.len() != WIDTH {
                return Err(ErrorKind::InvalidData.into());
            }
            lines.push_str(&line);
            end = End { count: entry.sequence, chain };
        }
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        *self.shared.end() = end;
        Ok(())
    }
}

/// Opens the file for this process alone.
fn held(path: &Path) -> Result<File, JournalError> {
    let failed = JournalError::file(path);
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(0o640);
    let file = options.open(path).map_err(&failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Held(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The first line, if the file has a whole one.
fn read_header(file: &mut File) -> std::io::Result<Option<String>> {
    let mut start = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(header::MOST as u64).read_to_end(&mut start)?;
    let Some(end) = start.iter().position(|byte| *byte == b'\n') else {
        // Fewer octets than a first line has: a crash came before its end.
        return if start.len() < header::MOST { Ok(None) } else { Err(ErrorKind::InvalidData.into()) };
    };
    start.truncate(end + 1);
    String::from_utf8(start).map(Some).map_err(|_| ErrorKind::InvalidData.into())
}

fn belongs(header: &JournalHeader, place: &JournalPlace) -> Result<(), &'static str> {
    let JournalPlace { folder: _, ca, node, key } = place;
    let faults = [
        (header.ca != *ca, "it is of another CA"),
        (header.node != *node, "it is of another node"),
        (header.key != *key, "it is of another key"),
    ];
    faults.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, why)| Err(why))
}

fn begin(
    file: &mut File,
    place: &JournalPlace,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    path: &Path,
) -> Result<JournalHeader, JournalError> {
    let mut random = [0; 16];
    entropy.fill(&mut random).map_err(|_| JournalError::Entropy)?;
    let header = JournalHeader {
        journal: JournalId::of(random),
        ca: place.ca.clone(),
        node: place.node.clone(),
        key: place.key,
        begun: clock.now(),
    };
    let mut write = || {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(header.line().as_bytes())?;
        file.sync_all()?;
        // The name is durable when the folder is.
        sync_folder(&place.folder)
    };
    write().map_err(JournalError::file(path))?;
    // As it will be read again: to the microsecond.
    JournalHeader::parse(&header.line())
        .map_err(|why| JournalError::Foreign { path: path.to_owned(), why: why.to_owned() })
}

/// Finds the last entry that fits the one before it, cuts off what a crash left after it, and goes there.
fn repair(file: &mut File, header: &JournalHeader) -> std::io::Result<End> {
    let start = header.line().len() as u64;
    let length = file.metadata()?.len();
    let whole = length.saturating_sub(start) / WIDTH as u64;
    let mut count = whole;
    // A turn of the worker is written at once, and a crash may leave any part of it.
    while count > 0 && whole - count < MOST.items as u64 && !fits(file, header, count)? {
        count -= 1;
    }
    let chain = chain_at(file, header, count)?.ok_or(ErrorKind::InvalidData)?;
    let end = start + count * WIDTH as u64;
    if end < length {
        tracing::warn!(
            entries = whole - count,
            octets = length - end,
            "the end of a journal of signatures was half written and is cut off"
        );
        file.set_len(end)?;
        file.sync_all()?;
    }
    file.seek(SeekFrom::Start(end))?;
    Ok(End { count, chain })
}

fn fits(file: &File, header: &JournalHeader, sequence: u64) -> std::io::Result<bool> {
    let Some(before) = chain_at(file, header, sequence - 1)? else { return Ok(false) };
    let found = entry_at(file, header, sequence)?;
    Ok(found.is_some_and(|(entry, chain)| entry.sequence == sequence && entry.chain(before) == chain))
}

/// The chain that stands at an entry; before the first it is the header's.
pub(super) fn chain_at(
    file: &File,
    header: &JournalHeader,
    sequence: u64,
) -> std::io::Result<Option<Digest>> {
    if sequence == 0 {
        return Ok(Some(header.chain()));
    }
    Ok(entry_at(file, header, sequence)?.map(|(_, chain)| chain))
}

fn entry_at(file: &File, header: &JournalHeader, sequence: u64) -> std::io::Result<Option<(Entry, Digest)>> {
    let mut line = [0; WIDTH];
    let at = header.line().len() as u64 + (sequence - 1) * WIDTH as u64;
    match file.read_exact_at(&mut line, at) {
        Ok(()) => Ok(Entry::parse(&line)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
