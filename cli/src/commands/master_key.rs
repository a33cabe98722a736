//! `npki master-key show|rotate`: what the keys of all personal data are wrapped with.

use std::time::Duration;

use clap::Subcommand;
use serde_json::json;

use super::Ending;
use crate::client::records::MasterKey;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with the master key.
#[derive(Debug, Subcommand)]
pub enum MasterKeyCommand {
    /// Show which master keys are in use, and how a rotation stands
    Show,
    /// Make a new master key and re-wrap everything under it, while the service runs
    Rotate,
}

/// How often a rotation is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Shows or rotates.
pub fn run(command: MasterKeyCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        MasterKeyCommand::Show => {
            let state: MasterKey = client.read(&["master-key"])?;
            Ok(Outcome::done(Simple::new("npki.master-key.show/1", state, show_text)))
        }
        MasterKeyCommand::Rotate => {
            let path = ["master-key", "rotation"];
            let mut state: MasterKey = client.change(&path, &json!({}), session.entropy.as_ref())?;
            session.console.note("The service goes on with it, also when this command is interrupted.");
            while state.rotation == "running" {
                session.console.note(&format!("re-wrapped {}, {} left", state.rewrapped, state.left));
                std::thread::sleep(LOOK);
                state = client.read(&["master-key"])?;
            }
            if state.rotation == "failed" {
                return Err(Failure::of(&catalogue::ROTATION));
            }
            Ok(Outcome::done(Simple::new("npki.master-key.rotate/1", state, show_text)))
        }
    }
}

fn show_text(state: &MasterKey, page: &mut Page) {
    let meaning = if state.left == 0 { Meaning::Good } else { Meaning::Doubtful };
    page.verdict(meaning, &state.rotation, &state.current);
    let mut facts = vec![("left under others", state.left.to_string())];
    if state.rewrapped > 0 {
        facts.push(("re-wrapped", state.rewrapped.to_string()));
    }
    for (key, wraps) in &state.in_use {
        facts.push((key, format!("wraps {wraps} keys")));
    }
    page.facts(&facts);
}
