//! `npki retention show`: what is erased when, by which law, and what is due.

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::Ending;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with retention.
#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Show the rules, what is due, and what is held back
    Show,
}

#[derive(Debug, Serialize, Deserialize)]
struct Retention {
    rules: Vec<Rule>,
    complete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rule {
    matter: String,
    days: u32,
    basis: String,
    due: u64,
    held_back: u64,
}

/// Shows.
pub fn run(command: &RetentionCommand, session: &mut Session) -> Ending {
    let RetentionCommand::Show = command;
    let retention: Retention = session.client()?.read(&["retention"])?;
    Ok(Outcome::done(Simple::new("npki.retention.show/1", retention, text)))
}

fn text(retention: &Retention, page: &mut Page) {
    let rows = retention.rules.iter().map(|rule| {
        let days = rule.days.to_string();
        let (due, held_back) = (rule.due.to_string(), rule.held_back.to_string());
        [rule.matter.clone(), days, due, held_back, rule.basis.clone()]
    });
    let header = ["MATTER", "DAYS", "DUE", "HELD BACK", "BASIS"];
    page.table(header, rows.collect(), "no rules: everything is kept ([[retention]] in npki.toml)");
    if !retention.complete {
        page.line("counted among the first 5000 requests and as many identities");
    }
}
