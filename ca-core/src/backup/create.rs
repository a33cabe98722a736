//! Making a backup: files, then the store as of one moment, encrypted as it comes.

use std::io::{self, Write};

use age::stream::StreamWriter;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use serde::Serialize;

use super::content::{entry_head, file_head};
use super::frame::{FrameWriter, Kind};
use super::positions::Positions;
use super::{
    BackupError, BackupFile, Contents, FORMAT, Header, MOST_FILES, Notes, Progress, Recipient, Summary,
    Trailer,
};
use crate::clock::Clock;
use crate::ledger::{EVENTS, Position};
use crate::storage::{Exported, Moment, StorageError, Store};

/// Writes a backup of `store` and of `contents` to `out`, which each of `recipients` can open. Commits go on meanwhile.
/// Flushes `out`; making it durable is its owner's part.
///
/// # Errors
/// No recipient, a file with a name or mode that must not be in a backup, a failing store or `out`, or events of the
/// ledger that are missing. What was written until then is no backup and is refused as one.
pub fn create(
    store: &dyn Store,
    contents: &Contents,
    recipients: &[Recipient],
    clock: &dyn Clock,
    out: impl Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, BackupError> {
    let header = Header {
        format: FORMAT.to_owned(),
        installation: contents.installation.clone(),
        made_at: clock.now(),
        npki: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut draft = Draft::begin(recipients, out)?;
    draft.document(Kind::Header, &header)?;
    contents.files.iter().try_for_each(|file| draft.file(file))?;
    let moment = draft.entries(store, progress)?;
    let trailer = draft.finish(moment, &contents.notes)?;
    Ok(Summary { header, trailer })
}

/// A backup being written.
struct Draft<W: Write> {
    frames: FrameWriter<FrameEncoder<StreamWriter<W>>>,
    files: u64,
    entries: u64,
    positions: Positions,
}

impl<W: Write> Draft<W> {
    fn begin(recipients: &[Recipient], out: W) -> Result<Self, BackupError> {
        // The library refuses nothing else: one kind of recipient, and none with labels.
        let encryptor = age::Encryptor::with_recipients(recipients.iter().map(Recipient::as_age))
            .map_err(|_| BackupError::NoRecipient)?;
        let encrypted = encryptor.wrap_output(out).map_err(BackupError::Write)?;
        // No checksums of LZ4's: age authenticates every octet.
        let form = FrameInfo::new().block_size(BlockSize::Max256KB).block_mode(BlockMode::Linked);
        let compressed = FrameEncoder::with_frame_info(form, encrypted);
        let frames = FrameWriter::begin(compressed).map_err(BackupError::Write)?;
        Ok(Self { frames, files: 0, entries: 0, positions: Positions::default() })
    }

    fn document(&mut self, kind: Kind, document: &impl Serialize) -> Result<(), BackupError> {
        let octets = serde_json::to_vec(document).map_err(|error| BackupError::Write(error.into()))?;
        self.frames.frame(kind, &[&octets]).map_err(BackupError::Write)?;
        Ok(())
    }

    fn file(&mut self, file: &BackupFile) -> Result<(), BackupError> {
        let refused = |why: &str| BackupError::File { name: file.name.clone(), why: why.to_owned() };
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(refused("there are too many files"));
        }
        let written = self.frames.frame(Kind::File, &[&file_head(file)?, &file.content]);
        if written.map_err(BackupError::Write)? { Ok(()) } else { Err(refused("it is too large")) }
    }

    fn entries(
        &mut self,
        store: &dyn Store,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Moment, BackupError> {
        // The store knows failures of its own kind only: ours is kept here while the export is broken off.
        let mut failed = None;
        let moment = store.export(&mut |entry| {
            if let Err(error) = self.entry(&entry) {
                let broken_off = StorageError(error.to_string());
                failed = Some(error);
                return Err(broken_off);
            }
            progress(Progress { entries: self.entries, octets: self.frames.octets() });
            Ok(())
        });
        failed.map_or(Ok(()), Err)?;
        Ok(moment?)
    }

    fn entry(&mut self, entry: &Exported) -> Result<(), BackupError> {
        let value = entry.value.as_deref().unwrap_or_default();
        let kind = if entry.value.is_some() { Kind::Put } else { Kind::Removal };
        let octets = entry.key.len() as u64 + value.len() as u64;
        let too_large = || BackupError::TooLarge { table: entry.table.clone(), octets };
        let head = entry_head(&entry.table, &entry.key).ok_or_else(too_large)?;
        if !self.frames.frame(kind, &[&head, &entry.key, value]).map_err(BackupError::Write)? {
            return Err(too_large());
        }
        if entry.table == EVENTS.name() {
            self.positions.insert(Position::from_key(&entry.key)?.0).map_err(StorageError)?;
        }
        self.entries += 1;
        Ok(())
    }

    fn finish(mut self, moment: Moment, notes: &Notes) -> Result<Trailer, BackupError> {
        // Noticed now, while the store is still there, and not on the day of the restore.
        self.positions.demand_all(moment.ledger_size).map_err(StorageError)?;
        let passed = self.frames.passed();
        let trailer = Trailer {
            files: self.files,
            entries: self.entries,
            octets: passed.octets,
            ledger_size: moment.ledger_size,
            checkpoint: notes.checkpoint.clone(),
            cosigned_checkpoint: notes.cosigned_checkpoint.clone(),
            sha256: passed.sha256,
        };
        self.document(Kind::Trailer, &trailer)?;
        let encrypted =
            self.frames.into_inner().finish().map_err(|e| BackupError::Write(io::Error::from(e)))?;
        encrypted.finish().and_then(|mut out| out.flush()).map_err(BackupError::Write)?;
        Ok(trailer)
    }
}
