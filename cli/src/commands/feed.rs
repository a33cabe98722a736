//! `npki feed`: the status feed that responders on other machines follow: its key, and files of it that are carried by hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ca_core::clock::in_words;
use ca_core::status::feed::{FeedError, Gist, Head, Kind, MessageReader, Place, VerifiedMessage};
use ca_core::tlog::note::VerifierKey;
use clap::{Args, Subcommand};
use serde::Serialize;
use time::OffsetDateTime;

use super::Ending;
use crate::client::{FeedClient, Following};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service;

/// What to do with a feed.
#[derive(Debug, Subcommand)]
pub enum FeedCommand {
    /// Show the public key of an installation's feed: what its responders are told to trust
    Key {
        /// The installation's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Write the feed of a running installation to a file, for a responder without a network
    Export(ExportArguments),
    /// Verify such a file, and tell what it says
    Verify {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        key: FeedKey,
    },
}

/// Which key is trusted.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct FeedKey {
    /// The feed's public key, which came another way than the feed itself
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A file that holds the key: certificates/feed.vkey of the installation
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The installation's folder, on its own machine
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The most octets of a key file.
const MAX_KEY: u64 = 4_096;
/// The most octets of a feed's file; it is held in memory.
pub const MAX_FEED: u64 = 4 * 1024 * 1024 * 1024;

impl FeedKey {
    /// A key given in one of these ways.
    pub const fn given(key: Option<String>, key_file: Option<PathBuf>) -> Self {
        Self { key, key_file, data: None }
    }

    /// The key.
    ///
    /// # Errors
    /// It is no key.
    pub fn read(&self) -> Result<VerifierKey, Failure> {
        let text = match self {
            Self { data: Some(data), .. } => return Ok(service::feed_key(data)?),
            Self { key_file: Some(file), .. } => {
                String::from_utf8_lossy(&files::read(file, MAX_KEY)?).trim_end().to_owned()
            }
            Self { key, .. } => key.clone().unwrap_or_default(),
        };
        text.parse().map_err(|error| Failure::of(&catalogue::FEED_KEY).cause(format!("{error}")))
    }
}

/// What to write.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    key: FeedKey,
    /// Where the installation is reached, such as http://pki.gov.ls [default: this machine, with --data]
    #[arg(long, value_name = "URL", required_unless_present = "data")]
    from: Option<url::Url>,
    /// The CA certificate that its HTTPS certificate leads to, PEM; not needed for http://
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Only what came after this file, which the responder has been given [default: everything]
    #[arg(long, value_name = "FILE")]
    after: Option<PathBuf>,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// How long the installation may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command.
pub fn run(command: FeedCommand) -> Ending {
    match command {
        FeedCommand::Key { data } => {
            let key = service::feed_key(&data)?.to_string();
            Ok(Outcome::done(Simple::new("npki.feed.key/1", KeyAnswer { key }, |answer, page| {
                page.line(&answer.key);
            })))
        }
        FeedCommand::Export(arguments) => export(&arguments),
        FeedCommand::Verify { file, key } => {
            let octets = files::read(&file, MAX_FEED)?;
            let told = Told::of(&octets, &[key.read()?], file)?;
            Ok(Outcome::done(Simple::new("npki.feed.verify/1", told, |told, page| {
                told.text("verified", page)
            })))
        }
    }
}

#[derive(Debug, Serialize)]
struct KeyAnswer {
    key: String,
}

fn export(arguments: &ExportArguments) -> Ending {
    files::must_be_free(&arguments.out)?;
    let keys = [arguments.key.read()?];
    let base = match (&arguments.from, &arguments.key.data) {
        (Some(from), _) => from.clone(),
        (None, Some(data)) => service::own_feed(data)?,
        (None, None) => return Err(Failure::of(&catalogue::USAGE).cause("give --from or --data".to_owned())),
    };
    let client = FeedClient::new(base, arguments.trust.as_deref(), PATIENCE)?;
    let octets = match &arguments.after {
        Some(before) => increments(&client, end_of(before, &keys)?, &keys)?,
        None => {
            let mut all = client.snapshot()?;
            let rest = increments(&client, last_place(&all, &keys)?, &keys)?;
            all.extend_from_slice(&rest);
            all
        }
    };
    let told = Told::of(&octets, &keys, arguments.out.clone())?;
    files::create(&arguments.out, &octets, Readers::Anyone)?;
    Ok(Outcome::done(Simple::new("npki.feed.export/1", told, |told, page| told.text("written", page))))
}

/// Where a file ends.
fn end_of(file: &Path, keys: &[VerifierKey]) -> Result<Place, Failure> {
    last_place(&files::read(file, MAX_FEED)?, keys)
}

fn last_place(octets: &[u8], keys: &[VerifierKey]) -> Result<Place, Failure> {
    let last = MessageReader::new(octets).last().ok_or_else(|| refused(FeedError::NotAFeed.to_string()))?;
    let verified =
        last.and_then(|message| message.verify(keys)).map_err(|error| refused(error.to_string()))?;
    Ok(verified.head().until)
}

/// All increments after a place, until there is nothing left to tell.
fn increments(client: &FeedClient, mut at: Place, keys: &[VerifierKey]) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    loop {
        let Following::Message(octets) = client.after(&at)? else {
            return Err(refused("the installation's history is another one than the file's".to_owned())
                .fix("export everything, without --after; if the installation was not restored from a backup, find out what happened"));
        };
        let message = MessageReader::new(&octets).next().unwrap_or(Err(FeedError::CutOff));
        let verified =
            message.and_then(|message| message.verify(keys)).map_err(|error| refused(error.to_string()))?;
        let Head { kind, until, level, .. } = *verified.head();
        if kind != (Kind::Increment { after: at }) || (until == at && level.is_none()) {
            return Err(refused("what comes after a message does not continue it".to_owned()));
        }
        at = until;
        all.extend_from_slice(&octets);
        if level.is_some() {
            return Ok(all);
        }
    }
}

fn refused(cause: String) -> Failure {
    Failure::of(&catalogue::FEED_REFUSED).cause(cause)
}

/// What a file tells.
#[derive(Debug, Serialize)]
struct Told {
    file: PathBuf,
    octets: u64,
    messages: u64,
    /// The event after which it begins; null where it begins with a snapshot.
    after: Option<u64>,
    /// How many events it covers.
    until: u64,
    #[serde(with = "time::serde::rfc3339::option")]
    as_of: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires: Option<OffsetDateTime>,
    /// What its snapshot tells of each CA.
    cas: Vec<OfCa>,
}

#[derive(Debug, Serialize)]
struct OfCa {
    ca: String,
    good: u64,
    revoked: u64,
}

impl Told {
    /// Verifies every message, and that each continues the one before.
    fn of(octets: &[u8], keys: &[VerifierKey], file: PathBuf) -> Result<Self, Failure> {
        let mut told = Self {
            file,
            octets: octets.len() as u64,
            messages: 0,
            after: None,
            until: 0,
            as_of: None,
            expires: None,
            cas: Vec::new(),
        };
        let mut at: Option<Place> = None;
        for message in MessageReader::new(octets) {
            let verified = message
                .and_then(|message| message.verify(keys))
                .map_err(|error| refused(error.to_string()))?;
            told.add(&verified, at)?;
            at = Some(verified.head().until);
        }
        match at {
            Some(_) => Ok(told),
            None => Err(refused("it is empty".to_owned())),
        }
    }

    fn add(&mut self, message: &VerifiedMessage<'_>, at: Option<Place>) -> Result<(), Failure> {
        let head = message.head();
        match (head.kind, at) {
            (Kind::Snapshot, None) => {
                let gist = message.gist().map_err(|error| refused(error.to_string()))?;
                let of_ca = |Gist { ca, good, revoked }| OfCa { ca: ca.to_string(), good, revoked };
                self.cas = gist.into_iter().map(of_ca).collect();
            }
            (Kind::Increment { after }, None) => self.after = Some(after.position),
            (Kind::Increment { after }, Some(at)) if after == at => {}
            _ => return Err(refused("its messages do not continue each other".to_owned())),
        }
        self.messages += 1;
        self.until = head.until.position;
        if let Some(level) = head.level {
            (self.as_of, self.expires) = (Some(level.as_of), Some(level.expires));
        }
        Ok(())
    }

    fn text(&self, word: &str, page: &mut Page) {
        page.verdict(Meaning::Good, word, self.file.display().to_string());
        let moment = |moment: Option<OffsetDateTime>| moment.map(in_words).unwrap_or_else(|| "-".to_owned());
        let begins =
            self.after.map_or_else(|| "everything".to_owned(), |after| format!("after event {after}"));
        page.facts(&[
            ("tells", begins),
            ("up to event", self.until.to_string()),
            ("as of", moment(self.as_of)),
            ("counts until", moment(self.expires)),
            ("octets", self.octets.to_string()),
        ]);
        if !self.cas.is_empty() {
            let row = |of: &OfCa| [of.ca.clone(), of.good.to_string(), of.revoked.to_string()];
            page.table(["ca", "good", "revoked"], self.cas.iter().map(row).collect(), "");
        }
    }
}
