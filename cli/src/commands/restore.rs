//! `npki restore`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Ending;
use super::backup::{facts, octets_of};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, Loss, RestorePlan, Restored};
use crate::session::Session;

/// What to restore, and where to.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The backup
    file: PathBuf,
    /// The file of the identity that opens it
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The folder to restore into; must be empty or not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A checkpoint of the ledger that the backup must reach: the file `checkpoint` of the lost data directory, or one
    /// kept elsewhere; may be repeated
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Restore a backup that does not reach as far as what was signed; the reason stands in the ledger
    #[arg(long, value_name = "REASON")]
    accept_loss: Option<String>,
    /// Where the store is to be, instead of where the backup was made: postgres://USER@HOST/DATABASE, or a folder of the
    /// data directory. This is how an installation moves from one engine to another
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    data: PathBuf,
    #[serde(flatten)]
    restored: Restored,
}

/// Restores.
pub fn run(arguments: &RestoreArguments, session: &Session) -> Ending {
    let RestoreArguments { file, identity, data, checkpoint, accept_loss, store } = arguments;
    let plan = RestorePlan {
        file: file.clone(),
        identity: identity.clone(),
        data: data.clone(),
        checkpoints: checkpoint.clone(),
        store: store.clone(),
        loss: accept_loss.clone().map_or(Loss::Refused, Loss::Accepted),
    };
    let gauge = session.console.gauge("restoring", octets_of(file));
    let restored = service::restore(&plan, &mut |done| gauge.set(done.octets))?;
    drop(gauge);
    Ok(Outcome::done(Simple::new("npki.restore/1", Answer { data: plan.data, restored }, text)))
}

fn text(answer: &Answer, page: &mut Page) {
    let (data, restored) = (answer.data.display(), &answer.restored);
    page.verdict(Meaning::Good, "restored", data.to_string());
    facts(&restored.summary, page);
    page.line("next:");
    if restored.keys.is_empty() {
        page.line("  put the sealed keys, which are not in this backup, into the folder of keys");
    }
    let passphrase = restored.passphrase_file.display();
    page.line(format!(
        "  put the passphrase that opens the keys into {passphrase}, or give the credential npki-passphrase"
    ));
    page.line(format!("  npki serve --data {data}"));
}
