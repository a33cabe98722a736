//! `npki key blocked list|show`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::super::Ending;
use super::super::paging::{Paging, say_if_more};
use crate::client::records::{Certificate, Page as Listing};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with blocked keys.
#[derive(Debug, Subcommand)]
pub enum BlockedCommand {
    /// List blocked keys
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one blocked key and the certificates that hold it
    Show {
        /// Its digest
        digest: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct BlockedKey {
    digest: String,
    reason: String,
    source: String,
    at: String,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<Certificate>>,
}

/// Lists or shows.
pub fn run(command: BlockedCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        BlockedCommand::List { paging } => {
            let list: Listing<BlockedKey> = client.list(&["blocked-keys"], &paging.query(&[]))?;
            Ok(Outcome::done(Simple::new("npki.key.blocked.list/1", list, list_text)))
        }
        BlockedCommand::Show { digest } => {
            let key: BlockedKey = client.read(&["blocked-keys", &digest])?;
            Ok(Outcome::done(Simple::new("npki.key.blocked.show/1", key, show_text)))
        }
    }
}

fn list_text(list: &Listing<BlockedKey>, page: &mut Page) {
    let rows = list
        .items
        .iter()
        .map(|key| [key.digest.clone(), key.reason.clone(), key.at.clone(), key.source.clone()]);
    page.table(["DIGEST", "REASON", "SINCE", "SOURCE"], rows.collect(), "no key is blocked");
    say_if_more(list, page);
}

fn show_text(key: &BlockedKey, page: &mut Page) {
    page.verdict(Meaning::Bad, &key.reason, &key.digest);
    page.facts(&[("source", key.source.clone()), ("since", key.at.clone()), ("by", key.by.clone())]);
    for certificate in key.certificates.iter().flatten() {
        let meaning = if certificate.status == "active" { Meaning::Doubtful } else { Meaning::Good };
        page.verdict(meaning, &certificate.status, format!("{}/{}", certificate.issuer, certificate.serial));
    }
}
