//! The command line: `npki NOUN VERB [ARGUMENT] [--flag]`.

mod settings;
mod tree;
mod usage;

use std::ffi::OsString;

use clap::{Args, CommandFactory, FromArgMatches, Parser};

pub use settings::{ColourChoice, Origin, Settings};
pub use tree::golden;
pub use usage::Shown;

use crate::commands::Command;
use crate::failure::Failure;
use crate::output::{Format, Outcome};

/// A national PKI and digital ID service.
#[derive(Debug, Parser)]
#[command(name = "npki", version, disable_help_subcommand = true, max_term_width = 110)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Write one JSON document [env: NPKI_OUTPUT=json]
    #[arg(long, global = true, conflicts_with = "output", display_order = 900)]
    pub json: bool,
    /// Form of the answer [env: NPKI_OUTPUT]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", display_order = 901)]
    pub output: Option<Format>,
    /// Context to use instead of the one in use [env: NPKI_CONTEXT]
    #[arg(short, long, global = true, value_name = "NAME", display_order = 902)]
    pub context: Option<String>,
    /// Never ask; also when standard input is no terminal [env: NPKI_NO_INPUT]
    #[arg(long, global = true, display_order = 903)]
    pub no_input: bool,
    /// Say yes to ordinary confirmations, never to typed ones
    #[arg(short, long, global = true, display_order = 904)]
    pub yes: bool,
    /// When to colour [env: NO_COLOR, CLICOLOR, CLICOLOR_FORCE]
    #[arg(long, global = true, value_enum, value_name = "WHEN", display_order = 905)]
    pub color: Option<ColourChoice>,
    /// Seconds to wait for a server's answer [env: NPKI_TIMEOUT] [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", display_order = 906,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: Option<u64>,
    /// The case that persons are looked up for: the number of a file or ticket [env: NPKI_CASE]
    #[arg(long, global = true, value_name = "REFERENCE", display_order = 907)]
    pub case: Option<String>,
    /// No notes on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = 908)]
    pub quiet: bool,
    /// Log to standard error; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 909)]
    pub verbose: u8,
}

/// How reading the command line ended.
#[derive(Debug)]
pub enum Ended {
    /// Help or the version was asked for.
    Explained(Outcome),
    /// A command is to be run.
    Command(Box<Arguments>),
}

/// Reads the command line, its program name included.
///
/// # Errors
/// Wrong usage, in the words of the contract.
pub fn parse(words: &[OsString]) -> Result<Ended, Failure> {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return usage::explained(&error).map(Ended::Explained),
    };
    match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => Ok(Ended::Command(Box::new(arguments))),
        Err(error) => usage::explained(&error).map(Ended::Explained),
    }
}

/// The whole command tree, its help in groups.
pub fn command() -> clap::Command {
    let plain = Arguments::command();
    let groups = tree::grouped(&plain);
    plain.subcommand_required(true).help_template(format!(
        "{{about}}\n\nUsage: npki NOUN VERB [ARGUMENT] [--flag]\n\n{groups}Options:\n{{options}}\n\n\
         npki NOUN --help explains a noun, npki help TOPIC a topic: {topics}",
        topics = crate::help::names().join(", ")
    ))
}
