//! `npki ceremony`: what is done with an offline CA's key, in front of witnesses.

mod answers;
mod failure;
mod machine;
mod room;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::ceremony::run::{self, Conduct, Held, Tool};
use ca_core::ceremony::script::{SAMPLES, Script};
use ca_core::ceremony::station::Station;
use ca_core::ceremony::transcript::{Transcript, Verified};
use ca_core::ceremony::{CeremonyId, foreign, signed};
use ca_core::keys::software::SoftwareKey;
use clap::{Args, Subcommand};
use serde::Serialize;

use self::answers::Answers;
use self::room::Terminal;
use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// The most octets of a script or of prepared answers.
const MAX_TEXT: u64 = 1024 * 1024;

/// What to do about a ceremony.
#[derive(Debug, Subcommand)]
pub enum CeremonyCommand {
    /// Print a commented sample script: root, issuing-ca, cross-certificate, link-certificate, root-crl, key-destruction
    Example {
        /// The kind of ceremony
        #[arg(value_parser = ["root", "issuing-ca", "cross-certificate", "link-certificate", "root-crl", "key-destruction"])]
        kind: String,
    },
    /// Check a script and print, for the witnesses, everything that will happen; changes nothing
    Check {
        /// The script
        script: PathBuf,
        /// Check it against what is on this medium too
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        /// The exchange medium, with the files that the script names
        #[arg(long, value_name = "DIR")]
        media: Option<PathBuf>,
    },
    /// Hold a ceremony
    Run {
        /// The script
        script: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Go on with a ceremony that was interrupted
    Resume {
        /// Which, where several were begun
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Check a transcript: its signatures, and everything in it against everything else
    Verify {
        /// The transcript
        transcript: PathBuf,
        /// The root's certificate, as it was obtained elsewhere [default: the one in the transcript]
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
        /// A folder with what was made: each file is compared with the transcript
        #[arg(long, value_name = "DIR")]
        files: Option<PathBuf>,
    },
    /// Show what a transcript says happened
    Show {
        /// The transcript
        transcript: PathBuf,
    },
    /// Add a witness's signature to a transcript
    Cosign {
        /// The transcript
        transcript: PathBuf,
        /// The witness, as named in the script
        #[arg(long, value_name = "NAME")]
        witness: String,
        /// The witness's private key, PKCS#8 PEM
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where the transcript with the signature goes
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Where a ceremony is held.
#[derive(Debug, Args)]
pub struct Place {
    /// The offline CA's medium: its sealed key, its store, its ceremonies
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The exchange medium: requests come from it, and what is made goes to it
    #[arg(long, value_name = "DIR")]
    media: Option<PathBuf>,
    /// A TOML file with prepared answers, by the questions' names; - is standard input
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Hold it although a network interface is up; the transcript will say so
    #[arg(long)]
    despite_network: bool,
}

/// Runs a command.
pub fn run(command: CeremonyCommand, session: &Session) -> Ending {
    match command {
        CeremonyCommand::Example { kind } => Ok(example(&kind)),
        CeremonyCommand::Check { script, folder, media } => {
            check(&script, folder.as_deref(), media.as_deref(), session)
        }
        CeremonyCommand::Run { script, place } => {
            let script = read_script(&script)?;
            hold(&place, session, |conduct| {
                run::begin(script, conduct).map_err(|error| failure::in_ceremony(&error, &place.folder))
            })
        }
        CeremonyCommand::Resume { id, place } => {
            let id = id.map(CeremonyId::new).transpose().map_err(|error| {
                Failure::of(&catalogue::USAGE).what("--id is no ceremony's id").cause(error.to_string())
            })?;
            hold(&place, session, |conduct| {
                run::resume(id.as_ref(), conduct).map_err(|error| failure::in_ceremony(&error, &place.folder))
            })
        }
        CeremonyCommand::Verify { transcript, root, files } => {
            verify(&transcript, root.as_deref(), files.as_deref())
        }
        CeremonyCommand::Show { transcript } => show(&transcript),
        CeremonyCommand::Cosign { transcript, witness, key, out } => cosign(&transcript, &witness, &key, out),
    }
}

#[derive(Debug, Serialize)]
struct Sample {
    kind: String,
    script: &'static str,
}

fn example(kind: &str) -> Outcome {
    // The names are clap's: there is none that is not a sample's.
    let script = SAMPLES.iter().find(|(name, _)| *name == kind).map_or("", |(_, text)| *text);
    let sample = Sample { kind: kind.to_owned(), script };
    Outcome::done(Simple::new("npki.ceremony.example/1", sample, |sample, page| page.verbatim(sample.script)))
}

fn read_script(path: &Path) -> Result<Script, Failure> {
    let text = files::read(path, MAX_TEXT)?;
    let text = String::from_utf8_lossy(&text);
    Script::parse(&path.display().to_string(), &text).map_err(|error| failure::of(&error.into()))
}

#[derive(Debug, Serialize)]
struct Checked {
    id: CeremonyId,
    kind: &'static str,
    sha256: String,
    /// Whether the media were looked at too.
    against_media: bool,
    words: Vec<String>,
}

fn check(path: &Path, folder: Option<&Path>, media: Option<&Path>, session: &Session) -> Ending {
    let script = read_script(path)?;
    if let Some(folder) = folder {
        let station = Station::new(folder, Arc::clone(&session.clock), Arc::clone(&session.entropy));
        run::check(&script, &station, media).map_err(|error| failure::of(&error))?;
    }
    let checked = Checked {
        id: script.id.clone(),
        kind: script.kind(),
        sha256: script.sha256(),
        against_media: folder.is_some(),
        words: script.words(),
    };
    Ok(Outcome::done(Simple::new("npki.ceremony.check/1", checked, |checked, page| {
        checked.words.iter().for_each(|line| page.line(line));
        page.line("");
        page.line(match checked.against_media {
            true => "Script and media fit together.",
            false => "The media were not looked at: --folder, --media",
        });
        page.line("Each person signs this page: ________________________________________");
    })))
}

fn hold(place: &Place, session: &Session, held: impl FnOnce(Conduct<'_>) -> Result<Held, Failure>) -> Ending {
    let tool = tool(place)?;
    let answers = place.answers.as_deref().map(Answers::read).transpose()?;
    let mut room = Terminal::new(session.console, answers);
    let now = ca_core::clock::in_words(session.clock.now());
    session.console.note(&format!("The clock says {now}. Compare it before you go on."));
    let held = held(Conduct {
        folder: &place.folder,
        media: place.media.as_deref(),
        clock: Arc::clone(&session.clock),
        entropy: Arc::clone(&session.entropy),
        tool: &tool,
        room: &mut room,
    })?;
    Ok(Outcome::done(Simple::new("npki.ceremony.run/1", held, held_text)))
}

fn tool(place: &Place) -> Result<Tool, Failure> {
    let mut facts = machine::facts();
    let up = machine::interfaces_up();
    if !up.is_empty() {
        if !place.despite_network {
            return Err(Failure::of(&catalogue::CEREMONY_NETWORK).cause(format!("up: {}", up.join(", "))));
        }
        facts.insert("network-accepted".to_owned(), up.join(", "));
    }
    Ok(Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        executable_sha256: machine::executable_sha256()?,
        machine: facts,
    })
}

fn held_text(held: &Held, page: &mut Page) {
    page.verdict(Meaning::Good, "held", held.id.to_string());
    for output in &held.outputs {
        page.line(format!("  {}  SHA-256 {}", output.file, output.sha256));
    }
    page.line(format!("transcript: {}", held.transcript.display()));
    page.line(format!("SHA-256 {}  (read it aloud, and write it into the minutes)", held.transcript_sha256));
    page.line(format!("next: npki ceremony verify {}", held.transcript.display()));
}

fn read_transcript(path: &Path) -> Result<Transcript, Failure> {
    let file = files::read(path, signed::MOST_OCTETS as u64)?;
    Transcript::parse(&file).map_err(|error| failure::of_transcript(&error))
}

#[derive(Debug, Serialize)]
struct VerifyAnswer {
    ceremony: CeremonyId,
    kind: String,
    transcript_sha256: String,
    script_sha256: String,
    steps: usize,
    files: usize,
    #[serde(flatten)]
    verified: Verified,
}

fn verify(path: &Path, root: Option<&Path>, folder: Option<&Path>) -> Ending {
    let transcript = read_transcript(path)?;
    let root = root.map(read_certificate).transpose()?;
    let verified = transcript.verify(root.as_deref()).map_err(|error| failure::of_transcript(&error))?;
    let content = transcript.content();
    let files = folder.map_or(Ok(0), |folder| compare(&transcript, folder))?;
    let root_sha256 = verified.root_sha256.clone();
    let answer = VerifyAnswer {
        ceremony: content.ceremony.clone(),
        kind: content.kind.clone(),
        transcript_sha256: transcript.digest(),
        script_sha256: content.script_sha256.clone(),
        steps: content.steps.len(),
        files,
        verified,
    };
    let outcome = Outcome::done(Simple::new("npki.ceremony.verify/1", answer, verify_text));
    if root.is_some() {
        return Ok(outcome);
    }
    Ok(outcome.warn(format!(
        "the root was taken from the transcript itself: compare its fingerprint, {root_sha256}, or give --root"
    )))
}

fn read_certificate(path: &Path) -> Result<Vec<u8>, Failure> {
    foreign::certificate_der(&files::read(path, files::MAX_OBJECT)?).map_err(|error| {
        Failure::of(&catalogue::CONTENT)
            .what(format!("{} holds no certificate", path.display()))
            .cause(error.to_string())
    })
}

fn compare(transcript: &Transcript, folder: &Path) -> Result<usize, Failure> {
    for output in &transcript.content().outputs {
        let path = folder.join(&output.file);
        let found = ca_core::ceremony::fingerprint(&files::read(&path, files::MAX_OBJECT)?);
        if found != output.sha256 {
            return Err(Failure::of(&catalogue::CEREMONY_TRANSCRIPT)
                .what(format!("{} is not what the ceremony made", path.display()))
                .cause(format!("its SHA-256 is {found}, the transcript says {}", output.sha256)));
        }
    }
    Ok(transcript.content().outputs.len())
}

fn verify_text(answer: &VerifyAnswer, page: &mut Page) {
    page.verdict(Meaning::Good, "holds", format!("{} ({})", answer.ceremony, answer.kind));
    page.facts(&[
        ("transcript", format!("SHA-256 {}", answer.transcript_sha256)),
        ("script", format!("SHA-256 {}", answer.script_sha256)),
        ("root", format!("SHA-256 {}", answer.verified.root_sha256)),
        ("steps", answer.steps.to_string()),
        ("files compared", answer.files.to_string()),
    ]);
    for witness in &answer.verified.witnesses {
        let signed = if witness.signed { "signed" } else { "has not signed" };
        page.line(format!("  witness {} {signed}", witness.name));
    }
}

fn show(path: &Path) -> Ending {
    let transcript = read_transcript(path)?;
    let content = transcript.content().clone();
    Ok(Outcome::done(Simple::new("npki.ceremony.show/1", content, |content, page| {
        page.line(format!("Ceremony {} ({})", content.ceremony, content.kind));
        for entry in &content.steps {
            page.line(format!("{}  {}", ca_core::clock::in_words(entry.at), entry.step));
            for (name, value) in &entry.facts {
                page.line(format!("    {name}: {value}"));
            }
        }
        page.line("This is what the file says. Whether it holds: npki ceremony verify");
    })))
}

#[derive(Debug, Serialize)]
struct Cosigned {
    witness: String,
    file: PathBuf,
}

fn cosign(path: &Path, witness: &str, key: &Path, out: PathBuf) -> Ending {
    let mut transcript = read_transcript(path)?;
    let pem = zeroize::Zeroizing::new(files::read(key, files::MAX_OBJECT)?);
    let key = SoftwareKey::from_pem(&String::from_utf8_lossy(&pem))
        .map_err(|error| Failure::of(&catalogue::KEY).cause(error.to_string()))?;
    transcript.verify(None).map_err(|error| failure::of_transcript(&error))?;
    transcript.cosign(witness, &key).map_err(|error| failure::of_transcript(&error))?;
    files::create(&out, transcript.to_file().as_bytes(), Readers::Anyone)?;
    let cosigned = Cosigned { witness: witness.to_owned(), file: out };
    Ok(Outcome::done(Simple::new("npki.ceremony.cosign/1", cosigned, |cosigned, page| {
        page.verdict(Meaning::Good, "signed", format!("{} in {}", cosigned.witness, cosigned.file.display()));
    })))
}
