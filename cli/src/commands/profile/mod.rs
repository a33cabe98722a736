//! `npki profile`: the profiles that are in force, the editions they had, and changes under dual control.

mod check;
mod decide;
mod diff;
mod export;
mod history;
mod meaning;
mod proposals;
mod propose;
mod show;
mod simulate;
mod source;

use clap::Subcommand;

use super::Ending;
use super::paging::Paging;
use crate::client::records::{Page as Listing, ProfileSummary};
use crate::failure::Failure;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// List the profiles the server issues under
    List,
    /// Show all that a profile says, in words
    Show(show::ShowArguments),
    /// Check profiles' files as the service would read them, offline: every fault of each, and what is worth a look
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArguments),
    /// Tell what differs between two profiles for holders and relying parties
    #[command(after_help = diff::EXAMPLES)]
    Diff(diff::DiffArguments),
    /// List the editions that a profile had, and by whose word
    History {
        /// The profile
        name: String,
        /// Show what each edition changed
        #[arg(long)]
        diff: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Write profiles into files, NAME.toml each, to be adapted
    Export(export::ExportArguments),
    /// Show what a changed profile would do to requests that were made, before it is proposed
    Simulate(simulate::SimulateArguments),
    /// Propose a new profile, or another text for one; another administrator approves it
    Propose(propose::ProposeArguments),
    /// Propose that nothing is issued under a profile any more; another administrator approves it
    Retire {
        /// The profile
        name: String,
        /// Why. The ledger keeps it for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List proposals, or show one with what it changes
    Proposals {
        /// The proposal to show
        id: Option<String>,
        /// Only in this state
        #[arg(long, value_enum, conflicts_with = "id")]
        status: Option<proposals::ProposalStatus>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Approve a proposal of another administrator: it is in force at once
    Approve {
        /// The proposal
        id: String,
        /// The SHA-256 of what you read, instead of typing its end at a prompt
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
    /// Reject a proposal of another administrator
    Reject {
        /// The proposal
        id: String,
        /// Why. The ledger keeps it for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a proposal of your own back
    Withdraw {
        /// The proposal
        id: String,
    },
}

/// Lists or shows.
pub fn run(command: ProfileCommand, session: &mut Session) -> Ending {
    match command {
        ProfileCommand::List => {
            Ok(Outcome::done(Simple::new("npki.profile.list/1", in_force(session)?, list_text)))
        }
        ProfileCommand::Show(arguments) => show::run(&arguments, session),
        ProfileCommand::Check(arguments) => check::run(&arguments, session),
        ProfileCommand::Diff(arguments) => diff::run(&arguments, session),
        ProfileCommand::History { name, diff, paging } => history::run(&name, diff, &paging, session),
        ProfileCommand::Export(arguments) => export::run(&arguments, session),
        ProfileCommand::Simulate(arguments) => simulate::run(&arguments, session),
        ProfileCommand::Propose(arguments) => propose::run(&arguments, session),
        ProfileCommand::Retire { name, reason } => propose::retire(&name, &reason, session),
        ProfileCommand::Proposals { id: Some(id), .. } => proposals::show(&id, session),
        ProfileCommand::Proposals { id: None, status, paging } => proposals::list(status, &paging, session),
        ProfileCommand::Approve { id, sha256 } => decide::approve(&id, sha256.as_deref(), session),
        ProfileCommand::Reject { id, reason } => decide::reject(&id, &reason, session),
        ProfileCommand::Withdraw { id } => decide::withdraw(&id, session),
    }
}

fn in_force(session: &mut Session) -> Result<Listing<ProfileSummary>, Failure> {
    session.client()?.list(&["profiles"], &[])
}

fn list_text(profiles: &Listing<ProfileSummary>, page: &mut Page) {
    let rows = profiles.items.iter().map(|profile| {
        [
            profile.id.clone(),
            profile.identity_kind.clone().unwrap_or_default(),
            profile.approvals.to_string(),
            profile.validity_days.to_string(),
            profile.title.clone(),
        ]
    });
    page.table(["PROFILE", "FOR", "APPROVALS", "DAYS", "TITLE"], rows.collect(), "no profiles");
}
