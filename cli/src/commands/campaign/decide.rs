//! `npki campaign approve|pause|resume|finish|exempt`: decisions.

use ca_core::serial::SerialNumber;
use clap::Args;
use serde_json::{Value, json};

use super::super::Ending;
use super::records::{Campaign, Member, tell};
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

/// A campaign, and why something is decided about it.
#[derive(Debug, Args)]
pub struct Reasoned {
    /// The campaign
    name: String,
    /// Why. It stays in the ledger for good: no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// A member, and why it is exempted.
#[derive(Debug, Args)]
pub struct ExemptArguments {
    /// The campaign
    name: String,
    /// The certificate's serial number
    serial: SerialNumber,
    /// Why. It stays in the ledger for good: no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Shows what would be approved, asks, approves.
pub fn approve(name: &str, session: &mut Session) -> Ending {
    let client = session.client()?;
    if session.asks() {
        let campaign: Campaign = client.read(&["campaigns", name])?;
        session.console.note(&format!("{}: {}", campaign.name, campaign.why));
        session.console.note(&format!("It selects: {}", campaign.selects));
        for stage in &campaign.stages {
            let date = |date: &Option<String>| date.clone().unwrap_or_else(|| "never".to_owned());
            let (hold, revoke) = (date(&stage.hold_at), date(&stage.revoke_at));
            session.console.note(&format!(
                "Stage {}: {} certificates, on hold {hold}, revoked {revoke}",
                stage.number, stage.members
            ));
        }
        session.console.confirm(&format!(
            "Approve it? What is left of {} certificates ends at these dates.",
            campaign.members
        ))?;
    }
    act(name, "approval", json!({}), "npki.campaign.approve/1", session)
}

/// Lets it do nothing for the time being.
pub fn pause(arguments: &Reasoned, session: &mut Session) -> Ending {
    act(&arguments.name, "pause", json!({"why": arguments.reason}), "npki.campaign.pause/1", session)
}

/// Lets it go on.
pub fn resume(name: &str, session: &mut Session) -> Ending {
    act(name, "resumption", json!({}), "npki.campaign.resume/1", session)
}

/// Ends it.
pub fn finish(arguments: &Reasoned, session: &mut Session) -> Ending {
    if session.asks() {
        let campaign: Campaign = session.client()?.read(&["campaigns", &arguments.name])?;
        let left = campaign.left;
        session
            .console
            .confirm(&format!("End campaign {}? {left} certificates stay as they are.", arguments.name))?;
    }
    act(&arguments.name, "end", json!({"why": arguments.reason}), "npki.campaign.finish/1", session)
}

fn act(name: &str, verb: &str, body: Value, schema: &'static str, session: &mut Session) -> Ending {
    let client = session.client()?;
    let campaign: Campaign = client.change(&["campaigns", name, verb], &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new(schema, campaign, tell)))
}

/// Exempts a member.
pub fn exempt(arguments: &ExemptArguments, session: &mut Session) -> Ending {
    let ExemptArguments { name, serial, reason } = arguments;
    let body = json!({"serial": serial.to_string(), "why": reason});
    let client = session.client()?;
    let path = ["campaigns", name, "exemptions"];
    let member: Member = client.change(&path, &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.campaign.exempt/1", member, |member, page| {
        page.verdict(
            Meaning::Doubtful,
            &member.state,
            format!("{}/{} of {}", member.issuer, member.serial, member.identity),
        );
    })))
}
