//! `npki profile approve|reject|withdraw`. An approval takes effect at once, so it is confirmed with the end of the SHA-256
//! of what was read.

use serde_json::{Value, json};

use super::proposals::{Proposal, difference, show_text};
use crate::commands::Ending;
use crate::failure::{Failure, catalogue};
use crate::output::{Outcome, Simple};
use crate::session::Session;

/// Confirms, then approves.
pub fn approve(id: &str, sha256: Option<&str>, session: &mut Session) -> Ending {
    let sha256 = match sha256 {
        Some(sha256) => sha256.to_owned(),
        None => confirmed(id, session)?,
    };
    decided("npki.profile.approve/1", id, "approve", &json!({"sha256": sha256}), session)
}

/// Rejects.
pub fn reject(id: &str, reason: &str, session: &mut Session) -> Ending {
    decided("npki.profile.reject/1", id, "reject", &json!({"reason": reason}), session)
}

/// Withdraws.
pub fn withdraw(id: &str, session: &mut Session) -> Ending {
    decided("npki.profile.withdraw/1", id, "withdraw", &json!({}), session)
}

/// Shows what is proposed, and has the end of its SHA-256 typed.
fn confirmed(id: &str, session: &mut Session) -> Result<String, Failure> {
    let flag = format!("--sha256 with what npki profile proposals {id} shows");
    // Before the server is asked: when nobody can answer, there is nothing to look up.
    session.console.ask_ready(&flag)?;
    let client = session.client()?;
    let proposal: Proposal = client.read(&["profile-proposals", id])?;
    let act = format!("This is the {} of profile {}: {}", proposal.act, proposal.profile, proposal.reason);
    session.console.note(&act);
    for line in difference(&client, &proposal)?.lines() {
        session.console.note(&line);
    }
    session.console.note(&format!("SHA-256 {}", proposal.sha256));
    let typed = session.console.ask("Type the last four digits of the SHA-256 to put it in force:", &flag)?;
    let ending = proposal.sha256.get(proposal.sha256.len().saturating_sub(4)..).unwrap_or_default();
    if typed.trim().eq_ignore_ascii_case(ending) {
        return Ok(proposal.sha256);
    }
    Err(Failure::of(&catalogue::NOT_CONFIRMED)
        .cause(format!("the SHA-256 ends in {ending}, not {typed}"))
        .fix(format!("read it again: npki profile proposals {id}")))
}

fn decided(schema: &'static str, id: &str, verb: &str, body: &Value, session: &mut Session) -> Ending {
    let path = ["profile-proposals", id, verb];
    let decided: Proposal = session.client()?.change(&path, body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new(schema, decided, show_text)))
}
