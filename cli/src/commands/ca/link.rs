//! `npki ca link install`: a certificate in which one root vouches for another.

use std::path::PathBuf;

use ca_core::clock::in_words;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::Ending;
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with link certificates.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Bring over a link certificate that a ceremony made: it is published, and goes along with what the server issues from
    /// its next start on
    #[command(
        after_help = "Examples:\n  npki ca link install root-g2-by-root.pem\n  npki ca link install root-by-root-g2.pem"
    )]
    Install {
        /// The certificate, PEM or DER
        file: PathBuf,
    },
}

/// A link certificate that was taken into use, as the server tells of it.
#[derive(Debug, Serialize, Deserialize)]
struct Installed {
    subject: String,
    issuer: String,
    changed: bool,
    #[serde(with = "time::serde::rfc3339")]
    not_after: time::OffsetDateTime,
    sha256: String,
}

/// Brings it over.
pub(super) fn run(command: LinkCommand, session: &mut Session) -> Ending {
    let LinkCommand::Install { file } = command;
    let content = files::read(&file, files::MAX_OBJECT)?;
    let der = pem::parse(&content).map_or(content, pem::Pem::into_contents);
    let text = files::certificate_pem(&der);
    let installed: Installed =
        session.client()?.change(&["cas", "links"], &json!({ "pem": text }), session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.ca.link.install/1", installed, text_of)))
}

fn text_of(installed: &Installed, page: &mut Page) {
    let word = if installed.changed { "installed" } else { "there already" };
    page.verdict(Meaning::Good, word, format!("{} vouches for {}", installed.issuer, installed.subject));
    page.facts(&[("until", in_words(installed.not_after)), ("SHA-256", installed.sha256.clone())]);
    page.line(format!("It is published in /ca/{}.p7c.", installed.subject));
}
