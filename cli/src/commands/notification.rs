//! `npki notification …`: what civil registers, courts and hospitals told from machine to machine, and what of it waits.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Ending;
use super::paging::{Paging, say_if_more};
use crate::client::records::Page as Listing;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What stands below the help of `npki notification`.
pub const EXPLAINED: &str = "\
A source is an application with a certificate of its own (profile application). It posts to /v1/notifications, in JSON:

  {\"event_id\": \"2027/117\", \"kind\": \"death\", \"person\": \"PNOLS-012345678901\", \"date\": \"2027-03-07\", \"reference\": \"D 117/27\"}
  {\"event_id\": \"2027/118\", \"kind\": \"change\", \"person\": \"PNOLS-012345678901\", \"date\": \"2027-03-08\", \"reason\": \"marriage\",
   \"facts\": {\"surname\": \"Nthunya\"}}
  {\"event_id\": \"2027/119\", \"kind\": \"birth\", \"date\": \"2027-03-08\", \"facts\": {\"surname\": \"Mokoena\", \"given_name\": \"Lerato\"}}

A death suspends the person, until an officer confirms or undoes it; a change is proposed, and an officer confirms it; a birth
waits for an officer, and so does what does not fit. Sent again under its event_id it does nothing more.";

/// What to do with notifications.
#[derive(Debug, Subcommand)]
pub enum NotificationCommand {
    /// List notifications in the order in which they came
    List {
        /// Those that wait for an officer only
        #[arg(long)]
        waiting: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one and what it told; it is a look at the person
    Show {
        /// The notification
        id: String,
    },
    /// Settle one that waits: what it told was entered, or nothing is to be done
    Settle {
        /// The notification
        id: String,
        /// What was done
        #[arg(long = "as", value_name = "WORD", value_enum)]
        as_: Settling,
        /// Of whom it was entered, where that was not known before
        #[arg(long, value_name = "ID")]
        person: Option<String>,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Applications that may notify
    #[command(subcommand)]
    Source(SourceCommand),
}

/// What was done about a notification.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Settling {
    /// What it told was entered
    Done,
    /// Nothing is to be done
    Nothing,
}

/// What to do with sources.
#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// Let an application notify
    Add {
        /// The application
        application: String,
        /// Whose word it brings: civil-register, court, health-facility, chief, family, agency
        #[arg(long, value_name = "WORD")]
        speaks_for: String,
        /// What it may tell of: birth, death, change; repeat, or separate by commas
        #[arg(long = "kind", value_name = "KIND", required = true, value_delimiter = ',')]
        kinds: Vec<String>,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List the sources
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// End one at once: nothing that it says is taken any more
    End {
        /// The application
        application: String,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Notification {
    id: String,
    source: String,
    kind: String,
    received_at: String,
    person: Option<String>,
    state: String,
    why: Option<String>,
    change: Option<String>,
    settled_at: Option<String>,
    settled_by: Option<String>,
    settled_as: Option<String>,
    reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    notification: Notification,
    told: Option<Map<String, Value>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Source {
    application: String,
    status: String,
    speaks_for: String,
    kinds: Vec<String>,
    added_at: String,
    added_by: String,
    ended_at: Option<String>,
}

/// Lists, shows, settles, or says who may notify.
pub fn run(command: NotificationCommand, session: &mut Session) -> Ending {
    match command {
        NotificationCommand::List { waiting, paging } => list(waiting, &paging, session),
        NotificationCommand::Show { id } => {
            let shown: Shown = session.client()?.read(&["notifications", &id])?;
            Ok(Outcome::done(Simple::new("npki.notification.show/1", shown, shown_text)))
        }
        NotificationCommand::Settle { id, as_, person, reason } => {
            let body = json!({"as": super::word(as_), "person": person, "reason": reason});
            let path = ["notifications", &id, "settle"];
            let settled: Notification = session.client()?.change(&path, &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.notification.settle/1", settled, text)))
        }
        NotificationCommand::Source(command) => source(command, session),
    }
}

fn list(waiting: bool, paging: &Paging, session: &mut Session) -> Ending {
    let query = paging.query(&[("waiting", waiting.then(|| "true".to_owned()))]);
    let list: Listing<Notification> = session.client()?.list(&["notifications"], &query)?;
    Ok(Outcome::done(Simple::new("npki.notification.list/1", list, |list, page| {
        let rows = list.items.iter().map(|one| {
            let (why, person) = (one.why.clone().unwrap_or_default(), one.person.clone().unwrap_or_default());
            [one.id.clone(), one.received_at.clone(), one.kind.clone(), one.state.clone(), why, person]
        });
        let header = ["ID", "CAME", "KIND", "STATE", "WHY", "PERSON"];
        page.table(header, rows.collect(), "no notifications");
        say_if_more(list, page);
    })))
}

fn source(command: SourceCommand, session: &mut Session) -> Ending {
    let (client, entropy) = (session.client()?, session.entropy.as_ref());
    let (schema, source): (_, Source) = match command {
        SourceCommand::List { paging } => {
            let list: Listing<Source> = client.list(&["notification-sources"], &paging.query(&[]))?;
            return Ok(Outcome::done(Simple::new("npki.notification.source.list/1", list, sources_text)));
        }
        SourceCommand::Add { application, speaks_for, kinds, reason } => {
            let body = json!({"application": application, "speaks_for": speaks_for, "kinds": kinds, "reason": reason});
            ("npki.notification.source.add/1", client.change(&["notification-sources"], &body, entropy)?)
        }
        SourceCommand::End { application, reason } => {
            let path = ["notification-sources", &application, "end"];
            ("npki.notification.source.end/1", client.change(&path, &json!({"reason": reason}), entropy)?)
        }
    };
    Ok(Outcome::done(Simple::new(schema, source, |source, page| {
        let said = format!("{} speaks for the {}", source.application, source.speaks_for);
        page.verdict(Meaning::of_status(&source.status), &source.status, said);
        page.facts(&[("tells of", source.kinds.join(", ")), ("added", source.added_at.clone())]);
    })))
}

fn sources_text(list: &Listing<Source>, page: &mut Page) {
    let rows = list.items.iter().map(|one| {
        let kinds = one.kinds.join(", ");
        [one.application.clone(), one.status.clone(), one.speaks_for.clone(), kinds]
    });
    page.table(["APPLICATION", "STATUS", "SPEAKS FOR", "TELLS OF"], rows.collect(), "no sources");
    say_if_more(list, page);
}

fn text(notification: &Notification, page: &mut Page) {
    let meaning = if notification.state == "waits" { Meaning::Doubtful } else { Meaning::Good };
    let said = format!("{}: {} told by {}", notification.id, notification.kind, notification.source);
    page.verdict(meaning, &notification.state, said);
    let mut facts = vec![("came", notification.received_at.clone())];
    facts.extend(notification.why.iter().map(|why| ("waits for", why.clone())));
    facts.extend(notification.person.iter().map(|person| ("person", person.clone())));
    facts.extend(notification.change.iter().map(|change| ("change", change.clone())));
    if let (Some(at), Some(by), Some(as_)) =
        (&notification.settled_at, &notification.settled_by, &notification.settled_as)
    {
        let reason = notification.reason.clone().unwrap_or_default();
        facts.push(("settled", format!("as {as_}, {at}, by {by}: {reason}")));
    }
    page.facts(&facts);
}

fn shown_text(shown: &Shown, page: &mut Page) {
    text(&shown.notification, page);
    let Some(told) = &shown.told else { return page.line("What it told is not kept any more.") };
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let known = told.iter().filter(|(_, value)| !value.is_null());
    let facts: Vec<(&str, String)> = known.map(|(name, value)| (name.as_str(), said(value))).collect();
    page.facts(&facts);
}
