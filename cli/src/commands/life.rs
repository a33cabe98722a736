//! `npki registry suspend|resume|report-death|confirm-death|find-alive|close|reopen|hand-over|history`: the life of identities.

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::change::FieldChange;
use super::paging::{Paging, say_if_more};
use super::{Ending, word};
use crate::client::records::Page as Listing;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// A step in an identity's life.
#[derive(Debug, Subcommand)]
pub enum LifeCommand {
    /// Suspend an identity: its certificates are on hold, and nothing is issued to it
    Suspend {
        /// The identity
        id: String,
        /// Why
        #[arg(long, value_enum)]
        cause: SuspensionCause,
        #[command(flatten)]
        noted: Noted,
    },
    /// Resume what a colleague suspended: what is on hold for it is released
    Resume {
        /// The identity
        id: String,
        #[command(flatten)]
        noted: Noted,
    },
    /// Enter word that a person has died: the person is suspended at once
    ReportDeath {
        /// The person
        id: String,
        /// Where it comes from
        #[arg(long, value_enum)]
        source: DeathSource,
        #[command(flatten)]
        noted: Noted,
    },
    /// Confirm a death that a colleague reported: every certificate of the person is revoked
    ConfirmDeath {
        /// The person
        id: String,
        /// Who answers from now on for what the person answered for
        #[arg(long, value_name = "ID")]
        successor: Option<String>,
        #[command(flatten)]
        noted: Noted,
    },
    /// Undo a report or a confirmation of death
    FindAlive {
        /// The person
        id: String,
        #[command(flatten)]
        noted: Noted,
    },
    /// Close an identity: every certificate of it is revoked
    Close {
        /// The identity
        id: String,
        /// Why
        #[arg(long, value_enum)]
        cause: ClosureCause,
        /// Who answers from now on for what a person answered for
        #[arg(long, value_name = "ID")]
        successor: Option<String>,
        #[command(flatten)]
        noted: Noted,
    },
    /// Open again what another administrator closed by mistake
    Reopen {
        /// The identity
        id: String,
        #[command(flatten)]
        noted: Noted,
    },
    /// Hand a device or application to another sponsor
    HandOver {
        /// The device or application
        id: String,
        /// The person who answers for it from now on
        #[arg(long, value_name = "ID")]
        sponsor: String,
        #[command(flatten)]
        noted: Noted,
    },
    /// Show what happened to an identity
    History {
        /// The identity
        id: String,
        #[command(flatten)]
        paging: Paging,
    },
}

/// What is noted about a step.
#[derive(Debug, clap::Args)]
pub struct Noted {
    /// On what grounds: a letter, its number and date. Kept sealed with the identity
    #[arg(long, value_name = "TEXT")]
    pub(super) note: String,
}

/// Why an identity is suspended.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SuspensionCause {
    /// Whoever it is about, or answers for it, asked for it
    Requested,
    /// Something about it is looked into
    Investigation,
}

/// Why an identity is closed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ClosureCause {
    /// The person has left the country for good
    Emigrated,
    /// The organisation was dissolved
    Dissolved,
    /// The device or application is not used any more
    Retired,
}

/// Where word of a death comes from.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DeathSource {
    /// The register of births, deaths and marriages: enough by itself
    CivilRegister,
    /// A court's declaration: enough by itself
    Court,
    /// A hospital or clinic
    HealthFacility,
    /// A chief's letter
    Chief,
    /// The family
    Family,
    /// An agency that pays or serves the person
    Agency,
}

/// Where an identity stands after a step.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    id: String,
    status: String,
    cause: Option<String>,
    held: u64,
    released: u64,
    revoked: u64,
    things: u64,
    beyond_reach: Vec<String>,
}

/// What happened to an identity.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    action: String,
    cause: Option<String>,
    at: String,
    by: String,
    note: Option<String>,
    #[serde(default)]
    changes: Option<Vec<FieldChange>>,
    #[serde(default)]
    former: Option<Value>,
    event: String,
}

/// Takes a step, or shows those that were taken.
pub fn run(command: LifeCommand, session: &mut Session) -> Ending {
    let (id, step, body) = match command {
        LifeCommand::History { id, paging } => return history(&id, &paging, session),
        LifeCommand::Suspend { id, cause, noted } => {
            (id, "suspend", json!({"cause": word(cause), "note": noted.note}))
        }
        LifeCommand::Resume { id, noted } => (id, "resume", json!({"note": noted.note})),
        LifeCommand::ReportDeath { id, source, noted } => {
            (id, "report-death", json!({"source": word(source), "note": noted.note}))
        }
        LifeCommand::ConfirmDeath { id, successor, noted } => {
            (id, "confirm-death", with_successor(json!({"note": noted.note}), successor))
        }
        LifeCommand::FindAlive { id, noted } => (id, "find-alive", json!({"note": noted.note})),
        LifeCommand::Close { id, cause, successor, noted } => {
            (id, "close", with_successor(json!({"cause": word(cause), "note": noted.note}), successor))
        }
        LifeCommand::Reopen { id, noted } => (id, "reopen", json!({"note": noted.note})),
        LifeCommand::HandOver { id, sponsor, noted } => {
            (id, "hand-over", json!({"sponsor": sponsor, "note": noted.note}))
        }
    };
    let client = session.client()?;
    let is_final = matches!(step, "confirm-death" | "close");
    if is_final && !session.settings.yes && session.console.can_ask() {
        session.console.confirm(&format!("Revoke every certificate of {id}? That cannot be undone."))?;
    }
    let taken: Step = client.change(&["identities", &id, step], &body, session.entropy.as_ref())?;
    let beyond_reach = taken.beyond_reach.join(", ");
    let outcome = Outcome::done(Simple::new("npki.registry.step/1", taken, step_text));
    if beyond_reach.is_empty() {
        return Ok(outcome);
    }
    let where_to = "are of CAs whose keys are elsewhere, and are to be revoked there";
    Ok(outcome.warn(format!("these certificates {where_to}: {beyond_reach}")))
}

fn history(id: &str, paging: &Paging, session: &mut Session) -> Ending {
    let list: Listing<Entry> = session.client()?.list(&["identities", id, "history"], &paging.query(&[]))?;
    Ok(Outcome::done(Simple::new("npki.registry.history/1", list, history_text)))
}

fn with_successor(mut body: Value, successor: Option<String>) -> Value {
    if let (Some(members), Some(successor)) = (body.as_object_mut(), successor) {
        members.insert("successor".to_owned(), successor.into());
    }
    body
}

fn step_text(step: &Step, page: &mut Page) {
    let cause = step.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    page.verdict(Meaning::of_status(&step.status), &step.status, format!("{}{cause}", step.id));
    let counted = [
        ("put on hold", step.held),
        ("released", step.released),
        ("revoked", step.revoked),
        ("devices and applications", step.things),
    ];
    let facts: Vec<_> = counted
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (*name, count.to_string()))
        .collect();
    page.facts(&facts);
}

/// What was changed, then what was noted.
fn told(entry: &Entry) -> String {
    let changes = entry.changes.iter().flatten().map(FieldChange::words);
    changes.chain(entry.note.clone()).collect::<Vec<_>>().join("; ")
}

fn history_text(list: &Listing<Entry>, page: &mut Page) {
    let rows = list.items.iter().map(|entry| {
        [
            entry.at.clone(),
            entry.action.clone(),
            entry.cause.clone().unwrap_or_default(),
            entry.by.clone(),
            told(entry),
        ]
    });
    page.table(["WHEN", "WHAT", "CAUSE", "WHO", "NOTE"], rows.collect(), "nothing since it was entered");
    say_if_more(list, page);
}
