//! `npki campaign`: every certificate of a bad algorithm, model or batch is found, and replaced by a date.

mod inventory;

use clap::Subcommand;

use super::Ending;
use crate::session::Session;

/// What to do about campaigns.
#[derive(Debug, Subcommand)]
pub enum CampaignCommand {
    /// Enter from a list where keys live that certificates are for
    #[command(after_help = inventory::EXAMPLES)]
    Inventory(inventory::InventoryArguments),
}

/// Does it.
pub fn run(command: CampaignCommand, session: &mut Session) -> Ending {
    match command {
        CampaignCommand::Inventory(arguments) => inventory::run(&arguments, session),
    }
}
