//! `npki vet show|approve|reject`: an officer's decision about a request.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{Ending, request};
use crate::client::records::Request;
use crate::output::{Outcome, Simple};
use crate::session::Session;

/// What to do with a request.
#[derive(Debug, Subcommand)]
pub enum VetCommand {
    /// Show the request to be vetted
    Show {
        /// The request
        id: String,
    },
    /// Approve it; issued as soon as enough officers have
    Approve {
        /// The request
        id: String,
        /// What was checked
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Reject it
    Reject {
        /// The request
        id: String,
        /// Why: the applicant reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Shows or decides.
pub fn run(command: VetCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    let (id, verb, body, schema) = match command {
        VetCommand::Show { id } => return request::show(&client, "npki.vet.show/1", &id),
        VetCommand::Approve { id, note } => (id, "approve", with_note(note), "npki.vet.approve/1"),
        VetCommand::Reject { id, reason } => (id, "reject", json!({"reason": reason}), "npki.vet.reject/1"),
    };
    let decided: Request = client.change(&["requests", &id, verb], &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new(schema, decided, request::show_text)))
}

/// A body that holds a note when there is one.
pub fn with_note(note: Option<String>) -> Value {
    Value::Object(
        note.map(|note| ("note".to_owned(), Value::String(note))).into_iter().collect::<Map<_, _>>(),
    )
}
