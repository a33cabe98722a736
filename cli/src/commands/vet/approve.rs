//! Approving: the officer's own key signs exactly what the certificate will hold.

use ca_core::profile::Assurance;
use id_registry::enrolment::{APPROVAL_TYPE, Act, Matter, Statement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::{Ending, request};
use crate::client::Client;
use crate::client::records::Request;
use crate::context::ClientIdentity;
use crate::failure::{Failure, catalogue};
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What the server says an approval is to state.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::commands) struct ToApprove {
    pub(in crate::commands) matter: Matter,
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Why somebody else must approve it.
    #[serde(default)]
    pub(super) hindrance: Option<String>,
}

#[derive(Debug, Serialize)]
struct Approved {
    #[serde(flatten)]
    request: Request,
    /// What was signed.
    matter: Matter,
}

/// Signs and hands in an approval.
pub(super) fn approve(
    id: &str,
    note: Option<String>,
    assurance: Option<Assurance>,
    session: &mut Session,
) -> Ending {
    let client = session.client()?;
    // Whoever is not signed in is told so here.
    let to_approve: ToApprove = client.read(&["requests", id, "approval"])?;
    // The server's word is not signed for another request than the one that was named.
    if to_approve.matter.request.to_string() != id {
        let other = to_approve.matter.request;
        return Err(Failure::of(&catalogue::ANSWER).cause(format!("it speaks of request {other}")));
    }
    let (request, matter) = hand_in(&client, to_approve, note, assurance, session)?;
    let approved = Approved { request, matter };
    Ok(Outcome::done(Simple::new("npki.vet.approve/1", approved, |approved, page| {
        request::show_text(&approved.request, page);
        matter_text(&approved.matter, page);
    })))
}

/// Signs what the server says, under the key that the officer signs in with, and hands it in.
///
/// # Errors
/// The key cannot be used, or the server refuses.
pub(in crate::commands) fn hand_in(
    client: &Client,
    to_approve: ToApprove,
    note: Option<String>,
    assurance: Option<Assurance>,
    session: &mut Session,
) -> Result<(Request, Matter), Failure> {
    let ToApprove { matter, by, at, .. } = to_approve;
    let id = matter.request.to_string();
    let by = by.parse().map_err(|_| Failure::of(&catalogue::ANSWER).cause("it names no member of staff"))?;
    let statement = Statement { act: Act::ApproveRequest, matter, by, at, assurance, note };
    let payload = serde_json::to_vec(&statement)
        .map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))?;
    let context = session.context()?;
    let source = context.identity.as_ref().ok_or_else(|| Failure::of(&catalogue::CONFIGURATION))?;
    let identity = ClientIdentity::read(source)?;
    let body = json!({"statement": identity.sign(APPROVAL_TYPE, &payload)?});
    let request = client.change(&["requests", &id, "approve"], &body, session.entropy.as_ref())?;
    Ok((request, statement.matter))
}

/// What is approved, for people.
pub(super) fn matter_text(matter: &Matter, page: &mut Page) {
    page.line("What the certificate says:");
    let mut facts: Vec<(&str, String)> = vec![("issued by", matter.ca.clone())];
    facts.extend(matter.subject.iter().map(|attribute| ("subject", attribute.clone())));
    facts.extend(matter.names.iter().map(|name| ("name", name.clone())));
    page.facts(&facts);
}
