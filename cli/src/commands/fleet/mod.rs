//! `npki fleet request|approve|fetch`: certificates for hundreds of devices at once.
//!
//! A list, or a folder of certification requests, becomes one request each; the fleet's file, `LIST.fleet.jsonl`, says which
//! came of which row. It goes to the officers who approve and back to the agency, which fetches the certificates beside
//! their requests. Run again, each command goes on where it was: a row has an idempotency key of its own.

use std::path::PathBuf;

use ca_core::profile::Assurance;
use clap::{Args, Subcommand};

use super::Ending;
use crate::session::Session;

mod approve;
mod fetch;
mod list;
mod record;
mod request;

pub(super) const EXAMPLES: &str = "The list is CSV or JSON Lines, or a folder of *.csr files that are called as their devices. Columns: csr \
    (a file, as seen from the list, or the request itself), and identity (D-...), or asset_tag with hardware_module, ip_addresses, uris and \
    permanent_identifier of a device to be registered.\n\nExamples:\n  \
    npki fleet request gates.csv --profile device --dry-run\n  \
    npki fleet request gates.csv --profile device --organisation O-... --sponsor P-...\n  \
    npki fleet approve gates.csv.fleet.jsonl --note 'order 7/26'\n  \
    npki fleet fetch gates.csv.fleet.jsonl\n\n\
    Exit code 3: some rows were refused; they stand in LIST.refused.csv, to be mended and fed again.";

/// What to do with a fleet.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Ask for a certificate for each device of a list
    Request(RequestArguments),
    /// Approve all requests of a fleet under your own key, after one look at the whole
    Approve {
        /// The fleet's file
        file: PathBuf,
        /// What was checked
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// To which level you saw the identities proven: low, substantial, high. Profiles may ask for one
        #[arg(long, value_name = "LEVEL", value_parser = super::vet::assurance_parser())]
        assurance: Option<Assurance>,
    },
    /// Write the certificates that were issued beside their requests
    Fetch {
        /// The fleet's file
        file: PathBuf,
    },
}

/// The list, and what to ask for.
#[derive(Debug, Args)]
pub struct RequestArguments {
    /// The list, or a folder of certification requests
    list: PathBuf,
    /// The profile: npki profile list
    #[arg(long)]
    profile: String,
    /// The organisation that owns devices to be registered
    #[arg(long, value_name = "ID", requires = "sponsor")]
    organisation: Option<String>,
    /// The person who answers for them
    #[arg(long, value_name = "ID", requires = "organisation")]
    sponsor: Option<String>,
    /// Check every row here, and registrations against the registry, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does it.
pub fn run(command: FleetCommand, session: &mut Session) -> Ending {
    match command {
        FleetCommand::Request(arguments) => request::run(&arguments, session),
        FleetCommand::Approve { file, note, assurance } => {
            approve::run(&file, note.as_deref(), assurance, session)
        }
        FleetCommand::Fetch { file } => fetch::run(&file, session),
    }
}
