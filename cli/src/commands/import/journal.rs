//! Up to where a list is settled: a small file beside it, replaced whole, so that a power cut leaves the old or the new.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use id_registry::import::MOST_ROWS;
use serde::{Deserialize, Serialize};

use super::list::Place;
use crate::failure::Failure;
use crate::files::{self, Readers};

/// How often it is written. What is settled after it was written is sent again, and recognised by the service.
const EVERY: Duration = Duration::from_secs(1);

/// What is known of an import under way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// SHA-256 of the list.
    pub(super) list: String,
    /// The server.
    pub(super) server: String,
    /// The kind of rows that say none.
    pub(super) kind: Option<String>,
    /// Rows in a part: they are cut at the same places again.
    pub(super) rows_in_part: usize,
    /// Octets of the list that are settled, the row before, and the line after.
    pub(super) offset: u64,
    pub(super) row: u64,
    pub(super) line: u64,
    /// Where refused rows are written, and how many octets of that file belong to what is settled.
    pub(super) refused_file: PathBuf,
    pub(super) refused_octets: u64,
    /// Counts.
    pub(super) registered: u64,
    pub(super) already: u64,
    pub(super) refused: u64,
    pub(super) reasons: BTreeMap<String, u64>,
}

impl State {
    /// A list of which nothing is settled.
    pub(super) fn begun(
        list: &str,
        server: &str,
        kind: Option<&str>,
        refused_file: &Path,
        place: Place,
    ) -> Self {
        let mut state = Self {
            list: list.to_owned(),
            server: server.to_owned(),
            kind: kind.map(str::to_owned),
            rows_in_part: MOST_ROWS,
            refused_file: refused_file.to_owned(),
            ..Self::default()
        };
        state.move_to(place);
        state
    }

    pub(super) const fn move_to(&mut self, place: Place) {
        (self.offset, self.row, self.line) = (place.offset, place.row, place.line);
    }

    pub(super) const fn place(&self) -> Place {
        Place { offset: self.offset, row: self.row, line: self.line }
    }

    /// Whether this is the same import: of the same list, into the same server, cut alike.
    fn continues(&self, other: &Self) -> bool {
        self.list == other.list
            && self.server == other.server
            && self.kind == other.kind
            && self.rows_in_part == other.rows_in_part
            && self.refused_file == other.refused_file
    }
}

/// The journal of a list.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    written: Instant,
}

impl Journal {
    /// The journal beside a list.
    pub(super) fn beside(list: &Path) -> Self {
        Self { path: files::beside(list, ".npki-import"), written: Instant::now() }
    }

    /// What an earlier run left, if it was of the same import.
    ///
    /// # Errors
    /// It cannot be read. What is no journal of this import counts as none.
    pub(super) fn left(&self, begun: &State) -> Result<Option<State>, Failure> {
        if !self.path.exists() {
            return Ok(None);
        }
        let content = files::read(&self.path, 1024 * 1024)?;
        let left: Option<State> = serde_json::from_slice(&content).ok();
        Ok(left.filter(|left| left.continues(begun)))
    }

    /// Whether it is time to write it again.
    pub(super) fn is_due(&self) -> bool {
        self.written.elapsed() >= EVERY
    }

    /// Writes it, durable.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&mut self, state: &State) -> Result<(), Failure> {
        let content = serde_json::to_vec(state).unwrap_or_default();
        files::replace(&self.path, &content, Readers::Owner).map_err(|failure| {
            failure.fix("copy the list into a folder of your own: what is settled is noted beside it")
        })?;
        self.written = Instant::now();
        Ok(())
    }

    /// Removes it: everything is settled.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove(self) -> Result<(), Failure> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(files::unwritable(&self.path, &error))
            }
            _ => Ok(()),
        }
    }
}
