//! `npki campaign`: every certificate of a bad algorithm, model or batch is found, and replaced by a date.

mod decide;
mod export;
mod inventory;
mod notify;
mod plan;
mod records;
mod run;
mod selection;
mod show;
mod start;

use clap::Subcommand;

use super::Ending;
use super::paging::Paging;
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
    /// Start a campaign: its members are gathered, and another administrator must approve it
    #[command(after_help = start::EXAMPLES)]
    Start(Box<start::StartArguments>),
    /// Approve a campaign that another administrator started: from now on it acts at its dates
    Approve {
        /// The campaign
        name: String,
    },
    /// List campaigns
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Show how far a campaign is, stage by stage
    Show {
        /// The campaign
        name: String,
    },
    /// List the certificates of a campaign
    Members(show::MembersArguments),
    /// Write whom to notify, or mark that they were
    #[command(after_help = notify::EXAMPLES)]
    Notify(notify::NotifyArguments),
    /// Exempt a certificate from a campaign
    Exempt(decide::ExemptArguments),
    /// Carry out what is due now, and watch; the service does it by itself too
    Run {
        /// The campaign
        name: String,
    },
    /// Let a campaign do nothing for the time being; what it selects is still refused
    Pause(decide::Reasoned),
    /// Let a paused campaign go on
    Resume {
        /// The campaign
        name: String,
    },
    /// End a campaign, or withdraw it before it is approved
    Finish(decide::Reasoned),
}

/// Does it.
pub fn run(command: CampaignCommand, session: &mut Session) -> Ending {
    match command {
        CampaignCommand::Inventory(arguments) => inventory::run(&arguments, session),
        CampaignCommand::Plan(arguments) => plan::run(&arguments, session),
        CampaignCommand::Start(arguments) => start::run(&arguments, session),
        CampaignCommand::Approve { name } => decide::approve(&name, session),
        CampaignCommand::List { paging } => show::list(&paging, session),
        CampaignCommand::Show { name } => show::show(&name, session),
        CampaignCommand::Members(arguments) => show::members(&arguments, session),
        CampaignCommand::Notify(arguments) => notify::run(&arguments, session),
        CampaignCommand::Exempt(arguments) => decide::exempt(&arguments, session),
        CampaignCommand::Run { name } => run::run(&name, session),
        CampaignCommand::Pause(arguments) => decide::pause(&arguments, session),
        CampaignCommand::Resume { name } => decide::resume(&name, session),
        CampaignCommand::Finish(arguments) => decide::finish(&arguments, session),
    }
}
