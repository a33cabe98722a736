//! `npki profile proposals`.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::history::{Edition, changes};
use super::meaning::Change;
use crate::client::Client;
use crate::client::records::Page as Listing;
use crate::commands::paging::{Paging, say_if_more};
use crate::commands::{Ending, word};
use crate::failure::Failure;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// A proposal, as the server tells it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Proposal {
    pub id: String,
    pub profile: String,
    pub act: String,
    pub sha256: String,
    pub against: Option<u64>,
    pub issued_by: Option<String>,
    pub reason: String,
    pub proposed_by: String,
    pub proposed_at: String,
    pub status: String,
    pub stale: bool,
    pub decided_by: Option<String>,
    pub decided_at: Option<String>,
    pub edition: Option<u64>,
    pub rejection: Option<String>,
    /// Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// A proposal's state.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ProposalStatus {
    Waiting,
    Approved,
    Rejected,
    Withdrawn,
}

/// A proposal, and what it changes.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    proposal: Proposal,
    #[serde(flatten)]
    difference: Difference,
}

/// What a proposal changes; nothing is told of a retirement.
#[derive(Debug, Default, Serialize)]
pub struct Difference {
    /// The lines that differ from the edition it was made against, as in a unified diff.
    pub diff: Option<String>,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

impl Difference {
    /// In words, and then line by line as the text has it: what is approved is the text.
    pub fn lines(&self) -> Vec<String> {
        let meaning = self.change.iter().flat_map(Change::lines);
        meaning.chain(self.diff.iter().flat_map(|diff| diff.lines()).map(ToOwned::to_owned)).collect()
    }
}

/// Lists.
pub fn list(status: Option<ProposalStatus>, paging: &Paging, session: &mut Session) -> Ending {
    let query = paging.query(&[("status", status.map(word))]);
    let list: Listing<Proposal> = session.client()?.list(&["profile-proposals"], &query)?;
    Ok(Outcome::done(Simple::new("npki.profile.proposals/1", list, list_text)))
}

/// Shows one.
pub fn show(id: &str, session: &mut Session) -> Ending {
    let client = session.client()?;
    let proposal: Proposal = client.read(&["profile-proposals", id])?;
    let difference = difference(&client, &proposal)?;
    let shown = Shown { proposal, difference };
    Ok(Outcome::done(Simple::new("npki.profile.proposal/1", shown, |shown: &Shown, page| {
        show_text(&shown.proposal, page);
        shown.difference.lines().iter().for_each(|line| page.line(line));
    })))
}

/// What a proposal changes.
///
/// # Errors
/// The server cannot be asked.
pub fn difference(client: &Client, proposal: &Proposal) -> Result<Difference, Failure> {
    let Some(text) = &proposal.text else { return Ok(Difference::default()) };
    let former = match proposal.against {
        Some(number) => {
            let edition: Edition =
                client.read(&["profiles", &proposal.profile, "editions", &number.to_string()])?;
            edition.text
        }
        None => None,
    };
    let diff = Some(changes(former.as_deref().unwrap_or_default(), text));
    let change = Some(Change::of(&proposal.profile, former.as_deref(), text));
    Ok(Difference { diff, change })
}

fn list_text(list: &Listing<Proposal>, page: &mut Page) {
    let rows = list.items.iter().map(|proposal| {
        let status = if proposal.stale { "stale".to_owned() } else { proposal.status.clone() };
        [
            proposal.id.clone(),
            status,
            proposal.act.clone(),
            proposal.profile.clone(),
            proposal.sha256.clone(),
            proposal.proposed_by.clone(),
            proposal.proposed_at.clone(),
        ]
    });
    let header = ["PROPOSAL", "STATUS", "ACT", "PROFILE", "SHA-256", "PROPOSED BY", "AT"];
    page.table(header, rows.collect(), "no proposals");
    say_if_more(list, page);
}

/// A proposal for people.
pub fn show_text(proposal: &Proposal, page: &mut Page) {
    let meaning = match proposal.status.as_str() {
        "approved" => Meaning::Good,
        "rejected" | "withdrawn" => Meaning::Bad,
        _ => Meaning::Doubtful,
    };
    page.verdict(meaning, &proposal.status, format!("proposal {}", proposal.id));
    let against = match proposal.against {
        Some(number) => format!("edition {number}"),
        None => "nothing: the profile is new".to_owned(),
    };
    let mut facts = vec![
        ("act", format!("{} of profile {}", proposal.act, proposal.profile)),
        ("sha256", proposal.sha256.clone()),
        ("against", against),
        ("reason", proposal.reason.clone()),
        ("proposed by", format!("{}, {}", proposal.proposed_by, proposal.proposed_at)),
    ];
    facts.extend(proposal.issued_by.iter().map(|ca| ("issued by", ca.clone())));
    if let (Some(by), Some(at)) = (&proposal.decided_by, &proposal.decided_at) {
        facts.push(("decided by", format!("{by}, {at}")));
    }
    facts.extend(proposal.edition.iter().map(|number| ("edition", number.to_string())));
    facts.extend(proposal.rejection.iter().map(|why| ("rejected", why.clone())));
    page.facts(&facts);
    if proposal.stale {
        page.line("The profile was changed since: this can only be rejected or withdrawn.");
    }
}
