//! `npki vet show|approve|reject|proof|check`: an officer's decision about a request, and what proves it.

use ca_core::profile::Assurance;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde_json::json;

use super::{Ending, request};
use crate::client::records::Request;
use crate::output::{Outcome, Simple};
use crate::session::Session;

mod approve;
mod check;
mod proof;

use approve::approve;
pub(super) use approve::{ToApprove, hand_in};
use check::CheckArguments;
use proof::ProofArguments;

/// What to do with a request.
#[derive(Debug, Subcommand)]
pub enum VetCommand {
    /// Show the request to be vetted, and what the certificate would say
    Show {
        /// The request
        id: String,
    },
    /// Approve it under your own key; issued as soon as enough officers have
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
    /// Fetch what proves who approved what: it can be judged without this registry
    Proof(ProofArguments),
    /// Judge such a proof, without asking anybody
    Check(CheckArguments),
}

/// Shows or decides.
pub fn run(command: VetCommand, session: &mut Session) -> Ending {
    match command {
        VetCommand::Show { id } => show(&id, session),
        VetCommand::Approve { id, note, assurance } => approve(&id, note, assurance, session),
        VetCommand::Reject { id, reason } => reject(&id, &reason, session),
        VetCommand::Proof(arguments) => proof::run(&arguments, session),
        VetCommand::Check(arguments) => check::run(&arguments, session),
    }
}

/// A request, with what stands in the way of an approval or what it would state.
#[derive(Debug, Serialize)]
struct ToVet {
    #[serde(flatten)]
    request: Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_approve: Option<ToApprove>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_by_you: Option<String>,
}

fn show(id: &str, session: &mut Session) -> Ending {
    let client = session.client()?;
    let request: Request = client.read(&["requests", id])?;
    let (mut to_approve, mut not_by_you) = (None, None);
    if request.status == "waiting" {
        match client.read::<ToApprove>(&["requests", id, "approval"]) {
            Ok(found) => {
                not_by_you.clone_from(&found.hindrance);
                to_approve = Some(found);
            }
            Err(refused) => not_by_you = Some(refused.sentences().join(" ")),
        }
    }
    let shown = ToVet { request, to_approve, not_by_you };
    Ok(Outcome::done(Simple::new("npki.vet.show/1", shown, |shown, page| {
        request::show_text(&shown.request, page);
        if let Some(to_approve) = &shown.to_approve {
            approve::matter_text(&to_approve.matter, page);
        }
        if let Some(why) = &shown.not_by_you {
            page.line(format!("You cannot approve it: {why}"));
        }
    })))
}

fn reject(id: &str, reason: &str, session: &mut Session) -> Ending {
    let client = session.client()?;
    let body = json!({"reason": reason});
    let decided: Request = client.change(&["requests", id, "reject"], &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.vet.reject/1", decided, request::show_text)))
}

/// Reads an assurance level, and tells clap which there are.
pub(super) fn assurance_parser() -> impl TypedValueParser<Value = Assurance> {
    PossibleValuesParser::new(Assurance::ALL.map(Assurance::name)).try_map(|name| name.parse::<Assurance>())
}
