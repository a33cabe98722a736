//! What a responder keeps of the feed: the messages themselves, as they came. They are verified again at each start.
//!
//! `state/snapshot.feed` is replaced as a whole; `state/increments.feed` grows by what changed since; `state/heard.feed` is the
//! newest message that said that nothing did. A power cut costs at most what had not been written yet, which is fetched again.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ca_core::status::feed::{
    Acceptance, FeedError, FeedMessage, HeldStatus, Kind, MessageReader, NotTaken, Taken, VerifiedMessage,
};
use ca_core::tlog::note::VerifierKey;

use crate::files::{Readers, replace};
use crate::service::{ServiceError, files};

const SNAPSHOT: &str = "snapshot.feed";
const INCREMENTS: &str = "increments.feed";
const HEARD: &str = "heard.feed";
/// How often it is written that nothing changed: so much of a day cut off is lost by a restart at most.
const WRITE_HEARD: Duration = Duration::from_secs(60);
/// Increments of fewer octets are no reason for a new snapshot.
const FEW: u64 = 1024 * 1024;

/// The state of a responder that runs.
#[derive(Debug)]
pub(super) struct FeedState {
    folder: PathBuf,
    held: Arc<HeldStatus>,
    keys: Vec<VerifierKey>,
    /// Octets of the snapshot and of the increments that are kept.
    octets: (u64, u64),
    /// Something could not be written: what is kept ends before what is held.
    behind: bool,
    heard_written: Option<Instant>,
}

impl FeedState {
    /// Reads what is kept into `held`. What cannot be read any more counts as nothing, and is told: the feed brings it anew.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn open(
        folder: PathBuf,
        held: Arc<HeldStatus>,
        keys: Vec<VerifierKey>,
    ) -> Result<Self, ServiceError> {
        let mut state = Self { folder, held, keys, octets: (0, 0), behind: false, heard_written: None };
        let (snapshot, increments) = (state.read(SNAPSHOT)?, state.read(INCREMENTS)?);
        state.octets.0 = len(&snapshot);
        state.recall(SNAPSHOT, &snapshot);
        let whole = state.recall(INCREMENTS, &increments);
        state.octets.1 = len(&increments[..whole]);
        if whole < increments.len() {
            // The end of what was being written when the power failed.
            let path = state.folder.join(INCREMENTS);
            let file = OpenOptions::new().write(true).open(&path).map_err(files::at(&path))?;
            file.set_len(state.octets.1).and_then(|()| file.sync_all()).map_err(files::at(&path))?;
        }
        let heard = state.read(HEARD)?;
        state.recall(HEARD, &heard);
        Ok(state)
    }

    /// Reads what is kept by a responder that may be running, and changes nothing of it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn look(
        folder: &Path,
        held: Arc<HeldStatus>,
        keys: &[VerifierKey],
    ) -> Result<(), ServiceError> {
        let state = Self {
            folder: folder.to_owned(),
            held,
            keys: keys.to_vec(),
            octets: (0, 0),
            behind: false,
            heard_written: None,
        };
        for name in [SNAPSHOT, INCREMENTS, HEARD] {
            state.recall(name, &state.read(name)?);
        }
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ServiceError> {
        let path = self.folder.join(name);
        Ok(files::if_there(&path, std::fs::read(&path))?.unwrap_or_default())
    }

    /// Takes what is kept in a file; how many octets of it are whole messages.
    fn recall(&self, name: &str, octets: &[u8]) -> usize {
        let mut whole = 0;
        for message in MessageReader::new(octets) {
            let verified = match message.and_then(|message| message.verify(&self.keys)) {
                Ok(verified) => verified,
                Err(FeedError::CutOff) => break,
                Err(error) => {
                    tracing::error!(file = name, %error, "what was kept of the feed is not used");
                    break;
                }
            };
            whole += verified.octets().len();
            match self.held.take(&verified, Acceptance::Anew) {
                // Increments of before the snapshot, which a power cut left.
                Ok(_) | Err(NotTaken::Older { .. }) => {}
                Err(error) => tracing::warn!(file = name, %error, "a message that was kept is not used"),
            }
        }
        whole
    }

    /// Takes all messages of these octets, and keeps them.
    ///
    /// # Errors
    /// One is refused; those before it were taken.
    pub(super) fn take_all(&mut self, octets: &[u8], acceptance: Acceptance) -> Result<Taken, NotTaken> {
        let mut taken = Taken::Heard;
        let mut any = false;
        for message in MessageReader::new(octets) {
            let verified = message?.verify(&self.keys)?;
            // A file by hand may begin with what is held already.
            match self.take(&verified, acceptance) {
                Ok(Taken::Changes) => (taken, any) = (Taken::Changes, true),
                Ok(Taken::Heard) => any = true,
                Err(NotTaken::Older { .. }) if any || !self.is_last(octets, &verified) => {}
                Err(refused) => return Err(refused),
            }
        }
        if any { Ok(taken) } else { Err(FeedError::NotAFeed.into()) }
    }

    fn is_last(&self, octets: &[u8], message: &VerifiedMessage<'_>) -> bool {
        octets.ends_with(message.octets())
    }

    /// Takes one message, and keeps it.
    ///
    /// # Errors
    /// It does not continue what is held.
    pub(super) fn take(
        &mut self,
        message: &VerifiedMessage<'_>,
        acceptance: Acceptance,
    ) -> Result<Taken, NotTaken> {
        let taken = self.held.take(message, acceptance)?;
        let kept = match (message.head().kind, taken) {
            (Kind::Snapshot, Taken::Changes) => self.keep_snapshot(message.octets()),
            (Kind::Increment { .. }, Taken::Changes) => self.keep_increment(message.octets()),
            (_, Taken::Heard) => self.keep_heard(message.octets()),
        };
        if let Err(error) = kept {
            self.behind = true;
            tracing::error!(%error, "what came from the feed counts, and could not be written: a restart would lose it");
        }
        Ok(taken)
    }

    /// Where it is kept.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is held.
    pub(super) const fn held(&self) -> &Arc<HeldStatus> {
        &self.held
    }

    /// Whether it is time for a snapshot: what is kept has a gap, or its increments have grown longer than it.
    pub(super) fn wants_snapshot(&self) -> bool {
        self.behind || self.octets.1 > self.octets.0.max(FEW)
    }

    fn keep_snapshot(&mut self, octets: &[u8]) -> Result<(), ServiceError> {
        replace(&self.folder.join(SNAPSHOT), octets, Readers::Owner)?;
        self.octets = (len(octets), 0);
        // In this order: increments that are left over are of before the snapshot, and not used.
        for name in [INCREMENTS, HEARD] {
            let path = self.folder.join(name);
            files::if_there(&path, std::fs::remove_file(&path))?;
        }
        self.behind = false;
        files::sync_folder(&self.folder)
    }

    fn keep_increment(&mut self, octets: &[u8]) -> Result<(), ServiceError> {
        // After a gap nothing would be taken that follows it.
        if self.behind {
            return Ok(());
        }
        let path = self.folder.join(INCREMENTS);
        let mut file: File =
            OpenOptions::new().create(true).append(true).open(&path).map_err(files::at(&path))?;
        let written = file.write_all(octets).and_then(|()| file.sync_data());
        if written.is_err() {
            // Half a message would hide those after it.
            let _ = file.set_len(self.octets.1);
        }
        written.map_err(files::at(&path))?;
        if self.octets.1 == 0 {
            files::sync_folder(&self.folder)?;
        }
        self.octets.1 += len(octets);
        Ok(())
    }

    fn keep_heard(&mut self, octets: &[u8]) -> Result<(), ServiceError> {
        if self.heard_written.is_some_and(|written| written.elapsed() < WRITE_HEARD) {
            return Ok(());
        }
        replace(&self.folder.join(HEARD), octets, Readers::Owner)?;
        self.heard_written = Some(Instant::now());
        Ok(())
    }
}

fn len(octets: &[u8]) -> u64 {
    octets.len() as u64
}

/// One message that came over the network, verified.
pub(super) fn verified<'a>(octets: &'a [u8], keys: &[VerifierKey]) -> Result<VerifiedMessage<'a>, FeedError> {
    FeedMessage::whole(octets)?.verify(keys)
}
