//! Whole ceremonies, held by people who are interrupted everywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod life;
mod refused;
mod scripts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use time::macros::datetime;
use zeroize::Zeroizing;

use super::room::{Question, Room, RoomError, StepMoment};
use super::run::{Conduct, Held, Tool, begin, resume};
use super::script::Script;
use super::transcript::Transcript;
use super::{CeremonyError, CeremonyId, fingerprint};
use crate::clock::{SetClock, SystemEntropy};

const HOLDERS: [&str; 5] = ["Mpho", "Neo", "Tumelo", "Lerato", "Kabelo"];

/// A room whose people remember what they were given.
#[derive(Debug, Default)]
struct People {
    answers: BTreeMap<String, String>,
    told: Vec<String>,
    /// Stops at each point the first time that it is reached.
    interrupted: Option<BTreeSet<String>>,
}

impl People {
    fn pause(&mut self, point: String) -> Result<(), RoomError> {
        let is_new = self.interrupted.as_mut().is_some_and(|seen| seen.insert(point));
        if is_new { Err(RoomError::Stopped) } else { Ok(()) }
    }
}

impl Room for People {
    fn tell(&mut self, lines: &[String]) -> Result<(), RoomError> {
        self.told.extend(lines.iter().cloned());
        Ok(())
    }

    fn ask(&mut self, question: &Question) -> Result<Zeroizing<String>, RoomError> {
        self.pause(format!("asked {}", question.key))?;
        let unanswered = || RoomError::Unanswered { key: question.key.clone(), why: "no answer".to_owned() };
        self.answers.get(&question.key).cloned().map(Zeroizing::new).ok_or_else(unanswered)
    }

    fn show_share(&mut self, holder: &str, written: &str) -> Result<(), RoomError> {
        let index = HOLDERS.iter().position(|name| *name == holder).unwrap() + 1;
        self.answers.insert(format!("share.{index}"), written.to_owned());
        Ok(())
    }

    fn progress(&mut self, step: &str, moment: StepMoment) -> Result<(), RoomError> {
        self.pause(format!("{step} {moment:?}"))
    }
}

/// A medium, an exchange medium, a clock, and people.
struct Vault {
    folder: TempDir,
    clock: Arc<SetClock>,
    people: People,
}

impl Vault {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("exchange")).unwrap();
        let clock = Arc::new(SetClock::at(datetime!(2026-11-24 09:00 UTC)));
        let mut people = People::default();
        people.answers.insert("passphrase.1".to_owned(), "river cloud seven".to_owned());
        Self { folder, clock, people }
    }

    fn medium(&self) -> PathBuf {
        self.folder.path().join("medium")
    }

    fn exchange(&self) -> PathBuf {
        self.folder.path().join("exchange")
    }

    fn made(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.exchange().join(name)).unwrap()
    }

    /// Holds a ceremony from its beginning.
    fn begin(&mut self, text: &str) -> Result<Held, CeremonyError> {
        let script = Script::parse("test.toml", text)?;
        let digits = script.sha256()[..8].to_owned();
        for number in 1..=3 {
            self.people.answers.insert(format!("agree.{number}"), digits.clone());
        }
        for number in 1..=5 {
            self.people.answers.insert(format!("destroyed.{number}"), "DESTROYED".to_owned());
        }
        self.conducted(|conduct| begin(script, conduct))
    }

    fn resume(&mut self) -> Result<Held, CeremonyError> {
        self.conducted(|conduct| resume(None, conduct))
    }

    fn resume_named(&mut self, id: &CeremonyId) -> Result<Held, CeremonyError> {
        self.conducted(|conduct| resume(Some(id), conduct))
    }

    fn conducted<T>(&mut self, hold: impl FnOnce(Conduct<'_>) -> T) -> T {
        let tool = Tool {
            version: "test".to_owned(),
            executable_sha256: fingerprint(b"npki"),
            machine: BTreeMap::from([("system".to_owned(), "test".to_owned())]),
        };
        let (folder, media) = (self.medium(), self.exchange());
        hold(Conduct {
            folder: &folder,
            media: Some(&media),
            clock: self.clock.clone(),
            entropy: Arc::new(SystemEntropy),
            tool: &tool,
            room: &mut self.people,
        })
    }

    /// Holds a ceremony that is interrupted at every point there is; how often.
    fn hold_interrupted(&mut self, text: &str) -> (Held, usize) {
        self.people.interrupted = Some(BTreeSet::new());
        let id = Script::parse("test.toml", text).unwrap().id;
        let mut outcome = self.begin(text);
        let mut interruptions = 0;
        loop {
            match outcome {
                Ok(held) => {
                    self.people.interrupted = None;
                    return (held, interruptions);
                }
                Err(CeremonyError::Room(RoomError::Stopped)) => interruptions += 1,
                Err(error) => panic!("{error}"),
            }
            assert!(interruptions < 500, "it never ends");
            outcome = self.resume_named(&id);
        }
    }

    fn root_sha256(&self) -> String {
        let block = pem::parse(self.made("root.pem")).unwrap();
        fingerprint(block.contents())
    }
}

fn transcript(held: &Held) -> Transcript {
    Transcript::parse(&std::fs::read(&held.transcript).unwrap()).unwrap()
}

fn steps_called(transcript: &Transcript, name: &str) -> usize {
    transcript.content().steps.iter().filter(|entry| entry.step == name).count()
}

/// What every script begins with.
fn head(id: &str, kind: &str) -> String {
    format!(
        "format = 1\nid = \"{id}\"\nkind = \"{kind}\"\ntitle = \"A test\"\nhierarchy = \"ls\"\n\
         place = \"a room\"\nofficer = \"Lineo\"\nentropy = \"the operating system\"\n\
         [[witnesses]]\nname = \"Thabo\"\n"
    )
}

fn root_script(folder: &Path) -> String {
    let holders: String = HOLDERS
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let more = match at {
                0 => "passphrase = true\n".to_owned(),
                1 => format!("folder = {:?}\n", folder.join("neo").display().to_string()),
                _ => String::new(),
            };
            format!("[[custody.holders]]\nname = \"{name}\"\n{more}")
        })
        .collect();
    head("root-g1", "root")
        + "[root]\nca = \"root\"\nalgorithm = \"p384\"\nbase_url = \"http://pki.gov.ls\"\n\
           crl_next_update = \"2027-06-30\"\n[root.name]\ncountry = \"LS\"\n\
           organisation = \"Government of Lesotho\"\ncommon_name = \"National Root CA G1\"\n\
           [custody]\nthreshold = 3\n"
        + &holders
}

/// What a script says of a root that there is.
fn of_root(vault: &Vault) -> String {
    format!(
        "[root]\nca = \"root\"\nsha256 = \"{}\"\n[custody]\npresent = [\"Mpho\", \"Neo\", \"Lerato\", \"Kabelo\"]\n",
        vault.root_sha256()
    )
}

/// A vault in which a root was founded.
fn founded() -> Vault {
    let mut vault = Vault::new();
    vault.people.answers.insert("share.2".to_owned(), neo(&vault));
    vault.begin(&root_script(vault.folder.path())).unwrap();
    vault
}

/// Where the share of the holder is who has it in a file.
fn neo(vault: &Vault) -> String {
    format!("@{}", vault.folder.path().join("neo/root-g1-share-2.txt").display())
}
