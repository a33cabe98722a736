//! `npki ca list|show|found|request|install`.

mod offline;

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::Ending;
use crate::client::records::Page as Listing;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, FoundedCa};
use crate::session::Session;

/// What to do with CAs.
#[derive(Debug, Subcommand)]
pub enum CaCommand {
    /// List the CAs whose keys the server has
    List,
    /// Show one CA
    Show {
        /// The CA
        id: String,
    },
    /// Found the CAs that were added to hierarchy.toml; the service must be stopped
    Found {
        /// The folder that `npki init` set up
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Make a key for a CA of this installation, and a request to the offline root; the answer comes from a ceremony
    Request(Box<offline::RequestArguments>),
    /// Install the offline root's response, once
    Install {
        /// The response, from the exchange medium
        response: PathBuf,
        /// The installation's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// A CA, as the server tells of it.
#[derive(Debug, Serialize, Deserialize)]
struct Ca {
    id: String,
    subject: String,
    issuer: String,
    algorithm: String,
    sha256: String,
    not_after: String,
    issues: Vec<String>,
    issuing: bool,
    issues_from: Option<String>,
    issues_until: Option<String>,
    crl_number: Option<u64>,
    crl_next_update: Option<String>,
    pem: String,
}

/// Lists, shows or founds.
pub fn run(command: CaCommand, session: &mut Session) -> Ending {
    match command {
        CaCommand::List => Ok(Outcome::done(Simple::new("npki.ca.list/1", listed(session)?, list_text))),
        CaCommand::Show { id } => {
            let cas = listed(session)?;
            let known: Vec<String> = cas.items.iter().map(|ca| ca.id.clone()).collect();
            let found = cas.items.into_iter().find(|ca| ca.id == id).ok_or_else(|| unknown(&id, &known))?;
            Ok(Outcome::done(Simple::new("npki.ca.show/1", found, show_text)))
        }
        CaCommand::Found { data } => {
            let answer = Founded { cas: service::found_missing(&data)? };
            Ok(Outcome::done(Simple::new("npki.ca.found/1", answer, founded_text)))
        }
        CaCommand::Request(arguments) => offline::request(*arguments, session),
        CaCommand::Install { response, data } => offline::install(&data, &response, session),
    }
}

fn listed(session: &mut Session) -> Result<Listing<Ca>, Failure> {
    session.client()?.list(&["cas"], &[])
}

fn unknown(id: &str, known: &[String]) -> Failure {
    let failure = Failure::of(&catalogue::UNKNOWN_CA).what(format!("there is no CA {id} in this service"));
    match crate::context::nearest(id, known.iter().map(String::as_str)) {
        Some(near) => failure.fix(format!("did you mean {near}?")),
        None => failure,
    }
}

fn list_text(cas: &Listing<Ca>, page: &mut Page) {
    let rows = cas.items.iter().map(|ca| {
        [
            ca.id.clone(),
            if ca.issuing { "yes" } else { "no" }.to_owned(),
            ca.not_after.clone(),
            ca.algorithm.clone(),
            ca.crl_next_update.clone().unwrap_or_else(|| "none".to_owned()),
            ca.subject.clone(),
        ]
    });
    page.table(["CA", "ISSUES", "UNTIL", "KEY", "CRL DUE", "SUBJECT"], rows.collect(), "no CA's key is here");
}

fn show_text(ca: &Ca, page: &mut Page) {
    let moment = |moment: &Option<String>| moment.clone().unwrap_or_else(|| "not planned".to_owned());
    page.facts(&[
        ("CA", ca.id.clone()),
        ("subject", ca.subject.clone()),
        ("issuer", ca.issuer.clone()),
        ("key", ca.algorithm.clone()),
        ("sha256", ca.sha256.clone()),
        ("until", ca.not_after.clone()),
        ("issues under", if ca.issues.is_empty() { "CAs only".to_owned() } else { ca.issues.join(", ") }),
        ("begins", moment(&ca.issues_from)),
        ("stops", moment(&ca.issues_until)),
        ("newest CRL", ca.crl_number.map_or_else(|| "none".to_owned(), |number| format!("number {number}"))),
        ("next CRL", ca.crl_next_update.clone().unwrap_or_else(|| "none".to_owned())),
    ]);
}

#[derive(Debug, Serialize)]
struct Founded {
    cas: Vec<FoundedCa>,
}

fn founded_text(answer: &Founded, page: &mut Page) {
    for ca in &answer.cas {
        page.verdict(Meaning::Good, "founded", format!("{}  {}", ca.id, ca.name));
        page.facts(&[
            ("certified by", ca.issuer.clone().unwrap_or_else(|| "itself: a root".to_owned())),
            ("fingerprint", format!("SHA-256 {}", ca.sha256)),
        ]);
    }
    if answer.cas.iter().any(|ca| ca.issuer.is_none()) {
        page.line("Give everybody who trusts this installation the new certificates/anchors.pem.");
    }
}
