//! `npki vet show|approve|reject`: an officer's decision about a request.

use ca_core::profile::Assurance;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
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
        /// To which level you saw the identity proven: low, substantial, high. Profiles may ask for one
        #[arg(long, value_name = "LEVEL", value_parser = assurance_parser())]
        assurance: Option<Assurance>,
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
        VetCommand::Approve { id, note, assurance } => {
            let mut body = with_note(note);
            if let (Some(members), Some(level)) = (body.as_object_mut(), assurance) {
                members.insert("assurance".to_owned(), json!(level));
            }
            (id, "approve", body, "npki.vet.approve/1")
        }
        VetCommand::Reject { id, reason } => (id, "reject", json!({"reason": reason}), "npki.vet.reject/1"),
    };
    let decided: Request = client.change(&["requests", &id, verb], &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new(schema, decided, request::show_text)))
}

fn assurance_parser() -> impl TypedValueParser<Value = Assurance> {
    PossibleValuesParser::new(Assurance::ALL.map(Assurance::name)).try_map(|name| name.parse::<Assurance>())
}

/// A body that holds a note when there is one.
pub fn with_note(note: Option<String>) -> Value {
    Value::Object(
        note.map(|note| ("note".to_owned(), Value::String(note))).into_iter().collect::<Map<_, _>>(),
    )
}
