//! `npki audit list|search|who-saw|show`.

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::Ending;
use super::super::paging::{Paging, say_if_more};
use crate::client::records::{Event, Page as Listing};
use crate::failure::Failure;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// Which events: all that is given must fit.
#[derive(Debug, Args)]
pub struct Filter {
    /// On whom or what, such as identity:P-7QF3K2M9T4 or certificate:issuing/SERIAL
    #[arg(long, value_name = "REFERENCE")]
    about: Option<String>,
    /// Who acted, such as staff:S-7QF3K2M9T4
    #[arg(long, value_name = "REFERENCE")]
    actor: Option<String>,
    /// What was done, such as certificate.issued
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// How it ended
    #[arg(long, value_parser = ["done", "refused"])]
    outcome: Option<String>,
    /// Not before this moment, such as 2027-01-31T08:00:00Z
    #[arg(long, value_name = "MOMENT")]
    since: Option<String>,
    /// Before this moment
    #[arg(long, value_name = "MOMENT")]
    until: Option<String>,
}

impl Filter {
    /// The same, as parameters of the interface.
    pub fn parameters(&self) -> Vec<(&'static str, Option<String>)> {
        let Self { about, actor, action, outcome, since, until } = self;
        vec![
            ("about", about.clone()),
            ("actor", actor.clone()),
            ("action", action.clone()),
            ("outcome", outcome.clone()),
            ("since", since.clone()),
            ("until", until.clone()),
        ]
    }
}

/// Lists.
pub fn list(paging: &Paging, session: &mut Session) -> Ending {
    let events: Listing<Event> = session.client()?.list(&["events"], &paging.query(&[]))?;
    Ok(Outcome::done(Simple::new("npki.audit.list/1", events, text)))
}

/// Searches.
pub fn run(filter: &Filter, paging: &Paging, session: &mut Session) -> Ending {
    let events = found(&filter.parameters(), paging, session)?;
    Ok(Outcome::done(Simple::new("npki.audit.search/1", events, text)))
}

/// Who looked at an identity.
pub fn who_saw(identity: &str, paging: &Paging, session: &mut Session) -> Ending {
    let about = identity.strip_prefix("identity:").unwrap_or(identity);
    let parameters =
        [("about", Some(format!("identity:{about}"))), ("action", Some("identity.viewed".to_owned()))];
    let events = found(&parameters, paging, session)?;
    Ok(Outcome::done(Simple::new("npki.audit.who-saw/1", events, |events, page| {
        let rows = events.items.iter().map(|event| {
            let case = event.detail.get("case").or_else(|| event.detail.get("work"));
            [event.at.clone(), event.actor.clone(), case.cloned().unwrap_or_default()]
        });
        page.table(["AT", "WHO", "FOR"], rows.collect(), "nobody has looked");
        say_if_more(events, page);
    })))
}

/// A page of what fits. The server looks at a bounded number of events for each answer: it is asked until the page is
/// full or the ledger ends.
fn found(
    parameters: &[(&'static str, Option<String>)],
    paging: &Paging,
    session: &mut Session,
) -> Result<Listing<Event>, Failure> {
    let client = session.client()?;
    let mut query = paging.query(parameters);
    let mut found: Listing<Event> = client.list(&["events"], &query)?;
    while found.items.len() < paging.most() {
        let Some(next) = found.next.clone() else { break };
        let left = paging.most() - found.items.len();
        for (name, value) in &mut query {
            match *name {
                "after" => *value = Some(next.clone()),
                "limit" => *value = Some(left.min(500).to_string()),
                _ => {}
            }
        }
        let more: Listing<Event> = client.list(&["events"], &query)?;
        found.items.extend(more.items);
        found.next = more.next;
    }
    Ok(found)
}

fn text(events: &Listing<Event>, page: &mut Page) {
    let rows = events.items.iter().map(|event| {
        [
            event.position.to_string(),
            event.at.clone(),
            event.actor.clone(),
            event.action.clone(),
            event.subject.clone(),
            event.outcome.clone(),
        ]
    });
    page.table(["POSITION", "AT", "WHO", "WHAT", "ON", "OUTCOME"], rows.collect(), "no events");
    say_if_more(events, page);
}

/// One event, with its receipt once it is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    event: Event,
    receipt: Option<Value>,
}

/// Shows one.
pub fn show(position: u64, session: &mut Session) -> Ending {
    let shown: Shown = session.client()?.read(&["events", &position.to_string()])?;
    Ok(Outcome::done(Simple::new("npki.audit.show/1", shown, |shown, page| {
        let event = &shown.event;
        page.lead(Meaning::Heading, &event.action, &format!("at position {}", event.position));
        let mut facts = vec![
            ("at", event.at.clone()),
            ("who", event.actor.clone()),
            ("on", event.subject.clone()),
            ("outcome", event.outcome.clone()),
            ("reason", event.reason.clone().unwrap_or_default()),
        ];
        facts.extend(event.detail.iter().map(|(name, value)| (name.as_str(), value.clone())));
        facts.retain(|(_, value)| !value.is_empty());
        page.facts(&facts);
        match &shown.receipt {
            Some(_) => page.line(format!("sealed: npki audit receipt --event {} --out FILE", event.position)),
            None => page.line("not sealed yet: ask again in a second"),
        }
    })))
}
