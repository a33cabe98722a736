//! `npki audit receipt`.

use std::path::PathBuf;

use ca_core::ledger::receipt::Receipt;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::super::Ending;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Outcome, Simple};
use crate::session::Session;

/// Receipts of what.
#[derive(Debug, Args)]
pub struct ReceiptArguments {
    #[command(flatten)]
    of: Of,
    /// The file: a JSON array of receipts
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// All that happened to a certificate
    #[arg(long, value_name = "SERIAL")]
    certificate: Option<String>,
    /// All that happened to a request
    #[arg(long, value_name = "REQUEST")]
    request: Option<String>,
    /// One event
    #[arg(long, value_name = "POSITION")]
    event: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Receipts {
    items: Vec<Receipt>,
}

#[derive(Debug, Deserialize)]
struct OfEvent {
    receipt: Option<Receipt>,
}

#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    positions: Vec<u64>,
}

/// Downloads.
pub fn run(arguments: &ReceiptArguments, session: &mut Session) -> Ending {
    let receipts = received(&arguments.of, session)?;
    let content = serde_json::to_vec_pretty(&receipts)
        .map_err(|error| Failure::of(&catalogue::ANSWER).cause(error.to_string()))?;
    files::create(&arguments.out, &content, Readers::Owner)?;
    let positions = receipts.iter().map(|receipt| receipt.position.0).collect();
    let written = Written { file: arguments.out.clone(), positions };
    Ok(Outcome::done(Simple::new("npki.audit.receipt/1", written, |written, page| {
        page.line(format!("{} receipts written: {}", written.positions.len(), written.file.display()));
        page.line(format!("verify them: npki audit verify --receipt {}", written.file.display()));
    })))
}

fn received(of: &Of, session: &mut Session) -> Result<Vec<Receipt>, Failure> {
    let client = session.client()?;
    match of {
        Of { certificate: Some(serial), .. } => {
            Ok(client.read::<Receipts>(&["certificates", serial, "receipts"])?.items)
        }
        Of { request: Some(id), .. } => Ok(client.read::<Receipts>(&["requests", id, "receipts"])?.items),
        Of { event: Some(position), .. } => {
            let found: OfEvent = client.read(&["events", &position.to_string()])?;
            let receipt = found.receipt.ok_or_else(|| Failure::of(&catalogue::NOT_SEALED))?;
            Ok(vec![receipt])
        }
        Of { .. } => Err(Failure::of(&catalogue::USAGE)),
    }
}
