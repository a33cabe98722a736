//! The folder on an officer's machine: `kit.json`, what waits in `waiting/`, what was sealed in `sealed/`.
//!
//! A letter is a file of its own, named by entry, piece and kind: `000007-00-person`. A packet is sealed in three steps, each
//! durable: its file, the count in `kit.json`, the letters gone. A power cut between them is made good by whichever command
//! comes next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use id_registry::packet::{Packet, Piece, Terms};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};

const FILE: &str = "kit.json";
const WAITING: &str = "waiting";
const SEALED: &str = "sealed";

/// What `kit.json` holds. Nothing in it is secret or personal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The machine, as packets name it.
    pub(super) device: String,
    pub(super) terms: Terms,
    /// How many packets were sealed.
    pub(super) sealed: u64,
    /// The digest of the last one's content.
    pub(super) previous: Option<String>,
    /// The last entry that was sealed.
    pub(super) last: u32,
    /// The last entry that was dropped: no number is used again.
    pub(super) dropped: u32,
}

/// The folder, opened.
#[derive(Debug)]
pub(super) struct Kit {
    folder: PathBuf,
    pub(super) state: State,
}

/// A letter that waits.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) path: PathBuf,
    /// `person`, `evidence`, `request`.
    pub(super) kind: String,
}

impl Kit {
    /// Prepares a folder, or takes new terms into one that is.
    pub(super) fn prepare(folder: &Path, state: State) -> Result<Self, Failure> {
        files::make_folder(&folder.join(WAITING))?;
        files::make_folder(&folder.join(SEALED))?;
        let kit = Self { folder: folder.to_owned(), state };
        kit.keep()?;
        Ok(kit)
    }

    /// Whether a folder is prepared.
    pub(super) fn is_at(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Opens a folder, and ends what a power cut left half done.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let no_kit = || Failure::of(&catalogue::NO_KIT).what(format!("{} is not prepared", folder.display()));
        if !Self::is_at(folder) {
            return Err(no_kit());
        }
        let content = files::read(&folder.join(FILE), 1024 * 1024)?;
        let state = serde_json::from_slice(&content).map_err(|error| no_kit().cause(error.to_string()))?;
        let mut kit = Self { folder: folder.to_owned(), state };
        kit.settle()?;
        Ok(kit)
    }

    fn settle(&mut self) -> Result<(), Failure> {
        while let Some(packet) = self.next_if_sealed()? {
            self.count(&packet)?;
        }
        let last = self.state.last;
        for (_, letters) in self.waiting_all()?.into_iter().filter(|(entry, _)| *entry <= last) {
            remove(&letters)?;
        }
        Ok(())
    }

    fn next_if_sealed(&self) -> Result<Option<Packet>, Failure> {
        let path = self.packet_path(self.state.sealed + 1);
        if path.exists() { read_packet(&path).map(|(packet, _)| Some(packet)) } else { Ok(None) }
    }

    /// Counts a packet that stands in its file.
    pub(super) fn count(&mut self, packet: &Packet) -> Result<(), Failure> {
        self.state.sealed = packet.manifest.number;
        self.state.previous = Some(packet.manifest.content_sha256.clone());
        self.state.last = self.state.last.max(packet.manifest.last);
        self.keep()
    }

    fn keep(&self) -> Result<(), Failure> {
        let content = serde_json::to_vec_pretty(&self.state).unwrap_or_default();
        files::replace(&self.folder.join(FILE), &content, Readers::Owner)
    }

    /// Where a packet stands.
    pub(super) fn packet_path(&self, number: u64) -> PathBuf {
        self.folder.join(SEALED).join(format!("{}-{number:04}.npki-packet", self.state.device))
    }

    /// The packets that stand there.
    pub(super) fn packets(&self) -> Vec<PathBuf> {
        (1..=self.state.sealed).map(|number| self.packet_path(number)).filter(|path| path.exists()).collect()
    }

    /// What waits to be sealed: the letters of each entry, in their order.
    pub(super) fn waiting(&self) -> Result<BTreeMap<u32, Vec<Letter>>, Failure> {
        let mut waiting = self.waiting_all()?;
        // Of what was dropped halfway there is no person any more.
        waiting.retain(|_, letters| letters.first().is_some_and(|letter| letter.kind == "person"));
        Ok(waiting)
    }

    fn waiting_all(&self) -> Result<BTreeMap<u32, Vec<Letter>>, Failure> {
        let folder = self.folder.join(WAITING);
        let unreadable = |error| files::unreadable(&folder, &error);
        let mut paths = std::fs::read_dir(&folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
            .map_err(unreadable)?;
        paths.sort();
        let mut waiting: BTreeMap<u32, Vec<Letter>> = BTreeMap::new();
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Files that were begun when the power went have another ending.
            let mut parts = name.splitn(3, '-');
            let entry = parts.next().and_then(|entry| entry.parse().ok());
            let kind = parts.nth(1).filter(|kind| ["person", "evidence", "request"].contains(kind));
            if let Some((entry, kind)) = entry.zip(kind.map(str::to_owned)) {
                waiting.entry(entry).or_default().push(Letter { path, kind });
            }
        }
        Ok(waiting)
    }

    /// The number of the next entry.
    pub(super) fn next_entry(&self) -> Result<u32, Failure> {
        let last = self.waiting_all()?.last_key_value().map_or(0, |(entry, _)| *entry);
        Ok(last.max(self.state.last).max(self.state.dropped) + 1)
    }

    /// Keeps pieces of an entry that has `before` pieces; the person last, so that what waits is whole.
    pub(super) fn keep_pieces(
        &self,
        entry: u32,
        before: usize,
        pieces: &[(&str, Piece)],
    ) -> Result<(), Failure> {
        for (at, (kind, piece)) in pieces.iter().enumerate().rev() {
            let sealed = piece
                .seal(&self.state.terms.recipient)
                .map_err(|error| Failure::of(&catalogue::ENTRY_UNFIT).cause(error.to_string()))?;
            let name = format!("{entry:06}-{:02}-{kind}", before + at);
            files::create(&self.folder.join(WAITING).join(name), &sealed, Readers::Owner)?;
        }
        Ok(())
    }

    /// Drops an entry that waits: the person first, so that no half of it is sealed. Its number is not used again.
    pub(super) fn drop_entry(&mut self, entry: u32) -> Result<(), Failure> {
        let letters = self.waiting()?.remove(&entry).ok_or_else(|| no_entry(entry))?;
        self.state.dropped = self.state.dropped.max(entry);
        self.keep()?;
        remove(&letters)
    }
}

/// Says that an entry is not there.
pub(super) fn no_entry(entry: u32) -> Failure {
    Failure::of(&catalogue::NO_ENTRY).what(format!("no entry {entry} waits to be sealed"))
}

/// Removes letters.
pub(super) fn remove(letters: &[Letter]) -> Result<(), Failure> {
    letters.iter().try_for_each(|letter| match std::fs::remove_file(&letter.path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(files::unwritable(&letter.path, &error))
        }
        _ => Ok(()),
    })
}

/// Reads a packet's file, whose signature must hold; and the file itself.
pub(super) fn read_packet(path: &Path) -> Result<(Packet, Vec<u8>), Failure> {
    let content = files::read(path, id_registry::packet::MOST_OCTETS as u64)?;
    let packet = Packet::read(&content).map_err(|error| {
        Failure::of(&catalogue::NO_PACKET)
            .what(format!("{} is no whole packet", path.display()))
            .cause(error.to_string())
    })?;
    Ok((packet, content))
}
