//! `npki master-key show|rotate|make`: what the keys of all personal data are wrapped with.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::Ending;
use crate::client::records::MasterKey;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service;
use crate::session::Session;

/// What to do with the master key.
#[derive(Debug, Subcommand)]
pub enum MasterKeyCommand {
    /// Show which master keys are in use, and how a rotation stands
    Show,
    /// Make a new master key and re-wrap everything under it, while the service runs
    Rotate,
    /// Make the master key that the settings name in a PKCS#11 token, before it is put into use
    Make {
        /// The installation's folder, whose npki.toml has a section [vault.pkcs11]
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

#[derive(Debug, Serialize)]
struct Made {
    id: String,
}

/// How often a rotation is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Shows or rotates.
pub fn run(command: MasterKeyCommand, session: &mut Session) -> Ending {
    match command {
        MasterKeyCommand::Make { data } => {
            let made = Made { id: service::make_master_key(&data)? };
            Ok(Outcome::done(Simple::new("npki.master-key.make/1", made, |made, page| {
                page.verdict(Meaning::Good, "made", &made.id);
                page.line("next: master_key = \"pkcs11\" in npki.toml, and a restart of the service");
            })))
        }
        MasterKeyCommand::Show => {
            let client = session.client()?;
            let state: MasterKey = client.read(&["master-key"])?;
            Ok(Outcome::done(Simple::new("npki.master-key.show/1", state, show_text)))
        }
        MasterKeyCommand::Rotate => {
            let client = session.client()?;
            let path = ["master-key", "rotation"];
            let mut state: MasterKey = client.change(&path, &json!({}), session.entropy.as_ref())?;
            session.console.note("The service goes on with it, also when this command is interrupted.");
            let gauge = session.console.count("re-wrapping");
            while state.rotation == "running" {
                gauge.turn_to("re-wrapping", state.rewrapped + state.left);
                gauge.set(state.rewrapped);
                std::thread::sleep(LOOK);
                state = client.read(&["master-key"])?;
            }
            drop(gauge);
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
