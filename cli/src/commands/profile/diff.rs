//! `npki profile diff`: what differs between two profiles for those who have and read their certificates.

use ca_core::profile::describe::{Difference, differences};
use clap::Args;
use serde::Serialize;

use super::meaning::difference_lines;
use super::source::{Found, Source};
use crate::commands::Ending;
use crate::failure::Exit;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// Shown below the help.
pub const EXAMPLES: &str = "Examples:
  npki profile diff person-signature person-signature.toml
  npki profile diff person-signature@1 person-signature@3
  npki profile diff tls-server@built-in tls-server

Ends with 0 when both mean the same, with 3 when they differ.";

/// What to compare.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// The one before: a file, NAME or NAME@EDITION of the installation, or NAME@built-in
    #[arg(value_name = "A")]
    from: Source,
    /// The one after
    #[arg(value_name = "B")]
    to: Source,
}

#[derive(Debug, Serialize)]
struct Compared {
    from: Found,
    to: Found,
    /// Whether both mean the same.
    same: bool,
    /// Whether they are the same to the octet.
    identical: bool,
    differences: Vec<Difference>,
}

/// Compares.
pub fn run(arguments: &DiffArguments, session: &mut Session) -> Ending {
    let (from, to) = (arguments.from.find(session)?, arguments.to.find(session)?);
    let differences = differences(from.profile()?, to.profile()?);
    let stands = from.is_retired() == to.is_retired() && other_issuer(&from, &to).is_none();
    let (same, identical) = (differences.is_empty() && stands, from.sha256 == to.sha256);
    let exit = if same { Exit::Done } else { Exit::No };
    let compared = Compared { from, to, same, identical, differences };
    Ok(Outcome::with_exit(Simple::new("npki.profile.diff/1", compared, text), exit))
}

impl Found {
    fn is_retired(&self) -> bool {
        self.state.as_deref() == Some("retired")
    }
}

/// The CAs that issue under two editions, where it is not the same; a file says nothing of it.
fn other_issuer<'a>(from: &'a Found, to: &'a Found) -> Option<(&'a str, &'a str)> {
    let (before, after) = (from.issued_by.as_deref()?, to.issued_by.as_deref()?);
    (before != after).then_some((before, after))
}

fn text(compared: &Compared, page: &mut Page) {
    let Compared { from, to, same, identical, differences } = compared;
    let (meaning, word) = if *same { (Meaning::Good, "same") } else { (Meaning::Doubtful, "differs") };
    page.verdict(meaning, word, format!("{} → {}", from.named, to.named));
    match (from.is_retired(), to.is_retired()) {
        (false, true) => page.line(format!("Nothing is issued under {} any more.", to.named)),
        (true, false) => page.line(format!("Nothing was issued under {}.", from.named)),
        _ => {}
    }
    if let Some((before, after)) = other_issuer(from, to) {
        page.line(format!("Issued by CA {after} instead of {before}."));
    }
    if *identical {
        page.line("The texts are the same to the octet.");
    } else {
        difference_lines(differences).iter().for_each(|line| page.line(line));
    }
}
