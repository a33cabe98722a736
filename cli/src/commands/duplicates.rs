//! `npki registry duplicates`: who may be the same as a person.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Ending;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// Who may be the same as a person.
#[derive(Debug, Serialize, Deserialize)]
struct Duplicates {
    items: Vec<Candidate>,
    /// More persons share the name than were compared or are shown.
    cut: bool,
}

/// Somebody who may be the same person.
#[derive(Debug, Serialize, Deserialize)]
struct Candidate {
    id: String,
    score: u64,
    agree: Vec<String>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    birth_date: Option<String>,
    #[serde(flatten)]
    further: Map<String, Value>,
}

/// Lists them.
pub(super) fn run(id: &str, session: &mut Session) -> Ending {
    let found: Duplicates = session.client()?.read(&["identities", id, "duplicates"])?;
    let cut = found.cut;
    let outcome = Outcome::done(Simple::new("npki.registry.duplicates/1", found, text));
    let more = "more persons share this name than are compared; a birth date tells them apart";
    Ok(if cut { outcome.warn(more.to_owned()) } else { outcome })
}

fn text(found: &Duplicates, page: &mut Page) {
    let rows = found.items.iter().map(|candidate| {
        let name = [&candidate.surname, &candidate.given_name].map(|name| name.clone().unwrap_or_default());
        [
            candidate.id.clone(),
            candidate.score.to_string(),
            candidate.status.clone(),
            name.join(", "),
            candidate.birth_date.clone().unwrap_or_default(),
            candidate.agree.join(", "),
        ]
    });
    let none = "nobody is registered who may be the same";
    page.table(["ID", "OF 100", "STATUS", "NAME", "BORN", "WHAT AGREES"], rows.collect(), none);
}
