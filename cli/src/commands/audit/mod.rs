//! `npki audit`: the ledger. Reading it takes a context; verifying it does not.

mod consistency;
mod export;
mod receipt;
mod search;
mod signatures;
mod trust;
mod verify;

use clap::Subcommand;

use super::Ending;
use super::paging::Paging;
use crate::session::Session;

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List events, oldest first
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Find events by whom they concern, who acted, what was done and when
    Search {
        #[command(flatten)]
        filter: search::Filter,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show who looked at an identity, when
    WhoSaw {
        /// The identity
        #[arg(value_name = "IDENTITY")]
        identity: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one event, and whether it is sealed
    Show {
        /// Its position in the ledger
        #[arg(value_name = "POSITION")]
        position: u64,
    },
    /// Download receipts: proofs that events stand in the ledger, for whoever they concern to keep
    Receipt(receipt::ReceiptArguments),
    /// Verify the ledger: a store, an export, a receipt, or what the server shows
    Verify(Box<verify::VerifyArguments>),
    /// Compare the uses of CA keys with the ledger, or look up what was found in the wild
    Signatures(signatures::SignaturesArguments),
    /// Verify that a newer checkpoint continues an older one
    Consistency(consistency::ConsistencyArguments),
    /// Write events to a file: JSON Lines, CSV or syslog
    Export(export::ExportArguments),
}

/// Reads or verifies.
pub fn run(command: AuditCommand, session: &mut Session) -> Ending {
    match command {
        AuditCommand::List { paging } => search::list(&paging, session),
        AuditCommand::Search { filter, paging } => search::run(&filter, &paging, session),
        AuditCommand::WhoSaw { identity, paging } => search::who_saw(&identity, &paging, session),
        AuditCommand::Show { position } => search::show(position, session),
        AuditCommand::Receipt(arguments) => receipt::run(&arguments, session),
        AuditCommand::Verify(arguments) => verify::run(&arguments, session),
        AuditCommand::Signatures(arguments) => signatures::run(&arguments, session),
        AuditCommand::Consistency(arguments) => consistency::run(&arguments, session),
        AuditCommand::Export(arguments) => export::run(&arguments, session),
    }
}
