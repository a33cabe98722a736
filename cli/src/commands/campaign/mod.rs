//! `npki campaign`: every certificate of a bad algorithm, model or batch is found, and replaced by a date.

mod export;
mod inventory;
mod plan;
mod selection;

use clap::Subcommand;

use super::Ending;
use crate::session::Session;

/// What to do about campaigns.
#[derive(Debug, Subcommand)]
pub enum CampaignCommand {
    /// Enter from a list where keys live that certificates are for
    #[command(after_help = inventory::EXAMPLES)]
    Inventory(inventory::InventoryArguments),
    /// See which certificates a selection reaches; nothing is changed
    #[command(after_help = plan::EXAMPLES)]
    Plan(Box<plan::PlanArguments>),
}

/// Does it.
pub fn run(command: CampaignCommand, session: &mut Session) -> Ending {
    match command {
        CampaignCommand::Inventory(arguments) => inventory::run(&arguments, session),
        CampaignCommand::Plan(arguments) => plan::run(&arguments, session),
    }
}
