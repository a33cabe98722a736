//! `npki profile history`: the editions of a profile, who proposed and who approved each, and what each changed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use similar::TextDiff;

use crate::client::Client;
use crate::client::records::Page as Listing;
use crate::commands::Ending;
use crate::commands::paging::{Paging, say_if_more};
use crate::failure::Failure;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// An edition, as the server tells it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Edition {
    pub profile: String,
    pub number: u64,
    pub state: String,
    pub sha256: String,
    pub since: String,
    pub origin: String,
    pub proposal: Option<String>,
    pub proposed_by: Option<String>,
    pub approved_by: Option<String>,
    pub reason: Option<String>,
    /// Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it changed, as a unified diff, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// Lists the editions of a profile.
pub fn run(name: &str, diff: bool, paging: &Paging, session: &mut Session) -> Ending {
    let client = session.client()?;
    let path = ["profiles", name, "editions"];
    let mut list: Listing<Edition> = client.list(&path, &paging.query(&[]))?;
    if diff {
        tell_changes(&client, name, &mut list.items)?;
    }
    Ok(Outcome::done(Simple::new("npki.profile.history/1", list, text)))
}

fn tell_changes(client: &Client, name: &str, editions: &mut [Edition]) -> Result<(), Failure> {
    let text_of = |number: u64| -> Result<String, Failure> {
        let edition: Edition = client.read(&["profiles", name, "editions", &number.to_string()])?;
        Ok(edition.text.unwrap_or_default())
    };
    let mut former = match editions.first() {
        Some(first) if first.number > 1 => Some(text_of(first.number - 1)?),
        _ => None,
    };
    for edition in editions {
        let text = text_of(edition.number)?;
        edition.diff = former.as_ref().map(|former| changes(former, &text));
        former = Some(text);
    }
    Ok(())
}

/// The lines that differ, as in a unified diff; empty where none does.
pub fn changes(former: &str, text: &str) -> String {
    TextDiff::from_lines(former, text).unified_diff().context_radius(2).to_string()
}

fn text(list: &Listing<Edition>, page: &mut Page) {
    for edition in &list.items {
        let meaning = if edition.state == "retired" { Meaning::Bad } else { Meaning::Good };
        page.verdict(meaning, &edition.state, format!("edition {}, {}", edition.number, edition.since));
        let mut facts = vec![("sha256", edition.sha256.clone())];
        match (&edition.proposed_by, &edition.approved_by) {
            (Some(proposed_by), Some(approved_by)) => {
                facts.push(("proposed by", proposed_by.clone()));
                facts.push(("approved by", approved_by.clone()));
            }
            _ => facts.push(("came by", edition.origin.clone())),
        }
        facts.extend(edition.proposal.iter().map(|id| ("proposal", id.clone())));
        facts.extend(edition.reason.iter().map(|reason| ("reason", reason.clone())));
        page.facts(&facts);
        edition.diff.iter().flat_map(|diff| diff.lines()).for_each(|line| page.line(line));
    }
    say_if_more(list, page);
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn only_what_differs_is_told() {
        let told = changes("a\nb\nc\n", "a\nB\nc\n");
        assert!(told.contains("-b\n+B\n") && !told.contains("-a"), "{told}");
        assert_eq!(changes("a\n", "a\n"), "");
    }
}
