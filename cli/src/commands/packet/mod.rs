//! `npki packet begin|add|evidence|drop|list|seal|import`: persons enrolled on a machine without a network.
//!
//! All but `begin` and `import` work without one. Nothing personal is on the machine in clear: each piece is sealed for the
//! registry as soon as it is entered, and durable before the command returns.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Ending;
use super::evidence::ItemArguments;
use super::registry::PersonFacts;
use crate::session::Session;

mod begin;
mod collect;
mod import;
mod kit;
mod seal;

pub(super) const EXAMPLES: &str = "On the officer's machine, while there is a network:\n  \
    npki packet begin --folder semonkong --device tablet-2\n\
    In the village, without one:\n  \
    npki packet add --folder semonkong --surname Mokoena --given-name Thabo --identifier PNOLS-012345678901\n  \
    npki packet evidence 1 --folder semonkong --kind chiefs-letter --issuer 'Chief Peete' --reference 7/26 --how in-person\n  \
    npki packet seal --folder semonkong\n\
    Any officer, from a stick or over a slow line, as often as it takes:\n  \
    npki packet import semonkong/sealed/*.npki-packet";

/// What to do with packets.
#[derive(Debug, Subcommand)]
pub enum PacketCommand {
    /// Prepare a folder to enrol without a network, or fetch the registry's terms anew
    Begin {
        #[command(flatten)]
        folder: Folder,
        /// What to call this machine: small letters, digits and hyphens. A few characters are drawn to it
        #[arg(long, value_name = "NAME", default_value = "laptop")]
        device: String,
    },
    /// Enrol a person
    Add(Box<AddArguments>),
    /// Enter an item of evidence that you have checked
    Evidence {
        /// The entry
        entry: u32,
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        item: ItemArguments,
    },
    /// Drop an entry that was not sealed yet
    Drop {
        /// The entry
        entry: u32,
        #[command(flatten)]
        folder: Folder,
    },
    /// List what waits to be sealed, and what was
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// Seal what waits into packets, under your own key
    Seal {
        #[command(flatten)]
        folder: Folder,
        /// Sign this packet anew, under the certificate that you have now
        #[arg(long, value_name = "FILE", conflicts_with = "folder")]
        again: Option<PathBuf>,
    },
    /// Bring packets in; again as often as it takes, nobody enters twice
    Import(import::ImportArguments),
}

/// Where entries are kept.
#[derive(Debug, Args)]
pub struct Folder {
    /// The folder that npki packet begin prepared
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// A person to be enrolled.
#[derive(Debug, Args)]
pub struct AddArguments {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    person: PersonFacts,
    /// A certification request that the person hands in; it is made once the packet is in
    #[arg(long, value_name = "FILE", requires = "profile")]
    csr: Option<PathBuf>,
    /// The profile that it is for
    #[arg(long, value_name = "PROFILE", requires = "csr")]
    profile: Option<String>,
}

/// Does it.
pub fn run(command: PacketCommand, session: &mut Session) -> Ending {
    match command {
        PacketCommand::Begin { folder, device } => begin::run(&folder.folder, &device, session),
        PacketCommand::Add(arguments) => collect::add(*arguments, session),
        PacketCommand::Evidence { entry, folder, item } => {
            collect::evidence(entry, &folder.folder, item, session)
        }
        PacketCommand::Drop { entry, folder } => collect::drop_entry(entry, &folder.folder, session),
        PacketCommand::List { folder } => collect::list(&folder.folder),
        PacketCommand::Seal { again: Some(file), .. } => seal::again(&file, session),
        PacketCommand::Seal { folder, again: None } => seal::run(&folder.folder, session),
        PacketCommand::Import(arguments) => import::run(&arguments, session),
    }
}
