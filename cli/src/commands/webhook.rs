//! `npki webhook …`: who is told, at an address of its own, that something happened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Ending;
use super::paging::{Paging, say_if_more};
use crate::client::records::Page as Listing;
use crate::failure::{Exit, Failure};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What stands below the help of `npki webhook`.
pub const EXPLAINED: &str = "\
Kinds of events:
  everybody may be told: certificate.revoked, certificate.held, certificate.released, crl.published
  of what the organisation is or owns: identity.registered, identity.suspended, identity.resumed, identity.closed,
    identity.reopened, identity.changed, identity.erased, identity.handed-over, identity.orphaned,
    identity.sponsor-back, identity.token-lost, identity.token-stolen, identity.token-found, request.approved,
    request.rejected, certificate.issued, party.changed, party.ended
  of persons of whom it was told something for a purpose that it has, as far as the purpose admits it:
    identity.death-reported, identity.died, identity.found-alive (alive); identity.suspended, identity.resumed,
    identity.closed, identity.reopened (status); identity.changed (the name or date that changed); identity.erased

A message says what happened, to whom and when. It is sent in the ledger's order until it is taken (any 2xx), at least
once, and signed as Standard Webhooks has it: headers webhook-id (the same each time), webhook-timestamp, webhook-signature.

  npki webhook add O-… --address https://hooks.gov.ls/npki --kind certificate.revoked --secret-file hook.secret --reason 'letter 7'";

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Tell an organisation what happens from now on, as far as it may know
    Add {
        /// The organisation
        organisation: String,
        /// Where: an https address without a user's name or password
        #[arg(long, value_name = "URL")]
        address: String,
        /// What it is told of; repeat, or separate by commas
        #[arg(long = "kind", value_name = "KIND", required = true, value_delimiter = ',')]
        kinds: Vec<String>,
        #[command(flatten)]
        secret: SecretArguments,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List webhooks
    List {
        /// Those of this organisation only
        #[arg(long, value_name = "ID")]
        organisation: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one: what was taken last, how much waits, when it is tried again and why
    Show {
        /// The webhook
        id: String,
    },
    /// Stop sending; what happens meanwhile is told when it is resumed
    Pause(ReasonArguments),
    /// Go on where it stopped
    Resume(ReasonArguments),
    /// End one for good; its secret is forgotten
    End(ReasonArguments),
    /// Give one a new secret; for 24 hours messages are signed under both
    RotateSecret {
        /// The webhook
        id: String,
        /// The former secret is in wrong hands: nothing is signed under it any more
        #[arg(long)]
        at_once: bool,
        #[command(flatten)]
        secret: SecretArguments,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Send a message that tells nothing, and say whether it was taken
    Test {
        /// The webhook
        id: String,
    },
    /// List what was sent and taken, and what was not, out of the ledger
    Deliveries {
        /// The webhook
        id: String,
        #[command(flatten)]
        paging: Paging,
    },
}

/// Where a secret goes.
#[derive(Debug, clap::Args)]
pub struct SecretArguments {
    /// The new file that the secret is written to, for its owner alone; it is not shown again
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
}

/// One webhook, and why.
#[derive(Debug, clap::Args)]
pub struct ReasonArguments {
    /// The webhook
    id: String,
    /// Why. It stays in the ledger for good: no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Webhook {
    id: String,
    organisation: String,
    address: String,
    kinds: Vec<String>,
    status: String,
    added_at: String,
    added_by: String,
    stopped_at: Option<String>,
    stopped_by: Option<String>,
    reason: Option<String>,
    delivered: u64,
    last_delivered_at: Option<String>,
    last_position: Option<u64>,
    attempts: Option<u32>,
    failing_since: Option<String>,
    next_try: Option<String>,
    last_error: Option<String>,
}

/// What the server answers with a secret in it.
#[derive(Deserialize)]
struct WithSecret {
    webhook: Webhook,
    secret: String,
}

/// A webhook whose secret is in a file.
#[derive(Debug, Serialize)]
struct Entrusted {
    webhook: Webhook,
    secret_file: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    webhook: Webhook,
    behind: u64,
    complete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tested {
    taken: bool,
    error: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Deed {
    position: u64,
    at: String,
    action: String,
    by: String,
    refused: bool,
    reason: Option<String>,
    detail: BTreeMap<String, String>,
}

/// Adds, changes, shows or tests.
pub fn run(command: WebhookCommand, session: &mut Session) -> Ending {
    match command {
        WebhookCommand::Add { organisation, address, kinds, secret, reason } => {
            let body =
                json!({"organisation": organisation, "address": address, "kinds": kinds, "reason": reason});
            let added = entrusted(session, &["webhooks"], &body, &secret.secret_file)?;
            Ok(Outcome::done(Simple::new("npki.webhook.add/1", added, entrusted_text)))
        }
        WebhookCommand::RotateSecret { id, at_once, secret, reason } => {
            let body = json!({"former": if at_once { "ends" } else { "signs-on" }, "reason": reason});
            let path = ["webhooks", &id, "rotate-secret"];
            let rotated = entrusted(session, &path, &body, &secret.secret_file)?;
            Ok(Outcome::done(Simple::new("npki.webhook.rotate-secret/1", rotated, entrusted_text)))
        }
        WebhookCommand::List { organisation, paging } => list(organisation, &paging, session),
        WebhookCommand::Show { id } => {
            let shown: Shown = session.client()?.read(&["webhooks", &id])?;
            Ok(Outcome::done(Simple::new("npki.webhook.show/1", shown, shown_text)))
        }
        WebhookCommand::Pause(asked) => changed(session, "npki.webhook.pause/1", "pause", &asked),
        WebhookCommand::Resume(asked) => changed(session, "npki.webhook.resume/1", "resume", &asked),
        WebhookCommand::End(asked) => {
            session.confirm(&format!("End webhook {} for good?", asked.id))?;
            changed(session, "npki.webhook.end/1", "end", &asked)
        }
        WebhookCommand::Test { id } => test(&id, session),
        WebhookCommand::Deliveries { id, paging } => deliveries(&id, &paging, session),
    }
}

/// Asks for a secret, and writes it to a file that was free before.
fn entrusted(session: &mut Session, path: &[&str], body: &Value, file: &Path) -> Result<Entrusted, Failure> {
    let mut draft = files::Draft::begin(file, Readers::Owner)?;
    let answer: WithSecret = session.client()?.change(path, body, session.entropy.as_ref())?;
    let written = std::io::Write::write_all(draft.file(), format!("{}\n", answer.secret).as_bytes());
    written.map_err(|error| files::unwritable(file, &error))?;
    draft.keep()?;
    Ok(Entrusted { webhook: answer.webhook, secret_file: file.to_owned() })
}

fn changed(session: &mut Session, schema: &'static str, act: &str, asked: &ReasonArguments) -> Ending {
    let body = json!({"reason": asked.reason});
    let webhook: Webhook =
        session.client()?.change(&["webhooks", &asked.id, act], &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new(schema, webhook, text)))
}

fn list(organisation: Option<String>, paging: &Paging, session: &mut Session) -> Ending {
    let query = paging.query(&[("organisation", organisation)]);
    let list: Listing<Webhook> = session.client()?.list(&["webhooks"], &query)?;
    Ok(Outcome::done(Simple::new("npki.webhook.list/1", list, |list, page| {
        let rows = list.items.iter().map(|one| {
            let error = one.last_error.clone().unwrap_or_default();
            [&one.id, &one.status, &one.organisation, &one.delivered.to_string(), &error, &one.address]
                .map(Clone::clone)
        });
        let header = ["ID", "STATUS", "ORGANISATION", "TAKEN", "LAST ERROR", "ADDRESS"];
        page.table(header, rows.collect(), "no webhooks");
        say_if_more(list, page);
    })))
}

fn test(id: &str, session: &mut Session) -> Ending {
    let path = ["webhooks", id, "test"];
    let tested: Tested = session.client()?.change(&path, &json!({}), session.entropy.as_ref())?;
    let exit = if tested.taken { Exit::Done } else { Exit::No };
    let report = Simple::new("npki.webhook.test/1", tested, |tested: &Tested, page: &mut Page| {
        match &tested.error {
            None => page.verdict(Meaning::Good, "taken", "a message that tells nothing"),
            Some(error) => page.verdict(Meaning::Bad, "not taken", error),
        };
    });
    Ok(Outcome::with_exit(report, exit))
}

fn deliveries(id: &str, paging: &Paging, session: &mut Session) -> Ending {
    let list: Listing<Deed> = session.client()?.list(&["webhooks", id, "deliveries"], &paging.query(&[]))?;
    Ok(Outcome::done(Simple::new("npki.webhook.deliveries/1", list, |list, page| {
        let rows = list.items.iter().map(|deed| {
            let detail = |name: &str| deed.detail.get(name).cloned().unwrap_or_default();
            let said = deed.reason.clone().unwrap_or_else(|| detail("error"));
            let events = match (detail("from"), detail("to")) {
                (from, to) if from == to => from,
                (from, to) => format!("{from} to {to}"),
            };
            [deed.at.clone(), deed.action.clone(), events, detail("taken"), deed.by.clone(), said]
        });
        page.table(["AT", "WHAT", "EVENTS", "TAKEN", "BY", "SAID"], rows.collect(), "nothing yet");
        say_if_more(list, page);
    })))
}

fn text(webhook: &Webhook, page: &mut Page) {
    page.verdict(
        Meaning::of_status(&webhook.status),
        &webhook.status,
        format!("webhook {} of {}", webhook.id, webhook.organisation),
    );
    let mut facts = vec![("address", webhook.address.clone()), ("kinds", webhook.kinds.join(", "))];
    facts.push(("added", format!("{}, by {}", webhook.added_at, webhook.added_by)));
    if let (Some(at), Some(by), Some(reason)) = (&webhook.stopped_at, &webhook.stopped_by, &webhook.reason) {
        facts.push(("stopped", format!("{at}, by {by}: {reason}")));
    }
    let last = match (&webhook.last_delivered_at, webhook.last_position) {
        (Some(at), Some(position)) => format!(", the last at {at} (event {position})"),
        _ => String::new(),
    };
    facts.push(("taken", format!("{} messages{last}", webhook.delivered)));
    if let (Some(error), Some(since), Some(attempts)) =
        (&webhook.last_error, &webhook.failing_since, webhook.attempts)
    {
        facts.push(("not taken", format!("{error}, since {since}, tried {attempts} times")));
    }
    facts.extend(webhook.next_try.iter().map(|at| ("next try", at.clone())));
    page.facts(&facts);
}

fn shown_text(shown: &Shown, page: &mut Page) {
    text(&shown.webhook, page);
    let more = if shown.complete { "" } else { ", or more" };
    page.facts(&[("waiting", format!("{} messages{more}", shown.behind))]);
}

fn entrusted_text(entrusted: &Entrusted, page: &mut Page) {
    text(&entrusted.webhook, page);
    page.line(format!(
        "The secret is in {}: give it to the receiver, who verifies messages with it.",
        entrusted.secret_file.display()
    ));
}
