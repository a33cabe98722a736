//! `npki witness`: a witness of logs, and the logs it knows.

use std::net::SocketAddr;
use std::path::PathBuf;

use ca_core::tlog::checkpoint::{Log, Origin};
use ca_core::tlog::note::{KeyName, VerifierKey};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::witness::{self, Adding, WitnessPlan};

/// What to do with a witness.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Set up a new witness in an empty folder
    Init(InitArguments),
    /// Make a log known to a witness
    AddLog(AddLogArguments),
    /// Show a witness's public key
    Key {
        /// The witness's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Run a witness
    Serve {
        /// The witness's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// What to set up.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to set up; must be empty or not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The witness's name in its cosignatures, such as witness.example.org; it must never change
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Where it listens, plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// A file whose first line seals the key, kept elsewhere [default: drawn, and kept in the folder]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Which log.
#[derive(Debug, Args)]
pub struct AddLogArguments {
    /// The witness's folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The log's public key, which came another way than from the log itself
    #[arg(long, value_name = "KEY", required_unless_present = "key_file")]
    key: Option<String>,
    /// A file that holds the key, such as certificates/ledger.vkey of an installation
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// The log's origin, where it is not the key's name: NAME/EPOCH after history was given up [default: the key's name]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
}

/// The most octets of a key file.
const MAX_KEY: u64 = 4_096;

/// Runs a command.
pub fn run(command: WitnessCommand) -> Ending {
    match command {
        WitnessCommand::Init(arguments) => init(arguments),
        WitnessCommand::AddLog(arguments) => add_log(arguments),
        WitnessCommand::Key { data } => {
            let key = witness::public_key(&data)?.to_string();
            Ok(Outcome::done(Simple::new("npki.witness.key/1", KeyAnswer { key }, |answer, page| {
                page.line(&answer.key);
            })))
        }
        WitnessCommand::Serve { data } => {
            witness::serve(&data)?;
            Ok(Outcome::done(Simple::new("npki.witness.serve/1", ServeAnswer { data }, |answer, page| {
                page.line(format!("stopped: {}", answer.data.display()));
            })))
        }
    }
}

#[derive(Debug, Serialize)]
struct KeyAnswer {
    key: String,
}

#[derive(Debug, Serialize)]
struct ServeAnswer {
    data: PathBuf,
}

#[derive(Debug, Serialize)]
struct InitAnswer {
    data: PathBuf,
    name: String,
    key: String,
    url: String,
}

fn init(arguments: InitArguments) -> Ending {
    let name: KeyName = arguments.name.parse().map_err(|error| {
        let failure = Failure::of(&catalogue::USAGE).what(format!("--name {:?} is no name", arguments.name));
        failure.cause(format!("{error}")).fix("give a name such as witness.example.org")
    })?;
    let InitArguments { data, listen, passphrase_file, .. } = arguments;
    let plan = WitnessPlan { data, name, listen, passphrase_file };
    let key = witness::init(&plan)?.to_string();
    let url = format!("http://{listen}/");
    let answer = InitAnswer { data: plan.data, name: plan.name.to_string(), key, url };
    Ok(Outcome::done(Simple::new("npki.witness.init/1", answer, init_text)))
}

fn init_text(answer: &InitAnswer, page: &mut Page) {
    let data = answer.data.display();
    page.verdict(Meaning::Good, "founded", data.to_string());
    page.facts(&[("name", answer.name.clone()), ("public key", answer.key.clone())]);
    page.line("next, for each log:");
    page.line(format!("  npki witness add-log --data {data} --key KEY"));
    page.line(format!("  npki witness serve --data {data}"));
    page.line("and in the npki.toml of each log, with the address under which it reaches this witness:");
    page.line("  [[ledger.witnesses]]");
    page.line(format!("  url = \"{}\"", answer.url));
    page.line(format!("  key = \"{}\"", answer.key));
}

#[derive(Debug, Serialize)]
struct AddLogAnswer {
    origin: String,
    key: String,
    outcome: Adding,
}

fn add_log(arguments: AddLogArguments) -> Ending {
    let key = key_of(&arguments)?;
    let origin = origin_of(&arguments, &key)?;
    let outcome = witness::add_log(&arguments.data, &origin, &key)?;
    let answer = AddLogAnswer { origin: origin.to_string(), key: key.to_string(), outcome };
    Ok(Outcome::done(Simple::new("npki.witness.add-log/1", answer, |answer, page| {
        match answer.outcome {
            Adding::Added => page.verdict(Meaning::Good, "added", &answer.origin),
            Adding::Known => page.verdict(Meaning::Good, "known", &answer.origin),
        }
        page.facts(&[("key", answer.key.clone())]);
        page.line("it is witnessed from the next start of npki witness serve");
    })))
}

fn key_of(arguments: &AddLogArguments) -> Result<VerifierKey, Failure> {
    let text = match (&arguments.key, &arguments.key_file) {
        (Some(key), _) => key.clone(),
        (None, Some(path)) => {
            String::from_utf8_lossy(&crate::files::read(path, MAX_KEY)?).trim_end().to_owned()
        }
        (None, None) => String::new(),
    };
    let unusable = |cause: String| Failure::of(&catalogue::LOG_KEY).cause(cause);
    let key: VerifierKey = text.parse().map_err(|error| unusable(format!("{error}")))?;
    // A witness's key makes no checkpoints.
    Log::named_by(key.clone()).map_err(|error| unusable(error.to_string()))?;
    Ok(key)
}

fn origin_of(arguments: &AddLogArguments, key: &VerifierKey) -> Result<Origin, Failure> {
    let text = arguments.origin.as_deref().unwrap_or(key.name().as_str());
    text.parse().map_err(|error| {
        Failure::of(&catalogue::USAGE)
            .what(format!("--origin {text:?} is no origin"))
            .cause(format!("{error}"))
    })
}
