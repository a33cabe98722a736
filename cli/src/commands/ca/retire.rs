//! `npki ca retire`: the end of a CA.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use clap::Args;
use serde::Serialize;

use super::super::Ending;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, RetiredCa};

/// Arguments of `npki ca retire`.
#[derive(Debug, Args)]
#[command(
    after_help = "A CA is retired when it has stopped issuing (issues_until in hierarchy.toml) and whatever it issued has ended or is revoked. Its \
last CRL has no next one, and is published for ever. What waits for an answer of its OCSP responder gets none any more.

Examples:
  npki ca retire issuing --data /var/lib/npki --reason 'succeeded by G2, as planned'"
)]
pub struct RetireArguments {
    /// The CA
    id: String,
    /// The installation's folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Why, for the ledger: it must name nobody
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(skip)]
    data: PathBuf,
    #[serde(flatten)]
    retired: RetiredCa,
}

/// Retires it.
pub(super) fn run(arguments: &RetireArguments) -> Ending {
    let retired = service::retire(&arguments.data, &arguments.id, &arguments.reason)?;
    let answer = Answer { data: arguments.data.clone(), retired };
    Ok(Outcome::done(Simple::new("npki.ca.retire/1", answer, text)))
}

fn text(answer: &Answer, page: &mut Page) {
    let Answer { data, retired } = answer;
    page.verdict(Meaning::Good, "retired", &retired.ca);
    for crl in &retired.crls {
        let entries = crl.entries;
        page.facts(&[
            ("last CRL", format!("{}, number {}, {entries} certificates", crl.crl, crl.number)),
            ("SHA-256", crl.sha256.clone()),
        ]);
    }
    page.line(what_is_left(data, retired));
}

fn what_is_left(data: &Path, retired: &RetiredCa) -> String {
    format!(
        "Its key has nothing left to sign. Destroy it before witnesses, with its backups, in {} or in its token; its certificate \
         ends {}. Start the service again: the last CRL stays published. Restart other nodes, too.",
        data.join("keys").display(),
        in_words(retired.not_after)
    )
}
