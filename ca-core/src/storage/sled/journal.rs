//! The journal: what makes a commit durable, before sled hears of it.
//!
//! sled's own flush costs several writes and hands its buffers to threads of its own; a journal needs one write and
//! one fdatasync(2) for each batch. Frames (see `frame.rs`) are appended to a file that already has its length: blocks
//! are written over, so that the sync need not write the file's metadata. A file that is full is set aside, and is
//! used again once sled has flushed what it holds (see `keeper.rs`).
//!
//! Files lie in the folder `journal`, each named by the number of its first frame in 16 hexadecimal digits; `spare` is
//! one to be used again. Frames are numbered without a gap. In the newest file the frames end where a block does not
//! hold the frame of the next number: there the process, or the machine, stopped. Everywhere else that is damage; so
//! it is when a later frame follows, or when sled has seen a frame that is not there.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::disk::{failed_at, make_folder, sync_folder};
use super::frame;
use crate::storage::StorageError;

/// Octets after which a journal file is full. What opening after a crash has to do again is at most a few of them.
const FULL: u64 = 32 * 1024 * 1024;
/// Octets by which a new file grows: at least, and at most.
const SMALL_STEP: u64 = 256 * 1024;
const LARGE_STEP: u64 = 8 * 1024 * 1024;
/// Full files that may wait for sled's flush. When there are more, commits wait.
const MOST_WAITING: usize = 3;
const SPARE: &str = "spare";

/// The files that are full, shared by who writes them and who retires them.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    files: Mutex<Files>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Files {
    full: VecDeque<Full>,
    /// Nobody will retire any more: the store stopped.
    given_up: bool,
    /// Set when a file was put on the shelf, for the one that retires.
    news: bool,
}

#[derive(Debug)]
struct Full {
    path: PathBuf,
    last: u64,
}

impl Shelf {
    /// The journal of the store in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.join("journal"), files: Mutex::default(), moved: Condvar::new() }
    }

    /// Removes the full files whose frames are all up to `number`; keeps one to be used again.
    pub(super) fn retire(&self, number: u64) -> Result<(), StorageError> {
        let mut files = self.files();
        let mut done = Vec::new();
        while files.full.front().is_some_and(|full| full.last <= number) {
            done.extend(files.full.pop_front().map(|full| full.path));
        }
        drop(files);
        let spare = self.folder.join(SPARE);
        for path in done {
            let gone = if spare.exists() { fs::remove_file(&path) } else { fs::rename(&path, &spare) };
            gone.map_err(|e| failed_at(&path, &e))?;
        }
        self.moved.notify_all();
        Ok(())
    }

    /// Waits until a file is full, but not longer than this.
    pub(super) fn wait_for_news(&self, longest: Duration) {
        let waited =
            self.moved.wait_timeout_while(self.files(), longest, |files| !files.news && !files.given_up);
        waited.unwrap_or_else(PoisonError::into_inner).0.news = false;
    }

    /// Keeps nobody waiting any more.
    pub(super) fn give_up(&self) {
        self.files().given_up = true;
        self.moved.notify_all();
    }

    fn put(&self, full: Full) {
        let mut files = self.files();
        files.full.push_back(full);
        files.news = true;
        self.moved.notify_all();
    }

    /// Waits until there are not too many.
    fn make_room(&self) -> Result<(), StorageError> {
        let crowded = |files: &mut Files| files.full.len() > MOST_WAITING && !files.given_up;
        let files = self.moved.wait_while(self.files(), crowded).unwrap_or_else(PoisonError::into_inner);
        if files.given_up { Err(StorageError("the journal is full".to_owned())) } else { Ok(()) }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The journal's end, where frames are appended.
#[derive(Debug)]
pub(super) struct Journal<'a> {
    shelf: &'a Shelf,
    current: Option<Current>,
    last: u64,
}

#[derive(Debug)]
struct Current {
    file: File,
    path: PathBuf,
    end: u64,
    /// Octets that the file has, so that writing there changes no metadata.
    length: u64,
}

impl<'a> Journal<'a> {
    /// A journal whose last frame has this number. Makes a file with the first frame.
    pub(super) const fn after(shelf: &'a Shelf, last: u64) -> Self {
        Self { shelf, current: None, last }
    }

    /// The number of the last frame.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Makes a frame of `payload` durable.
    ///
    /// # Errors
    /// The system refused, a full disk included: whether the frame will be found at the next start is not known then,
    /// and nothing may be appended any more.
    pub(super) fn append(&mut self, payload: &[u8]) -> Result<(), StorageError> {
        let blocks = frame::encode(self.last + 1, payload);
        if self.current.as_ref().is_some_and(|current| current.end + blocks.len() as u64 > FULL) {
            self.close();
        }
        let current = match &mut self.current {
            Some(current) => current,
            None => {
                self.shelf.make_room()?;
                self.current.insert(Current::begin(&self.shelf.folder, self.last + 1)?)
            }
        };
        current.append(&blocks).map_err(|e| failed_at(&current.path, &e))?;
        self.last += 1;
        Ok(())
    }

    /// Sets the current file aside, to be retired.
    pub(super) fn close(&mut self) {
        if let Some(current) = self.current.take() {
            self.shelf.put(Full { path: current.path, last: self.last });
        }
    }
}

impl Current {
    fn begin(folder: &Path, first: u64) -> Result<Self, StorageError> {
        make_folder(folder)?;
        let path = folder.join(format!("{first:016x}"));
        match fs::rename(folder.join(SPARE), &path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed_at(&path, &error)),
            _ => {}
        }
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| failed_at(&path, &e))?;
        let length = file.metadata().map_err(|e| failed_at(&path, &e))?.len();
        sync_folder(folder)?;
        Ok(Self { file, path, end: 0, length })
    }

    fn append(&mut self, blocks: &[u8]) -> io::Result<()> {
        let end = self.end + blocks.len() as u64;
        self.file.write_all_at(blocks, self.end)?;
        if end > self.length {
            self.grow(end)?;
        }
        self.file.sync_data()?;
        self.end = end;
        Ok(())
    }

    /// Gives the file more blocks than it needs now. Zeros are written, not only reserved: the first write to reserved
    /// blocks changes metadata again.
    fn grow(&mut self, end: u64) -> io::Result<()> {
        let step = self.length.clamp(SMALL_STEP, LARGE_STEP);
        let length = (end + step).min(FULL.max(end));
        if let Ok(zeros) = usize::try_from(length - end) {
            self.file.write_all_at(&vec![0; zeros], end)?;
        }
        self.length = length;
        Ok(())
    }
}

/// What sled knows of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The last frame that sled has surely kept whole: it, and those before, need not be there any more.
    pub(super) flushed: u64,
    /// The last frame that sled has seen: so it was acknowledged.
    pub(super) seen: u64,
}

/// Gives the payloads of all frames after `known.flushed` to `take`, in order; returns the last frame's number. The
/// files are put on the shelf, to be retired when sled has flushed what it was given.
///
/// # Errors
/// The journal is damaged, the system refused, or `take` failed.
pub(super) fn replay(
    shelf: &Shelf,
    known: Known,
    mut take: impl FnMut(&[u8]) -> Result<(), StorageError>,
) -> Result<u64, StorageError> {
    let files = files(&shelf.folder)?;
    let mut next = files.first().map_or(known.flushed + 1, |(first, _)| *first);
    if next > known.flushed + 1 {
        return Err(damaged(&shelf.folder, known.flushed + 1));
    }
    for (at, (first, path)) in files.iter().enumerate() {
        // A file that was retired may be there again after a power cut, and its neighbour not.
        let flushed = *first > next && *first <= known.flushed + 1;
        if *first != next && !flushed {
            return Err(damaged(path, next));
        }
        next = *first;
        let octets = fs::read(path).map_err(|e| failed_at(path, &e))?;
        let mut rest = octets.as_slice();
        while let Some(frame) = frame::decode(rest).filter(|frame| frame.number == next) {
            if next > known.flushed {
                take(&frame.payload)?;
            }
            rest = rest.get(frame.length..).unwrap_or_default();
            next += 1;
        }
        if at + 1 == files.len() && goes_on(rest, next) {
            return Err(damaged(path, next));
        }
        shelf.put(Full { path: path.clone(), last: next - 1 });
    }
    let last = (next - 1).max(known.flushed);
    if last < known.seen { Err(damaged(&shelf.folder, last + 1)) } else { Ok(last) }
}

/// Whether a later frame than the one missed is there. One is written only when that before it is durable.
fn goes_on(rest: &[u8], missed: u64) -> bool {
    (0..rest.len()).step_by(frame::BLOCK).any(|at| {
        let found = rest.get(at..).and_then(frame::decode);
        found.is_some_and(|frame| frame.number > missed)
    })
}

/// The journal's files and the numbers of their first frames, in order.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StorageError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed_at(folder, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| failed_at(folder, &e))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Ok(first) = u64::from_str_radix(name, 16) {
            files.push((first, path));
        }
    }
    files.sort();
    Ok(files)
}

fn damaged(path: &Path, frame: u64) -> StorageError {
    StorageError(format!(
        "the journal of the store is damaged: {} does not hold batch {frame}, which was acknowledged; restore the \
         store from a backup",
        path.display()
    ))
}

#[cfg(test)]
mod tests;
