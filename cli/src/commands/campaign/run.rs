//! `npki campaign run`: carries out what is due now. The service does it by itself; this is for who wants to watch, or not to
//! wait. Cut off, it goes on where it was, as only what is left is found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::Ending;
use super::records::{Campaign, tell};
use crate::failure::Exit;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

#[derive(Debug, Deserialize)]
struct Batch {
    campaign: Campaign,
    looked_at: u64,
    turned: BTreeMap<String, u64>,
    next: Option<String>,
    through: bool,
}

#[derive(Debug, Serialize)]
struct Done {
    /// How many members were looked at.
    looked_at: u64,
    /// How many turned into each state.
    turned: BTreeMap<String, u64>,
    campaign: Campaign,
}

/// Batch by batch.
pub fn run(name: &str, session: &mut Session) -> Ending {
    const WHAT: &str = "carrying out what is due";
    let client = session.client()?;
    let gauge = session.console.count(WHAT);
    let (mut looked_at, mut turned, mut after) = (0, BTreeMap::new(), None::<String>);
    let campaign = loop {
        let body = json!({"after": after});
        let batch: Batch = client.change(&["campaigns", name, "run"], &body, session.entropy.as_ref())?;
        looked_at += batch.looked_at;
        for (state, count) in batch.turned {
            *turned.entry(state).or_insert(0) += count;
        }
        // What was dealt with is not left any more, and was looked at.
        gauge.turn_to(WHAT, batch.campaign.left.max(looked_at));
        gauge.set(looked_at);
        if batch.through {
            break batch.campaign;
        }
        after = batch.next;
    };
    drop(gauge);
    let exit = if campaign.states.contains_key("failed") { Exit::CannotTell } else { Exit::Done };
    let done = Done { looked_at, turned, campaign };
    Ok(Outcome::with_exit(Simple::new("npki.campaign.run/1", done, text), exit))
}

fn text(done: &Done, page: &mut Page) {
    for (state, count) in &done.turned {
        page.facts(&[(state, count.to_string())]);
    }
    if done.turned.is_empty() {
        page.line(format!("{} members looked at; nothing is due now", done.looked_at));
    }
    tell(&done.campaign, page);
}
