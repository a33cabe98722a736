//! `npki campaign inventory`: where keys live, from a list of any length. Entering it again changes nothing, so that a list
//! that was cut off is simply sent again.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::Ending;
use super::super::key_origin::KeyOriginArguments;
use crate::client::records::KeyOrigin;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

pub(super) const EXAMPLES: &str = "The list is CSV. Its first line names the columns: serial (of a certificate) or key \
    (SHA-256 of the SubjectPublicKeyInfo), and as many of origin, model, batch and firmware as it has; flags say what \
    is the same for all.\n\nExamples:\n  \
    npki campaign inventory delivered.csv --source 'delivery note 4711'\n  \
    npki campaign inventory serials.csv --key-origin smart-card --token-model 'IDPrime 940' --token-batch 2017-04 \\\n      \
    --source 'card bureau, letter of 30 August'\n\n\
    Exit code 8: some serial numbers are of no certificate; they are named.";

/// How many entries one call takes.
const AT_ONCE: usize = 500;

/// The list, and what holds for all of it.
#[derive(Debug, Args)]
pub struct InventoryArguments {
    /// The list, CSV
    file: PathBuf,
    /// Where the list is from. It stays in the ledger for good: no personal data
    #[arg(long, value_name = "TEXT")]
    source: String,
    #[command(flatten)]
    key_origin: KeyOriginArguments,
}

#[derive(Debug, Default, Serialize)]
struct Done {
    /// Keys whose origin was not known before.
    new: u64,
    /// Keys whose origin was known otherwise.
    changed: u64,
    /// Keys whose origin was known so.
    known: u64,
    /// Serial numbers that no certificate has: nothing was entered for these.
    unknown: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    new: u64,
    changed: u64,
    known: u64,
    unknown: Vec<String>,
}

/// Enters the list, page by page.
pub fn run(arguments: &InventoryArguments, session: &mut Session) -> Ending {
    let path = arguments.file.as_path();
    let file = File::open(path).map_err(|error| files::unreadable(path, &error))?;
    let total = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let columns =
        Columns::of(reader.headers().map_err(|error| files::no_list(path, error.to_string()))?, path)?;
    let client = session.client()?;
    let gauge = session.console.gauge("entering", Some(total));
    let (mut page, mut done) = (Vec::new(), Done::default());
    let mut send = |page: &mut Vec<Value>| -> Result<(), Failure> {
        if page.is_empty() {
            return Ok(());
        }
        let body = json!({"entries": std::mem::take(page), "source": arguments.source});
        let answer: Answer = client.change(&["key-origins"], &body, session.entropy.as_ref())?;
        done.new += answer.new;
        done.changed += answer.changed;
        done.known += answer.known;
        done.unknown.extend(answer.unknown);
        Ok(())
    };
    let stated = arguments.key_origin.stated();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| files::no_list(path, error.to_string()))? {
        page.push(columns.entry(&record, stated.as_ref(), path)?);
        if page.len() == AT_ONCE {
            send(&mut page)?;
            gauge.set(reader.position().byte());
        }
    }
    send(&mut page)?;
    drop(gauge);
    let exit = if done.unknown.is_empty() { Exit::Done } else { Exit::CannotTell };
    Ok(Outcome::with_exit(Simple::new("npki.campaign.inventory/1", done, text), exit))
}

/// Which column holds what.
struct Columns {
    serial: Option<usize>,
    key: Option<usize>,
    origin: Option<usize>,
    model: Option<usize>,
    batch: Option<usize>,
    firmware: Option<usize>,
}

impl Columns {
    fn of(header: &csv::StringRecord, path: &Path) -> Result<Self, Failure> {
        let known = ["serial", "key", "origin", "model", "batch", "firmware"];
        if let Some(other) = header.iter().find(|name| !known.contains(name)) {
            return Err(files::no_list(
                path,
                format!("its first line names a column {other:?}, which means nothing here"),
            ));
        }
        let at = |wanted: &str| header.iter().position(|name| name == wanted);
        let columns = Self {
            serial: at("serial"),
            key: at("key"),
            origin: at("origin"),
            model: at("model"),
            batch: at("batch"),
            firmware: at("firmware"),
        };
        if columns.serial.is_none() && columns.key.is_none() {
            return Err(files::no_list(
                path,
                "its first line names neither a column serial nor a column key".to_owned(),
            ));
        }
        Ok(columns)
    }

    /// What a line says, where it says nothing what the flags say.
    fn entry(
        &self,
        record: &csv::StringRecord,
        stated: Option<&KeyOrigin>,
        path: &Path,
    ) -> Result<Value, Failure> {
        let cell = |column: Option<usize>| {
            column.and_then(|column| record.get(column)).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let line = record.position().map_or(0, csv::Position::line);
        let otherwise = |from: fn(&KeyOrigin) -> Option<String>| stated.and_then(from);
        let Some(kind) = cell(self.origin).or_else(|| otherwise(|origin| Some(origin.kind.clone()))) else {
            return Err(files::no_list(
                path,
                format!("line {line} has no origin, and --key-origin was not given"),
            ));
        };
        let (serial, key) = (cell(self.serial), cell(self.key));
        if serial.is_some() == key.is_some() {
            return Err(files::no_list(
                path,
                format!("line {line} has to name a serial number or a key, and not both"),
            ));
        }
        Ok(json!({"serial": serial, "key": key, "origin": {
            "kind": kind,
            "model": cell(self.model).or_else(|| otherwise(|origin| origin.model.clone())),
            "batch": cell(self.batch).or_else(|| otherwise(|origin| origin.batch.clone())),
            "firmware": cell(self.firmware).or_else(|| otherwise(|origin| origin.firmware.clone())),
        }}))
    }
}

fn text(done: &Done, page: &mut Page) {
    let Done { new, changed, known, unknown } = done;
    page.verdict(
        Meaning::Good,
        "entered",
        format!("{new} keys; {changed} were known otherwise, {known} were known so"),
    );
    for serial in unknown {
        page.verdict(Meaning::Doubtful, "unknown", format!("no certificate has serial number {serial}"));
    }
}
