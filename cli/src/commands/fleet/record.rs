//! The fleet's file: a line for the fleet, then one for each row whose request is made. It is only ever appended to; of a
//! line that a power cut left half written nothing counts.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, catalogue};
use crate::files;

/// How many lines are made durable at once. What is lost behind them the service recognises.
const FLUSH: usize = 50;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// 1.
    pub(super) fleet: u32,
    pub(super) list_sha256: String,
    pub(super) profile: String,
    pub(super) server: String,
}

/// A request that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) row: u64,
    pub(super) identity: String,
    pub(super) request: String,
    /// The digest of the certification request's DER: what is approved.
    pub(super) csr_sha256: String,
    /// The file of the certification request, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) csr: Option<PathBuf>,
}

/// A fleet's file, read.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) head: Head,
    pub(super) asked: Vec<Asked>,
}

/// A fleet's file, open to be appended to.
#[derive(Debug)]
pub(super) struct Record {
    file: File,
    path: PathBuf,
    unsettled: usize,
}

impl Fleet {
    /// Reads a fleet's file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        Self::parsed(path).map(|(fleet, _)| fleet)
    }

    /// The fleet, and up to where its lines are whole.
    fn parsed(path: &Path) -> Result<(Self, u64), Failure> {
        let content = files::read(path, files::MAX_OBJECT)?;
        let unfit = |why: &str| {
            Failure::of(&catalogue::NO_FLEET)
                .what(format!("{} is no file of a fleet", path.display()))
                .cause(why)
        };
        let mut lines = content.split_inclusive(|octet| *octet == b'\n');
        let head = lines.next().unwrap_or_default();
        let head: Head = serde_json::from_slice(head).map_err(|_| unfit("its first line is another"))?;
        let mut whole = content.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        let mut asked = Vec::new();
        for line in lines.take_while(|line| line.ends_with(b"\n")) {
            asked.push(serde_json::from_slice(line).map_err(|_| unfit("a line of it is another"))?);
            whole += line.len();
        }
        Ok((Self { head, asked }, whole as u64))
    }
}

impl Record {
    /// Begins a fleet's file, or goes on with the one that an earlier run of the same list left.
    pub(super) fn open(path: &Path, head: &Head) -> Result<(Self, Vec<Asked>), Failure> {
        let unwritable = |error| files::unwritable(path, &error);
        if !path.exists() {
            let line = format!("{}\n", serde_json::to_string(head).unwrap_or_default());
            files::create(path, line.as_bytes(), files::Readers::Owner)?;
        }
        let (fleet, whole) = Fleet::parsed(path)?;
        if fleet.head != *head {
            return Err(
                Failure::of(&catalogue::OTHER_FLEET).what(format!("{} is of another list", path.display()))
            );
        }
        let mut file = OpenOptions::new().write(true).mode(0o600).open(path).map_err(unwritable)?;
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(unwritable)?;
        Ok((Self { file, path: path.to_owned(), unsettled: 0 }, fleet.asked))
    }

    /// Adds a request.
    pub(super) fn add(&mut self, asked: &Asked) -> Result<(), Failure> {
        let line = format!("{}\n", serde_json::to_string(asked).unwrap_or_default());
        self.file.write_all(line.as_bytes()).map_err(|error| files::unwritable(&self.path, &error))?;
        self.unsettled += 1;
        if self.unsettled >= FLUSH { self.settle() } else { Ok(()) }
    }

    /// Makes durable what was added.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        self.unsettled = 0;
        self.file.sync_data().map_err(|error| files::unwritable(&self.path, &error))
    }
}
