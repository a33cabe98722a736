//! `npki party …`: relying parties, their purposes, and what they are told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Ending;
use super::paging::{Paging, say_if_more};
use crate::client::records::Page as Listing;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// The most octets of a file of terms: 50 purposes are a few pages.
const MAX_TERMS: u64 = 256 * 1024;

/// What to do with relying parties.
#[derive(Debug, Subcommand)]
pub enum PartyCommand {
    /// Propose to register an organisation: another administrator confirms it
    Add(TermsArguments),
    /// List relying parties, or what waits for an administrator
    List {
        /// What is proposed and waits
        #[arg(long)]
        waiting: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one with its purposes, and what is proposed of it
    Show {
        /// The organisation
        id: String,
    },
    /// Propose other purposes for one: another administrator confirms them
    Change(TermsArguments),
    /// Confirm what a colleague proposed: it holds at once
    Confirm {
        /// The organisation
        id: String,
        /// What is proposed, as `npki party show ID` names it
        change: String,
    },
    /// Take back or reject what is proposed
    Drop {
        /// The organisation
        id: String,
        /// What is proposed, as `npki party show ID` names it
        change: String,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End one at once: it is told nothing any more
    End {
        /// The organisation
        id: String,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Learn what a purpose of your organisation admits of a person; the person's log tells it
    Ask {
        /// The person, by identifier or by the pseudonym in your sector
        person: String,
        /// For which purpose
        #[arg(long, value_name = "NAME")]
        purpose: String,
        /// What you need, and no more: surname, age-over-18, alive; repeat, or separate by commas
        #[arg(long = "attribute", value_name = "NAME", required = true, value_delimiter = ',')]
        attributes: Vec<String>,
    },
}

/// An organisation, and what it is to be told for which purposes.
#[derive(Debug, clap::Args)]
pub struct TermsArguments {
    /// The organisation
    id: String,
    /// The sector and the purposes, TOML as in config/relying-party.toml; - reads standard input
    #[arg(long, value_name = "FILE")]
    terms: PathBuf,
    /// Why. It stays in the ledger for good: no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// A file of terms.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    sector: Option<String>,
    #[serde(default)]
    purposes: Vec<Purpose>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purpose {
    name: String,
    legal_basis: String,
    attributes: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Party {
    organisation: String,
    status: String,
    sector: String,
    purposes: Vec<Purpose>,
    since: String,
    proposed_by: String,
    confirmed_by: String,
    ended_at: Option<String>,
    ended_by: Option<String>,
    reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Proposed {
    change: String,
    organisation: String,
    act: String,
    sector: String,
    purposes: Vec<Purpose>,
    reason: String,
    proposed_at: String,
    proposed_by: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    party: Option<Party>,
    proposed: Option<Proposed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Disclosure {
    person: String,
    receiver: String,
    purpose: String,
    legal_basis: String,
    case: String,
    attributes: BTreeMap<String, Value>,
    event: String,
}

/// Proposes, decides, shows or asks.
pub fn run(command: PartyCommand, session: &mut Session) -> Ending {
    match command {
        PartyCommand::Add(arguments) => propose(&arguments, true, session),
        PartyCommand::Change(arguments) => propose(&arguments, false, session),
        PartyCommand::List { waiting, paging } => list(waiting, &paging, session),
        PartyCommand::Show { id } => {
            let shown: Shown = session.client()?.read(&["relying-parties", &id])?;
            Ok(Outcome::done(Simple::new("npki.party.show/1", shown, shown_text)))
        }
        PartyCommand::Confirm { id, change } => {
            let party: Party = changed(session, &id, "confirm", &json!({"change": change}))?;
            Ok(Outcome::done(Simple::new("npki.party.confirm/1", party, party_text)))
        }
        PartyCommand::Drop { id, change, reason } => {
            let body = json!({"change": change, "reason": reason});
            let dropped: Proposed = changed(session, &id, "drop", &body)?;
            Ok(Outcome::done(Simple::new("npki.party.drop/1", dropped, |dropped, page| {
                page.verdict(Meaning::of_status("dropped"), "dropped", &dropped.change);
            })))
        }
        PartyCommand::End { id, reason } => {
            let party: Party = changed(session, &id, "end", &json!({"reason": reason}))?;
            Ok(Outcome::done(Simple::new("npki.party.end/1", party, party_text)))
        }
        PartyCommand::Ask { person, purpose, attributes } => {
            let body = json!({"person": person, "purpose": purpose, "attributes": attributes});
            let told: Disclosure =
                session.client()?.change(&["disclosures"], &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.party.ask/1", told, told_text)))
        }
    }
}

fn changed<T: serde::de::DeserializeOwned>(
    session: &mut Session,
    id: &str,
    step: &str,
    body: &Value,
) -> Result<T, Failure> {
    session.client()?.change(&["relying-parties", id, step], body, session.entropy.as_ref())
}

fn propose(arguments: &TermsArguments, new: bool, session: &mut Session) -> Ending {
    let terms = terms(&arguments.terms)?;
    let mut body = json!({"purposes": terms.purposes, "reason": arguments.reason});
    let proposed: Proposed = match (new, terms.sector) {
        (true, Some(sector)) => {
            body["organisation"] = json!(arguments.id);
            body["sector"] = json!(sector);
            session.client()?.change(&["relying-parties"], &body, session.entropy.as_ref())?
        }
        (false, None) => changed(session, &arguments.id, "change", &body)?,
        (true, None) => return Err(unfit(&arguments.terms, "a new relying party needs a sector")),
        (false, Some(_)) => {
            return Err(unfit(&arguments.terms, "the sector stays as it is: leave it out in a change"));
        }
    };
    let schema = if new { "npki.party.add/1" } else { "npki.party.change/1" };
    Ok(Outcome::done(Simple::new(schema, proposed, |proposed, page| {
        proposed_text(proposed, page);
        page.line(format!(
            "Another administrator confirms it:  npki party confirm {} {}",
            proposed.organisation, proposed.change
        ));
    })))
}

fn terms(path: &Path) -> Result<Terms, Failure> {
    let text = files::read(path, MAX_TERMS)?;
    toml::from_str(&String::from_utf8_lossy(&text)).map_err(|error| unfit(path, error.message()))
}

fn unfit(path: &Path, why: &str) -> Failure {
    Failure::of(&catalogue::CONTENT)
        .what(format!("{} does not say what a relying party is told", path.display()))
        .cause(why.to_owned())
        .fix("write it as config/relying-party.toml shows: sector, and purposes with name, legal_basis, attributes")
}

fn list(waiting: bool, paging: &Paging, session: &mut Session) -> Ending {
    let client = session.client()?;
    if waiting {
        let list: Listing<Proposed> = client.list(&["relying-party-changes"], &paging.query(&[]))?;
        return Ok(Outcome::done(Simple::new("npki.party.waiting/1", list, |list, page| {
            let rows = list.items.iter().map(|one| {
                [&one.organisation, &one.change, &one.act, &one.sector, &one.proposed_by].map(Clone::clone)
            });
            let header = ["ORGANISATION", "CHANGE", "ACT", "SECTOR", "PROPOSED BY"];
            page.table(header, rows.collect(), "nothing waits");
            say_if_more(list, page);
        })));
    }
    let list: Listing<Party> = client.list(&["relying-parties"], &paging.query(&[]))?;
    Ok(Outcome::done(Simple::new("npki.party.list/1", list, |list, page| {
        let rows = list.items.iter().map(|one| {
            let purposes = one.purposes.iter().map(|purpose| purpose.name.as_str()).collect::<Vec<_>>();
            [one.organisation.clone(), one.status.clone(), one.sector.clone(), purposes.join(", ")]
        });
        let header = ["ORGANISATION", "STATUS", "SECTOR", "PURPOSES"];
        page.table(header, rows.collect(), "no relying parties");
        say_if_more(list, page);
    })))
}

fn shown_text(shown: &Shown, page: &mut Page) {
    if let Some(party) = &shown.party {
        party_text(party, page);
    }
    if let Some(proposed) = &shown.proposed {
        proposed_text(proposed, page);
    }
}

fn party_text(party: &Party, page: &mut Page) {
    page.verdict(
        Meaning::of_status(&party.status),
        &party.status,
        format!("relying party {}", party.organisation),
    );
    let mut facts = vec![("sector", party.sector.clone()), ("since", party.since.clone())];
    facts.push(("by", format!("{}, confirmed by {}", party.proposed_by, party.confirmed_by)));
    facts.extend(party.ended_at.iter().map(|at| ("ended", at.clone())));
    facts.extend(party.reason.iter().map(|reason| ("because", reason.clone())));
    page.facts(&facts);
    purposes_text(&party.purposes, page);
}

fn proposed_text(proposed: &Proposed, page: &mut Page) {
    page.verdict(
        Meaning::of_status("waiting"),
        "waiting",
        format!("{} relying party {}", proposed.act, proposed.organisation),
    );
    page.facts(&[
        ("change", proposed.change.clone()),
        ("sector", proposed.sector.clone()),
        ("proposed by", format!("{}, {}", proposed.proposed_by, proposed.proposed_at)),
        ("because", proposed.reason.clone()),
    ]);
    purposes_text(&proposed.purposes, page);
}

fn purposes_text(purposes: &[Purpose], page: &mut Page) {
    let rows =
        purposes.iter().map(|one| [one.name.clone(), one.attributes.join(", "), one.legal_basis.clone()]);
    page.table(["PURPOSE", "ADMITS", "BY"], rows.collect(), "no purposes");
}

fn told_text(told: &Disclosure, page: &mut Page) {
    page.line(format!("{} for {} ({}), case {}", told.person, told.purpose, told.legal_basis, told.case));
    let shown = |value: &Value| match value {
        Value::Null => "not known".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let facts = told.attributes.iter().map(|(name, value)| (name.as_str(), shown(value)));
    page.facts(&facts.collect::<Vec<_>>());
    page.line(format!("in the ledger as {}", told.event));
}
