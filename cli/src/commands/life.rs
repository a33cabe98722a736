//! `npki registry suspend|resume|report-death|confirm-death|find-alive|close|reopen|hand-over|lost-token|history`: the life of identities.

use clap::builder::PossibleValuesParser;
use clap::{Subcommand, ValueEnum};
use id_registry::key_origin::OriginKind;
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
    /// Enter that a token is lost: every certificate in it is put on hold, or revoked with --stolen; --found undoes a loss
    #[command(after_help = TOKENS)]
    LostToken(Box<LostToken>),
    /// Show what happened to an identity
    History {
        /// The identity
        id: String,
        #[command(flatten)]
        paging: Paging,
    },
}

/// What `npki registry lost-token` is told in the end.
const TOKENS: &str = "A certificate is in the token when its key is known to come from such a one (npki cert show SERIAL), or \
    when it is named.\n\n\
    npki registry lost-token P-7QF3K2M9T4 --model 'IDPrime 940' --note 'report 12'\n\
    npki registry lost-token P-7QF3K2M9T4 --stolen --note 'seen in a shop'   what is on hold is revoked\n\
    npki registry lost-token P-7QF3K2M9T4 --found --note 'under the bed'     another officer releases it";

/// A token that is lost, and what is in it.
#[derive(Debug, clap::Args)]
pub struct LostToken {
    /// The identity
    id: String,
    /// What kind of token it is
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(OriginKind::ALL.map(OriginKind::name)))]
    kind: Option<String>,
    /// Its model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Its batch
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Its firmware
    #[arg(long, value_name = "NAME")]
    firmware: Option<String>,
    /// A certificate that is in it; repeat for more
    #[arg(long = "serial", value_name = "SERIAL")]
    serials: Vec<String>,
    /// All that the identity has is in it
    #[arg(long)]
    all: bool,
    /// Those are elsewhere of whose keys nobody knows where they are, and that are not named
    #[arg(long)]
    others_are_elsewhere: bool,
    /// It was stolen: what is in it is revoked as keyCompromise
    #[arg(long)]
    stolen: bool,
    /// It is found: what is on hold for it is released, by another officer
    #[arg(long, conflicts_with_all = ["kind", "model", "batch", "firmware", "serials", "all", "others_are_elsewhere", "stolen"])]
    found: bool,
    #[command(flatten)]
    noted: Noted,
}

impl LostToken {
    fn body(&self) -> Value {
        if self.found {
            return json!({"note": self.noted.note});
        }
        json!({
            "kind": self.kind, "model": self.model, "batch": self.batch, "firmware": self.firmware,
            "serials": self.serials, "all": self.all, "others_elsewhere": self.others_are_elsewhere,
            "stolen": self.stolen, "note": self.noted.note,
        })
    }
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
pub(super) struct Step {
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
        LifeCommand::LostToken(lost) => {
            let body = lost.body();
            let (step, is_final) =
                if lost.found { ("find-token", false) } else { ("lose-token", lost.stolen) };
            if is_final {
                confirm_final(&lost.id, "the certificates in the stolen token of", session)?;
            }
            (lost.id, step, body)
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
    if matches!(step, "confirm-death" | "close") {
        confirm_final(&id, "every certificate of", session)?;
    }
    let taken: Step = client.change(&["identities", &id, step], &body, session.entropy.as_ref())?;
    Ok(step_taken(taken))
}

/// Shows where a step led.
pub(super) fn step_taken(taken: Step) -> Outcome {
    let beyond_reach = taken.beyond_reach.join(", ");
    warned(Outcome::done(Simple::new("npki.registry.step/1", taken, step_text)), &beyond_reach)
}

/// Says which certificates no key at hand could reach, where there are any.
pub(super) fn warned(outcome: Outcome, beyond_reach: &str) -> Outcome {
    if beyond_reach.is_empty() {
        return outcome;
    }
    let where_to = "are of CAs whose keys are elsewhere, and are to be revoked there";
    outcome.warn(format!("these certificates {where_to}: {beyond_reach}"))
}

fn confirm_final(id: &str, what: &str, session: &Session) -> Result<(), crate::failure::Failure> {
    session.confirm(&format!("Revoke {what} {id}? That cannot be undone."))
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
        ("devices, applications and agents", step.things),
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
