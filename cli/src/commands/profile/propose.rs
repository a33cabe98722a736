//! `npki profile propose|retire`.

use std::path::{Path, PathBuf};

use ca_core::profile_book::MOST_OCTETS;
use clap::Args;
use serde_json::json;

use super::proposals::{self, Proposal};
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

/// Proposes a text.
pub fn run(arguments: &ProposeArguments, session: &mut Session) -> Ending {
    let (name, text) = read(&arguments.file)?;
    let mut body = json!({"profile": name, "text": text, "reason": arguments.reason});
    if let (Some(members), Some(ca)) = (body.as_object_mut(), &arguments.issued_by) {
        members.insert("issued_by".to_owned(), json!(ca));
    }
    let made: Proposal = session.client()?.change(&["profile-proposals"], &body, session.entropy.as_ref())?;
    Ok(waiting("npki.profile.propose/1", made))
}

/// Proposes a retirement.
pub fn retire(name: &str, reason: &str, session: &mut Session) -> Ending {
    let body = json!({"profile": name, "reason": reason});
    let made: Proposal = session.client()?.change(&["profile-proposals"], &body, session.entropy.as_ref())?;
    Ok(waiting("npki.profile.retire/1", made))
}

/// A profile's file: its name and its text.
///
/// # Errors
/// The file cannot be read, is too large, or is no text.
pub fn read(file: &Path) -> Result<(String, String), Failure> {
    let text = String::from_utf8(files::read(file, MOST_OCTETS as u64)?)
        .map_err(|_| Failure::of(&catalogue::USAGE).what(format!("{} is not UTF-8", file.display())))?;
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

fn waiting(schema: &'static str, made: Proposal) -> Outcome {
    Outcome::with_exit(Simple::new(schema, made, text), Exit::Waiting)
}

fn text(made: &Proposal, page: &mut Page) {
    proposals::show_text(made, page);
    page.line("Another administrator must approve it:");
    page.line(format!("  npki profile approve {}", made.id));
}
