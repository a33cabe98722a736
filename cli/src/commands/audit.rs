//! `npki audit list`: the ledger.

use clap::Subcommand;

use super::Ending;
use super::paging::{Paging, say_if_more};
use crate::client::records::{Event, Page as Listing};
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List events, oldest first
    List {
        #[command(flatten)]
        paging: Paging,
    },
}

/// Lists.
pub fn run(command: AuditCommand, session: &mut Session) -> Ending {
    let AuditCommand::List { paging } = command;
    let events: Listing<Event> = session.client()?.list(&["events"], &paging.query(&[]))?;
    Ok(Outcome::done(Simple::new("npki.audit.list/1", events, text)))
}

fn text(events: &Listing<Event>, page: &mut Page) {
    let rows = events.items.iter().map(|event| {
        [
            event.at.clone(),
            event.actor.clone(),
            event.action.clone(),
            event.subject.clone(),
            event.outcome.clone(),
        ]
    });
    page.table(["AT", "WHO", "WHAT", "ON", "OUTCOME"], rows.collect(), "no events");
    say_if_more(events, page);
}
