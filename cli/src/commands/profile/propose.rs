//! `npki profile propose|retire`.

use std::path::{Path, PathBuf};

use ca_core::profile_book::MOST_OCTETS;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::meaning::Change;
use super::proposals::{self, Proposal};
use super::source::EditionName;
use crate::client::Client;
use crate::commands::Ending;
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to propose.
#[derive(Debug, Args)]
pub struct ProposeArguments {
    /// The profile's TOML; the file's name is the profile's: NAME.toml
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Why. The ledger keeps it for good: no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The CA that is to issue under it, for a profile that no CA issues under yet: npki ca list
    #[arg(long, value_name = "CA")]
    issued_by: Option<String>,
}

/// A proposal that was made.
#[derive(Debug, Serialize)]
struct Made {
    #[serde(flatten)]
    proposal: Proposal,
    /// What it changes, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
}

/// Shows what a text changes, and proposes it.
pub fn run(arguments: &ProposeArguments, session: &mut Session) -> Ending {
    let (name, text) = read(&arguments.file)?;
    let client = session.client()?;
    let change = change(&client, &name, &text)?;
    for line in change.lines() {
        session.console.note(&line);
    }
    session.confirm(&format!("Propose this for profile {name}?"))?;
    let mut body = json!({"profile": name, "text": text, "reason": arguments.reason});
    if let (Some(members), Some(ca)) = (body.as_object_mut(), &arguments.issued_by) {
        members.insert("issued_by".to_owned(), json!(ca));
    }
    let proposal: Proposal = client.change(&["profile-proposals"], &body, session.entropy.as_ref())?;
    let made = Made { proposal, change: Some(change) };
    Ok(waiting("npki.profile.propose/1", made))
}

/// What a text would change.
///
/// # Errors
/// The server cannot be asked.
pub fn change(client: &Client, name: &str, text: &str) -> Result<Change, Failure> {
    let newest = EditionName { profile: name.to_owned(), number: None };
    let former = match newest.read(client) {
        Ok(edition) => edition.text,
        Err(failure) if failure.exit() == Exit::NotFound => None,
        Err(failure) => return Err(failure),
    };
    Ok(Change::of(name, former.as_deref(), text))
}

/// Proposes a retirement.
pub fn retire(name: &str, reason: &str, session: &mut Session) -> Ending {
    let body = json!({"profile": name, "reason": reason});
    let proposal: Proposal =
        session.client()?.change(&["profile-proposals"], &body, session.entropy.as_ref())?;
    Ok(waiting("npki.profile.retire/1", Made { proposal, change: None }))
}

/// A profile's file: its name and its text.
///
/// # Errors
/// The file cannot be read, is too large, or is no text.
pub fn read(file: &Path) -> Result<(String, String), Failure> {
    let text = read_text(file)?;
    let is_toml = file.extension().is_some_and(|ending| ending == "toml");
    let name = file.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_toml);
    let name = name.ok_or_else(|| {
        Failure::of(&catalogue::USAGE)
            .what(format!("{} does not tell which profile it is", file.display()))
            .cause("a profile's file is called NAME.toml")
            .fix("rename the file: person-signature.toml is the profile person-signature")
    })?;
    Ok((name.to_owned(), text))
}

/// The text of a profile's file, whatever it is called.
///
/// # Errors
/// The file cannot be read, is too large, or is no text.
pub fn read_text(file: &Path) -> Result<String, Failure> {
    String::from_utf8(files::read(file, MOST_OCTETS as u64)?)
        .map_err(|_| Failure::of(&catalogue::USAGE).what(format!("{} is not UTF-8", file.display())))
}

fn waiting(schema: &'static str, made: Made) -> Outcome {
    Outcome::with_exit(Simple::new(schema, made, text), Exit::Waiting)
}

fn text(made: &Made, page: &mut Page) {
    proposals::show_text(&made.proposal, page);
    page.line("Another administrator must approve it:");
    page.line(format!("  npki profile approve {}", made.proposal.id));
}
