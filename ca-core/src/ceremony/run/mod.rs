//! Conducting a ceremony: the steps of its kind, one after the other, each recorded before the next begins.
//!
//! A step that a power cut interrupted is looked at when the ceremony is resumed: what it left (a file, a record of the
//! medium's store) is taken over, so that no key is made and nothing is signed a second time.

mod agree;
mod check;
mod cross;
mod custody;
mod destroy;
mod issue;
mod link;
mod list;
mod open;
mod outputs;
mod root;
mod session;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::journal::{Facts, Journal};
use super::room::Room;
use super::script::{Act, Script};
use super::station::{Station, at, make_folder, read, write_once};
use super::{CeremonyError, CeremonyId, transcript};
use crate::clock::{Clock, Entropy};
use session::Session;

pub use check::check;

/// The program and machine that a ceremony is held with, as they are reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The program's version.
    pub version: String,
    /// SHA-256 of its executable file, hex.
    pub executable_sha256: String,
    /// What the machine says about itself: system, kernel, network interfaces.
    pub machine: Facts,
}

/// What a ceremony is held with.
pub struct Conduct<'a> {
    /// The offline CA's medium.
    pub folder: &'a Path,
    /// The exchange medium: requests come from it, and what is made goes to it.
    pub media: Option<&'a Path>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The program and machine.
    pub tool: &'a Tool,
    /// The people.
    pub room: &'a mut dyn Room,
}

impl std::fmt::Debug for Conduct<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conduct")
            .field("folder", &self.folder)
            .field("media", &self.media)
            .finish_non_exhaustive()
    }
}

/// A finished ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Which.
    pub id: CeremonyId,
    /// The transcript's file.
    pub transcript: PathBuf,
    /// SHA-256 of the transcript's text, hex: to be read aloud and written into the minutes.
    pub transcript_sha256: String,
    /// What was made.
    pub outputs: Vec<Output>,
}

/// Something that a ceremony made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

const SCRIPT: &str = "script.toml";
const JOURNAL: &str = "journal.jsonl";
const TRANSCRIPT: &str = "transcript.json";
/// The last entry of a journal.
pub(super) const FINISHED: &str = "finished";
/// The first.
pub(super) const OPENED: &str = "opened";

/// Holds a ceremony from its beginning.
///
/// # Errors
/// It was begun before, script and medium do not fit together, or it was stopped: then it can be resumed.
pub fn begin(script: Script, conduct: Conduct<'_>) -> Result<Held, CeremonyError> {
    let station = station(&conduct);
    let folder = station.ceremony(&script.id);
    if folder.join(SCRIPT).exists() {
        return Err(match journal_is_finished(&folder, &script)? {
            true => CeremonyError::Finished(script.id),
            false => CeremonyError::Begun(script.id),
        });
    }
    check(&script, &station, conduct.media)?;
    station.prepare()?;
    make_folder(&folder)?;
    write_once(&folder.join(SCRIPT), script.text.as_bytes())?;
    hold(script, station, folder, conduct)
}

/// Goes on with a ceremony that was interrupted: the one of this name, or the only one there is.
///
/// # Errors
/// There is none, or as [`begin`].
pub fn resume(id: Option<&CeremonyId>, conduct: Conduct<'_>) -> Result<Held, CeremonyError> {
    let station = station(&conduct);
    // One that is named may be finished already: then it is told how it ended.
    let mut begun = match id {
        Some(id) => scripts(&station)?.into_iter().filter(|script| script.id == *id).collect(),
        None => unfinished(&station)?,
    };
    if begun.len() > 1 {
        let names: Vec<String> = begun.iter().map(|script| script.id.to_string()).collect();
        return Err(CeremonyError::SeveralBegun(names.join(", ")));
    }
    let script = begun.pop().ok_or_else(|| CeremonyError::NothingToResume(conduct.folder.to_owned()))?;
    let folder = station.ceremony(&script.id);
    hold(script, station, folder, conduct)
}

fn station(conduct: &Conduct<'_>) -> Station {
    Station::new(conduct.folder, Arc::clone(&conduct.clock), Arc::clone(&conduct.entropy))
}

/// The ceremonies on a medium that are not finished.
fn unfinished(station: &Station) -> Result<Vec<Script>, CeremonyError> {
    let mut unfinished = Vec::new();
    for script in scripts(station)? {
        if !journal_is_finished(&station.ceremony(&script.id), &script)? {
            unfinished.push(script);
        }
    }
    Ok(unfinished)
}

/// The scripts of the ceremonies on a medium.
fn scripts(station: &Station) -> Result<Vec<Script>, CeremonyError> {
    let all = station.ceremonies();
    let mut scripts = Vec::new();
    let entries = match std::fs::read_dir(&all) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(scripts),
        entries => entries.map_err(at(&all))?,
    };
    for entry in entries {
        let path = entry.map_err(at(&all))?.path().join(SCRIPT);
        if path.exists() {
            let text = String::from_utf8_lossy(&read(&path)?).into_owned();
            scripts.push(Script::parse(&path.display().to_string(), &text)?);
        }
    }
    Ok(scripts)
}

fn journal_is_finished(folder: &Path, script: &Script) -> Result<bool, CeremonyError> {
    let path = folder.join(JOURNAL);
    if !path.exists() {
        return Ok(false);
    }
    Ok(Journal::open(&path, &script.sha256())?.find(FINISHED).is_some())
}

/// The steps, from the first that is not recorded.
fn hold(
    script: Script,
    station: Station,
    folder: PathBuf,
    conduct: Conduct<'_>,
) -> Result<Held, CeremonyError> {
    let journal = Journal::open(&folder.join(JOURNAL), &script.sha256())?;
    let Conduct { media, tool, room, .. } = conduct;
    let mut session = Session::new(script, station, folder, media.map(Path::to_owned), journal, room);
    if session.journal.find(FINISHED).is_some() {
        return session.finish();
    }
    session.opened(tool)?;
    session.agreed()?;
    let act = session.script.act.clone();
    match &act {
        Act::Root(act) => session.found(act)?,
        Act::IssuingCa(act) => session.certify_issuing_ca(act)?,
        Act::CrossCertificate(act) => session.certify_foreign_ca(act)?,
        Act::LinkCertificate(act) => session.vouch(act)?,
        Act::RootCrl(act) => session.list(act)?,
        Act::KeyDestruction(act) => session.destroy(act)?,
    }
    session.finish()
}

impl Session<'_> {
    /// Writes and signs the transcript, and closes the journal.
    fn finish(mut self) -> Result<Held, CeremonyError> {
        let path = self.folder.join(TRANSCRIPT);
        // A transcript that was written before a power cut is the transcript.
        let file = match super::station::read_if_there(&path)? {
            Some(file) => file,
            None => {
                let signed = self.sign_transcript()?.to_file().into_bytes();
                write_once(&path, &signed)?;
                signed
            }
        };
        let signed = super::signed::Signed::parse(&file).map_err(transcript::TranscriptError::from)?;
        let sha256 = signed.digest();
        if let Some(media) = &self.media {
            super::station::write_over(&media.join(format!("{}.transcript.json", self.script.id)), &file)?;
        }
        self.forget_transcript_key()?;
        self.step(FINISHED, |_| Ok(Facts::from([("transcript-sha256".to_owned(), sha256.clone())])))?;
        Ok(Held {
            id: self.script.id.clone(),
            transcript: path,
            transcript_sha256: sha256,
            outputs: transcript::outputs(self.journal.entries()),
        })
    }
}
