//! `npki profile list|show`.

use clap::Subcommand;

use super::Ending;
use crate::client::records::{Page as Listing, ProfileSummary};
use crate::failure::{Failure, catalogue};
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// List the profiles the server issues under
    List,
    /// Show one profile
    Show {
        /// The profile
        id: String,
    },
}

/// Lists or shows.
pub fn run(command: ProfileCommand, session: &mut Session) -> Ending {
    let profiles: Listing<ProfileSummary> = session.client()?.list(&["profiles"], &[])?;
    match command {
        ProfileCommand::List => Ok(Outcome::done(Simple::new("npki.profile.list/1", profiles, list_text))),
        ProfileCommand::Show { id } => {
            let known: Vec<String> = profiles.items.iter().map(|profile| profile.id.clone()).collect();
            let found = profiles.items.into_iter().find(|profile| profile.id == id);
            let profile = found.ok_or_else(|| unknown(&id, &known))?;
            Ok(Outcome::done(Simple::new("npki.profile.show/1", profile, show_text)))
        }
    }
}

fn unknown(id: &str, known: &[String]) -> Failure {
    let failure = Failure::of(&catalogue::UNKNOWN_PROFILE).what(format!("there is no profile {id}"));
    match crate::context::nearest(id, known.iter().map(String::as_str)) {
        Some(near) => failure.fix(format!("did you mean {near}?")),
        None => failure,
    }
}

fn list_text(profiles: &Listing<ProfileSummary>, page: &mut Page) {
    let rows = profiles.items.iter().map(|profile| {
        [
            profile.id.clone(),
            profile.identity_kind.clone().unwrap_or_default(),
            profile.approvals.to_string(),
            profile.validity_days.to_string(),
            profile.title.clone(),
        ]
    });
    page.table(["PROFILE", "FOR", "APPROVALS", "DAYS", "TITLE"], rows.collect(), "no profiles");
}

fn show_text(profile: &ProfileSummary, page: &mut Page) {
    page.facts(&[
        ("profile", profile.id.clone()),
        ("title", profile.title.clone()),
        ("for", profile.identity_kind.clone().unwrap_or_default()),
        ("approvals", profile.approvals.to_string()),
        ("validity", format!("{} days", profile.validity_days)),
        ("keys", profile.keys.join(", ")),
    ]);
}
