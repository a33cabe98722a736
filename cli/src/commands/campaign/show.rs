//! `npki campaign list|show|members`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use id_registry::campaign::MemberState;

use super::super::Ending;
use super::super::paging::{Paging, say_if_more};
use super::records::{Campaign, Member, tell};
use crate::client::records::Page as Listing;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// Which members.
#[derive(Debug, Args)]
pub struct MembersArguments {
    /// The campaign
    name: String,
    /// Only of this stage
    #[arg(long, value_name = "K")]
    stage: Option<u16>,
    /// Only in this state
    #[arg(long, value_parser = PossibleValuesParser::new(MemberState::ALL.map(MemberState::name)))]
    state: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

/// All campaigns.
pub fn list(paging: &Paging, session: &mut Session) -> Ending {
    let list: Listing<Campaign> = session.client()?.list(&["campaigns"], &paging.query(&[]))?;
    Ok(Outcome::done(Simple::new("npki.campaign.list/1", list, list_text)))
}

fn list_text(list: &Listing<Campaign>, page: &mut Page) {
    let rows = list.items.iter().map(|campaign| {
        [
            campaign.name.clone(),
            campaign.phase.clone(),
            campaign.members.to_string(),
            campaign.left.to_string(),
            campaign.started_at.clone(),
            campaign.selects.clone(),
        ]
    });
    page.table(
        ["CAMPAIGN", "PHASE", "MEMBERS", "LEFT", "STARTED", "SELECTS"],
        rows.collect(),
        "no campaigns",
    );
    say_if_more(list, page);
}

/// One campaign.
pub fn show(name: &str, session: &mut Session) -> Ending {
    let campaign: Campaign = session.client()?.read(&["campaigns", name])?;
    Ok(Outcome::done(Simple::new("npki.campaign.show/1", campaign, tell)))
}

/// The members of one.
pub fn members(arguments: &MembersArguments, session: &mut Session) -> Ending {
    let stage = arguments.stage.map(|stage| stage.to_string());
    let query = arguments.paging.query(&[("stage", stage), ("state", arguments.state.clone())]);
    let path = ["campaigns", &arguments.name, "members"];
    let list: Listing<Member> = session.client()?.list(&path, &query)?;
    Ok(Outcome::done(Simple::new("npki.campaign.members/1", list, members_text)))
}

fn members_text(list: &Listing<Member>, page: &mut Page) {
    let rows = list.items.iter().map(|member| {
        [
            member.stage.map(|stage| stage.to_string()).unwrap_or_default(),
            member.serial.clone(),
            member.state.clone(),
            member.profile.clone(),
            member.identity.clone(),
            member.not_after.clone(),
        ]
    });
    page.table(["STAGE", "SERIAL", "STATE", "PROFILE", "IDENTITY", "UNTIL"], rows.collect(), "no members");
    say_if_more(list, page);
}
