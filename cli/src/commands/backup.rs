//! `npki backup key|create|verify`.

use std::io::Write;
use std::path::PathBuf;

use ca_core::backup::{Summary, new_identity};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Ending;
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, BackupPlan, Made, SealedKeys};
use crate::session::Session;

/// What to do about backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Make a key pair: the identity that opens backups, and the recipient they are made for
    Key {
        /// The new file for the identity, mode 0600; keep it away from the installation
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a backup: of the running service (as an administrator, for the recipients in its settings), or of a stopped
    /// installation (--data)
    Create(CreateArguments),
    /// Read a backup to its end: is it whole, and can it be opened?
    Verify {
        /// The backup
        file: PathBuf,
        /// The file of the identity that opens it
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
    },
}

/// What to back up, and for whom.
#[derive(Debug, Args)]
pub struct CreateArguments {
    /// A stopped installation's folder; or one on PostgreSQL, running or not
    #[arg(long, value_name = "DIR", requires = "recipients")]
    data: Option<PathBuf>,
    /// Where its store is, instead of what npki.toml says: postgres://USER@HOST/DATABASE, or a folder
    #[arg(long, value_name = "ADDRESS", requires = "data")]
    store: Option<String>,
    /// The new file, mode 0600
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Who can open it, as `npki backup key` prints it; repeat for more
    #[arg(long = "recipient", value_name = "RECIPIENT", requires = "data")]
    recipients: Vec<String>,
    /// Take the sealed keys along, never the passphrase that opens them
    #[arg(long, requires = "data")]
    with_keys: bool,
}

/// Does it.
pub fn run(command: BackupCommand, session: &mut Session) -> Ending {
    match command {
        BackupCommand::Key { out } => key(out, session),
        BackupCommand::Create(arguments) => create(arguments, session),
        BackupCommand::Verify { file, identity } => verify(file, identity, session),
    }
}

#[derive(Debug, Serialize)]
struct Key {
    file: PathBuf,
    recipient: String,
}

fn key(out: PathBuf, session: &Session) -> Ending {
    files::must_be_free(&out)?;
    let new = new_identity(session.clock.as_ref());
    files::create(&out, new.file.as_bytes(), Readers::Owner)?;
    let answer = Key { file: out, recipient: new.recipient.to_string() };
    Ok(Outcome::done(Simple::new("npki.backup.key/1", answer, |key, page| {
        page.line(&key.recipient);
        page.line(format!(
            "The identity is in {}: whoever has it opens every backup made for it.",
            key.file.display()
        ));
    })))
}

#[derive(Debug, Serialize)]
struct Created {
    file: PathBuf,
    #[serde(flatten)]
    made: Made,
}

#[derive(Debug, Serialize)]
struct Fetched {
    file: PathBuf,
    octets: u64,
}

/// Fetches a backup of the running service.
fn fetch(out: PathBuf, session: &mut Session) -> Ending {
    files::must_be_free(&out)?;
    let client = session.client()?;
    let mut draft = files::Draft::begin(&out, Readers::Owner)?;
    let gauge = session.console.gauge("backing up", None);
    let mut octets = 0;
    client.download(&["backups"], &mut |piece| {
        octets += piece.len() as u64;
        gauge.set(octets);
        draft.file().write_all(piece).map_err(|error| files::unwritable(&out, &error))
    })?;
    drop(gauge);
    draft.keep()?;
    Ok(Outcome::done(Simple::new("npki.backup.create/1", Fetched { file: out, octets }, |fetched, page| {
        page.verdict(Meaning::Good, "made", fetched.file.display().to_string());
        page.line(format!("  {} octets; read it to its end: npki backup verify", fetched.octets));
    })))
}

fn create(arguments: CreateArguments, session: &mut Session) -> Ending {
    let Some(data) = arguments.data else { return fetch(arguments.out, session) };
    let plan = BackupPlan {
        data,
        store: arguments.store,
        out: arguments.out,
        recipients: arguments.recipients,
        keys: if arguments.with_keys { SealedKeys::Included } else { SealedKeys::LeftOut },
    };
    let gauge = session.console.gauge("backing up", None);
    let made = service::create_backup(&plan, session.clock.as_ref(), &mut |done| gauge.set(done.octets))?;
    drop(gauge);
    let answer = Created { file: plan.out, made };
    Ok(Outcome::done(Simple::new("npki.backup.create/1", answer, |created, page| {
        page.verdict(Meaning::Good, "made", created.file.display().to_string());
        facts(&created.made.summary, page);
    })))
}

#[derive(Debug, Serialize)]
struct Verified {
    file: PathBuf,
    #[serde(flatten)]
    summary: Summary,
}

fn verify(file: PathBuf, identity: PathBuf, session: &Session) -> Ending {
    let gauge = session.console.gauge("verifying", octets_of(&file));
    let summary = service::verify_backup(&file, &identity, &mut |done| gauge.set(done.octets))?;
    drop(gauge);
    let answer = Verified { file, summary };
    Ok(Outcome::done(Simple::new("npki.backup.verify/1", answer, |verified, page| {
        page.verdict(Meaning::Good, "whole", verified.file.display().to_string());
        facts(&verified.summary, page);
    })))
}

/// How large a file is, as far as that can be told.
pub(super) fn octets_of(file: &std::path::Path) -> Option<u64> {
    file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
}

/// What a backup is, for people.
pub(super) fn facts(summary: &Summary, page: &mut Page) {
    let Summary { header, trailer } = summary;
    page.facts(&[
        ("installation", header.installation.clone()),
        ("made", format!("{}, by npki {}", ca_core::clock::in_words(header.made_at), header.npki)),
        ("ledger", format!("{} events", trailer.ledger_size)),
        ("store", format!("{} entries", trailer.entries)),
        ("files", trailer.files.to_string()),
        ("content", format!("{} octets, SHA-256 {}", trailer.octets, trailer.sha256)),
    ]);
}
