//! `npki registry evidence add|list`: what identities were proven by.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use id_registry::evidence::NewEvidence;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Ending, word};
use crate::client::records::Assurance;
use crate::failure::Failure;
use crate::files;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with evidence.
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Enter an item of evidence that you have checked
    Add {
        /// The identity
        id: String,
        #[command(flatten)]
        item: ItemArguments,
    },
    /// List what an identity was proven by, and the level that follows from it
    List {
        /// The identity
        id: String,
    },
}

/// What is entered of an item.
#[derive(Debug, Args)]
pub struct ItemArguments {
    /// Its kind, as the installation's rules name it: birth-certificate, passport, chiefs-letter
    #[arg(long)]
    kind: String,
    /// Who issued it. Kept sealed with the identity
    #[arg(long, value_name = "NAME")]
    issuer: String,
    /// Its number. Kept sealed with the identity
    #[arg(long, value_name = "NUMBER")]
    reference: Option<String>,
    /// When it was issued
    #[arg(long, value_name = "DATE")]
    issued_on: Option<String>,
    /// The last day on which it is valid
    #[arg(long, value_name = "DATE")]
    expires_on: Option<String>,
    /// How you checked it
    #[arg(long, value_enum)]
    how: How,
    /// A scan of it: its SHA-256 is entered, the scan stays where it is
    #[arg(long, value_name = "FILE")]
    scan: Option<PathBuf>,
}

impl ItemArguments {
    /// The item, for whoever judges it. Of a scan only the digest is taken.
    ///
    /// # Errors
    /// The scan cannot be read.
    pub(super) fn into_domain(self) -> Result<NewEvidence, Failure> {
        let Self { kind, issuer, reference, issued_on, expires_on, how, scan } = self;
        let digest = scan.map(|scan| files::sha256(&scan).map_err(|error| files::unreadable(&scan, &error)));
        let scan_sha256 = digest.transpose()?.map(|(digest, _)| digest);
        Ok(NewEvidence { kind, issuer, reference, issued_on, expires_on, how: word(how), scan_sha256 })
    }
}

/// How an item was checked.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum How {
    /// The person, or whoever acts for the organisation, was there
    InPerson,
    /// They were not
    Remote,
}

/// An item of evidence.
#[derive(Debug, Serialize, Deserialize)]
struct Item {
    id: String,
    kind: String,
    issuer: Option<String>,
    reference: Option<String>,
    issued_on: Option<String>,
    expires_on: Option<String>,
    how: String,
    scan_sha256: Option<String>,
    checked_by: String,
    checked_at: String,
    #[serde(flatten)]
    further: Map<String, Value>,
}

/// What an identity was proven by.
#[derive(Debug, Serialize, Deserialize)]
struct Proven {
    items: Vec<Item>,
    assurance: Assurance,
}

/// Enters or lists.
pub(super) fn run(command: EvidenceCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        EvidenceCommand::Add { id, item } => {
            let body = item.into_domain()?;
            let entered: Item =
                client.change(&["identities", &id, "evidence"], &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.registry.evidence.add/1", entered, item_text)))
        }
        EvidenceCommand::List { id } => {
            let proven: Proven = client.read(&["identities", &id, "evidence"])?;
            Ok(Outcome::done(Simple::new("npki.registry.evidence.list/1", proven, list_text)))
        }
    }
}

fn item_text(item: &Item, page: &mut Page) {
    let mut facts = vec![("kind", item.kind.clone()), ("how", item.how.clone())];
    let known = [
        ("issuer", &item.issuer),
        ("reference", &item.reference),
        ("issued on", &item.issued_on),
        ("expires on", &item.expires_on),
        ("scan sha256", &item.scan_sha256),
    ];
    facts.extend(known.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    facts.push(("checked by", format!("{}, {}", item.checked_by, item.checked_at)));
    page.facts(&facts);
}

fn list_text(proven: &Proven, page: &mut Page) {
    page.facts(&[("proven", proven.assurance.to_string())]);
    let rows = proven.items.iter().map(|item| {
        [
            item.checked_at.clone(),
            item.kind.clone(),
            item.issuer.clone().unwrap_or_default(),
            item.reference.clone().unwrap_or_default(),
            item.how.clone(),
            item.expires_on.clone().unwrap_or_default(),
            item.checked_by.clone(),
        ]
    });
    let header = ["CHECKED", "KIND", "ISSUER", "NUMBER", "HOW", "EXPIRES", "BY"];
    page.table(header, rows.collect(), "no evidence was entered");
}
