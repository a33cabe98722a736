//! `npki registry change|changes|confirm-change|drop-change`: changes of what is known of identities.

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::life::{Noted, warned};
use super::paging::{Paging, say_if_more};
use super::{Ending, word};
use crate::client::records::{Identity, Page as Listing};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// A change of what is known of an identity.
#[derive(Debug, Subcommand)]
pub enum ChangeCommand {
    /// Propose a change of what is known of an identity: a colleague confirms it
    Change(Box<ProposeArguments>),
    /// Show the changes that wait for a colleague, or what one would change
    Changes {
        /// The identity whose change to show
        id: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Confirm a change that a colleague proposed: certificates that say what was known before end
    ConfirmChange {
        /// The identity
        id: String,
        /// The change, as `npki registry changes ID` shows it
        change: String,
        #[command(flatten)]
        noted: Noted,
    },
    /// Take a change back, or reject it
    DropChange {
        /// The identity
        id: String,
        /// The change
        change: String,
        #[command(flatten)]
        noted: Noted,
    },
}

/// What is to be changed. A fact that is not named stays; an empty text takes one away that an identity can be without.
#[derive(Debug, Args)]
pub struct ProposeArguments {
    /// The identity
    id: String,
    /// Why
    #[arg(long, value_enum)]
    reason: ChangeReason,
    /// Keep certificates that say what was known before this many days (1 to 90), to be replaced; then they are revoked
    #[arg(long, value_name = "DAYS")]
    replace_within: Option<u16>,
    #[command(flatten)]
    noted: Noted,
    #[command(flatten)]
    facts: Facts,
}

/// The facts that are given.
#[derive(Debug, Args, Serialize)]
struct Facts {
    /// A person's family name
    #[arg(long)]
    surname: Option<String>,
    /// A person's given names
    #[arg(long)]
    given_name: Option<String>,
    /// When a person was born: 1984-03-07, 1984-03 or 1984
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// A person's family name in Latin letters
    #[arg(long, value_name = "NAME")]
    surname_latin: Option<String>,
    /// A person's given names in Latin letters
    #[arg(long, value_name = "NAMES")]
    given_name_latin: Option<String>,
    /// An organisation's legal name
    #[arg(long)]
    legal_name: Option<String>,
    /// The number of a person or organisation
    #[arg(long)]
    identifier: Option<String>,
    /// Where an organisation sits
    #[arg(long)]
    locality: Option<String>,
    /// A device's asset tag
    #[arg(long)]
    asset_tag: Option<String>,
    /// A device's hardware type and serial number, as in RFC 4108
    #[arg(long, value_name = "OID/HEX")]
    hardware_module: Option<String>,
    /// The name of an application or agent
    #[arg(long)]
    name: Option<String>,
    /// Where an application runs
    #[arg(long)]
    environment: Option<String>,
    /// An agent's version, or the model that decides for it
    #[arg(long)]
    version: Option<String>,
    /// What an agent is there for
    #[arg(long)]
    purpose: Option<String>,
    /// A DNS name; repeat for all that there are from then on
    #[arg(long = "dns-name", value_name = "NAME")]
    dns_names: Option<Vec<String>>,
    /// An IP address; repeat for all that there are from then on
    #[arg(long = "ip-address", value_name = "ADDRESS")]
    ip_addresses: Option<Vec<String>>,
    /// A mailbox; repeat for all that there are from then on
    #[arg(long = "email", value_name = "ADDRESS")]
    email_addresses: Option<Vec<String>>,
    /// An https address; repeat for all that there are from then on
    #[arg(long = "uri", value_name = "ADDRESS")]
    uris: Option<Vec<String>>,
    /// An identifier that stays when other names change, as in RFC 4043
    #[arg(long, value_name = "[OID/]VALUE")]
    permanent_identifier: Option<String>,
    /// The name under which directory services of Windows know a person
    #[arg(long, value_name = "USER@REALM")]
    user_principal_name: Option<String>,
    /// An object identifier that was registered for an organisation
    #[arg(long, value_name = "OID")]
    registered_id: Option<String>,
    /// The class of an organisation's membership in X-Road
    #[arg(long, value_name = "CLASS")]
    member_class: Option<String>,
    /// An organisation's code as a member of X-Road
    #[arg(long, value_name = "CODE")]
    member_code: Option<String>,
    /// An application's code as a security server of X-Road
    #[arg(long, value_name = "CODE")]
    server_code: Option<String>,
}

/// Why what is known is changed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ChangeReason {
    /// A person's marriage
    Marriage,
    /// A person's divorce
    Divorce,
    /// A court's or an authority's order
    Court,
    /// An organisation, device, application or agent has another name
    Renamed,
    /// Another version of a program runs, or another model decides
    Upgraded,
    /// It sits, or is reached, elsewhere
    Moved,
    /// What was entered was wrong
    Correction,
    /// Somebody had themselves entered as another: every certificate ends at once
    IdentityTheft,
}

/// A change that waits.
#[derive(Debug, Serialize, Deserialize)]
struct Change {
    change: String,
    identity: String,
    reason: String,
    replace_within_days: Option<u16>,
    fields: Vec<String>,
    proposed_at: String,
    proposed_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<FieldChange>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// One field, before and after.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FieldChange {
    field: String,
    before: Value,
    after: Value,
}

impl FieldChange {
    /// `surname: Mokoena -> Nthunya`.
    pub(super) fn words(&self) -> String {
        format!("{}: {} -> {}", self.field, shown(&self.before), shown(&self.after))
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What a confirmed change did.
#[derive(Debug, Serialize, Deserialize)]
struct Confirmed {
    identity: Identity,
    revoked: u64,
    to_replace: Vec<ToReplace>,
    beyond_reach: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ToReplace {
    serial: String,
    until: String,
}

/// Proposes, shows, confirms or drops changes.
pub fn run(command: ChangeCommand, session: &mut Session) -> Ending {
    match command {
        ChangeCommand::Change(arguments) => {
            let ProposeArguments { id, reason, replace_within, noted, facts } = *arguments;
            let body = json!({
                "facts": given(&facts), "reason": word(reason), "note": noted.note,
                "replace_within_days": replace_within,
            });
            let client = session.client()?;
            let change: Change =
                client.change(&["identities", &id, "changes"], &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.registry.change/1", change, change_text)))
        }
        ChangeCommand::Changes { id: Some(id), .. } => {
            let change: Change = session.client()?.read(&["identities", &id, "changes"])?;
            Ok(Outcome::done(Simple::new("npki.registry.change/1", change, change_text)))
        }
        ChangeCommand::Changes { id: None, paging } => {
            let list: Listing<Change> = session.client()?.list(&["identity-changes"], &paging.query(&[]))?;
            Ok(Outcome::done(Simple::new("npki.registry.changes/1", list, list_text)))
        }
        ChangeCommand::ConfirmChange { id, change, noted } => confirm(&id, &change, &noted, session),
        ChangeCommand::DropChange { id, change, noted } => {
            let client = session.client()?;
            let body = json!({"change": change, "note": noted.note});
            let dropped: Change =
                client.change(&["identities", &id, "changes", "drop"], &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.registry.drop-change/1", dropped, dropped_text)))
        }
    }
}

fn confirm(id: &str, change: &str, noted: &Noted, session: &mut Session) -> Ending {
    let client = session.client()?;
    session.confirm(&format!(
        "Change what is known of {id}, and end what says otherwise? It cannot be undone."
    ))?;
    let body = json!({"change": change, "note": noted.note});
    let confirmed: Confirmed =
        client.change(&["identities", id, "changes", "confirm"], &body, session.entropy.as_ref())?;
    let beyond_reach = confirmed.beyond_reach.join(", ");
    let outcome = Outcome::done(Simple::new("npki.registry.confirm-change/1", confirmed, confirmed_text));
    Ok(warned(outcome, &beyond_reach))
}

/// What is not given is left out. One empty text instead of a list is an empty list.
fn given(facts: &Facts) -> Value {
    let mut facts = json!(facts);
    if let Some(members) = facts.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        for value in members.values_mut().filter(|value| **value == json!([""])) {
            *value = json!([]);
        }
    }
    facts
}

fn change_text(change: &Change, page: &mut Page) {
    let says = format!("{} of {} ({})", change.change, change.identity, change.reason);
    page.verdict(Meaning::of_status("waiting"), "waits for a colleague", says);
    let mut facts = vec![("proposed", format!("{} by {}", change.proposed_at, change.proposed_by))];
    facts.extend(change.changes.iter().flatten().map(|one| ("change", one.words())));
    facts.push((
        "certificates",
        change.replace_within_days.map_or_else(
            || "those that say what was known before are revoked at once".to_owned(),
            |days| format!("those that say what was known before are to be replaced within {days} days"),
        ),
    ));
    facts.extend(change.note.iter().map(|note| ("note", note.clone())));
    page.facts(&facts);
}

fn dropped_text(change: &Change, page: &mut Page) {
    page.verdict(
        Meaning::of_status("rejected"),
        "dropped",
        format!("{} of {}", change.change, change.identity),
    );
}

fn list_text(list: &Listing<Change>, page: &mut Page) {
    let rows = list.items.iter().map(|change| {
        [
            change.identity.clone(),
            change.change.clone(),
            change.reason.clone(),
            change.fields.join(", "),
            change.proposed_by.clone(),
            change.proposed_at.clone(),
        ]
    });
    page.table(
        ["IDENTITY", "CHANGE", "REASON", "FIELDS", "PROPOSED BY", "AT"],
        rows.collect(),
        "no change waits",
    );
    say_if_more(list, page);
}

fn confirmed_text(confirmed: &Confirmed, page: &mut Page) {
    let identity = &confirmed.identity;
    page.verdict(
        Meaning::of_status(&identity.status),
        "changed",
        format!("{} {}", identity.id, identity.display_name()),
    );
    let mut facts = Vec::new();
    if confirmed.revoked > 0 {
        facts.push(("revoked", confirmed.revoked.to_string()));
    }
    facts.extend(
        confirmed.to_replace.iter().map(|one| ("to replace", format!("{} until {}", one.serial, one.until))),
    );
    page.facts(&facts);
}
