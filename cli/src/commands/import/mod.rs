//! `npki registry import`: whole lists of persons, organisations, devices, applications and agents, CSV or JSON Lines.
//!
//! The list is read in pieces, a row at a time, and sent in parts of a few hundred rows, several at once. A journal
//! beside the list says up to where everything is settled: after a power cut the same command goes on from there, and
//! what was sent but not noted the service recognises. Rows that are refused are written in the list's own form, each
//! with its reason, to be mended and fed again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Ending;
use crate::failure::Exit;
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

mod columns;
mod csv_rows;
mod journal;
mod json_rows;
mod list;
mod part;
mod refused;
mod run;
mod seen;
mod workers;

pub(super) use columns::plain;
pub(super) use csv_rows::delimiter;

pub(super) const EXAMPLES: &str = "The list is CSV or JSON Lines. Columns (or members): kind, surname, given_name, \
    legal_name, identifier, locality, organisation, sponsor, asset_tag, hardware_module, name, environment, \
    version, purpose, dns_names, ip_addresses, email_addresses, uris, permanent_identifier, user_principal_name, registered_id, member_class, \
    member_code, server_code; several values of one cell are separated by blanks. organisation and sponsor are \
    identifiers or numbers, and may stand further up in the list. A file that Excel saves as \"CSV UTF-8\" is taken as it \
    is, with commas, semicolons or tabs.\n\nInterrupted, the same command goes on where it was. Rows that are refused are \
    written to FILE.refused.csv with their reasons: mend them there and import that file.\n\nExamples:\n  \
    npki registry import people.csv --kind person --dry-run\n  \
    npki registry import people.csv --kind person\n  \
    npki registry import devices.jsonl --refused mend-these.jsonl\n\n\
    Exit code 3: some rows were refused.";

/// The list, and how to take it.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The list
    file: PathBuf,
    /// Its form; else its name's ending says it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The kind of all rows that do not say theirs
    #[arg(long, value_enum)]
    kind: Option<super::registry::IdentityKind>,
    /// Check every row here and against the registry, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Where rows that are refused are written, each with its reason; else FILE.refused.csv or .jsonl
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// How many parts are under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=16))]
    at_once: u8,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values, RFC 4180.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// What importing did.
#[derive(Debug, Default, Serialize)]
struct Done {
    dry_run: bool,
    /// Rows of the list.
    rows: u64,
    /// Entered now; in a dry run: would be.
    registered: u64,
    /// Entered before, by this list.
    already: u64,
    /// Not entered.
    refused: u64,
    /// Why not: how many rows by the problem's code.
    reasons: BTreeMap<String, u64>,
    /// Where those are that were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_file: Option<PathBuf>,
}

/// Imports a list.
pub fn run(arguments: &ImportArguments, session: &mut Session) -> Ending {
    let path = arguments.file.as_path();
    let format = arguments.format.or_else(|| Format::of(path)).ok_or_else(|| {
        files::no_list(path, "its name ends neither in .csv nor in .jsonl")
            .fix("say what it is: --format csv|jsonl")
    })?;
    let done = run::import(arguments, format, session)?;
    let exit = if done.refused == 0 { Exit::Done } else { Exit::No };
    Ok(Outcome::with_exit(Simple::new("npki.registry.import/1", done, text), exit))
}

fn text(done: &Done, page: &mut Page) {
    let (word, entered) = if done.dry_run { ("tried", "would be entered") } else { ("imported", "entered") };
    let before = if done.already == 0 { String::new() } else { format!(", {} were before", done.already) };
    page.verdict(
        Meaning::Good,
        word,
        format!("{} rows: {} {entered}{before}, {} refused", done.rows, done.registered, done.refused),
    );
    for (code, count) in &done.reasons {
        page.verdict(Meaning::Bad, "refused", format!("{count} rows with {code}: npki help {code}"));
    }
    if let Some(file) = &done.refused_file {
        page.facts(&[("to be mended", file.display().to_string())]);
    }
}
