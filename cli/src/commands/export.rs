//! `npki registry export`: the registry as a list, page by page. The ledger says who took how many, of what, and why.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::registry::IdentityKind;
use super::{Ending, word};
use crate::failure::Failure;
use crate::files::{self, Draft, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

/// The columns of CSV: what every identity has, then what is known of it. The latter are those of `npki registry import`.
const COLUMNS: [&str; 31] = [
    "id",
    "kind",
    "status",
    "registered_at",
    "registered_by",
    "organisation",
    "sponsor",
    "surname",
    "given_name",
    "legal_name",
    "identifier",
    "locality",
    "asset_tag",
    "hardware_module",
    "name",
    "environment",
    "version",
    "purpose",
    "dns_names",
    "ip_addresses",
    "email_addresses",
    "uris",
    "permanent_identifier",
    "user_principal_name",
    "registered_id",
    "member_class",
    "member_code",
    "server_code",
    "birth_date",
    "surname_latin",
    "given_name_latin",
];

/// How many identities are asked for at once.
const PAGE: u32 = 500;

/// What to export, and where to.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Only of this kind
    #[arg(long, value_enum)]
    kind: Option<IdentityKind>,
    /// The form of the list
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// The new file, mode 0600
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Why. It stays in the ledger for good: no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Export what is known of persons as well: each is told by npki audit who-saw
    #[arg(long)]
    personal: bool,
}

/// The form of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values, RFC 4180
    Csv,
    /// One JSON object a line
    Jsonl,
}

#[derive(Debug, Deserialize)]
struct Exported {
    items: Vec<Map<String, Value>>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Done {
    file: PathBuf,
    /// The export, as the ledger names it.
    export: String,
    identities: u64,
    personal: bool,
}

/// Exports.
pub(super) fn run(arguments: &ExportArguments, session: &mut Session) -> Ending {
    files::must_be_free(&arguments.out)?;
    let client = session.client()?;
    if arguments.personal {
        session.confirm("Export what is known of persons? The ledger names you for each of them.")?;
    }
    let mut drawn = [0; 16];
    session.entropy.fill(&mut drawn)?;
    let export = hex::encode(drawn);
    let path = ["identities", if arguments.personal { "export-persons" } else { "export" }];
    let mut draft = Draft::begin(&arguments.out, Readers::Owner)?;
    let mut list = List::begin(&mut draft, arguments)?;
    let gauge = session.console.count("exporting");
    let mut after: Option<String> = None;
    loop {
        let mut body = json!({"export": export, "reason": arguments.reason, "limit": PAGE});
        body["kind"] = json!(arguments.kind.map(word));
        body["after"] = json!(after);
        let page: Exported = client.change(&path, &body, session.entropy.as_ref())?;
        page.items.into_iter().try_for_each(|identity| list.add(identity))?;
        gauge.set(list.count);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let identities = list.end()?;
    draft.keep()?;
    let done = Done { file: arguments.out.clone(), export, identities, personal: arguments.personal };
    Ok(Outcome::done(Simple::new("npki.registry.export/1", done, |done, page| {
        page.verdict(
            Meaning::Good,
            "exported",
            format!("{} identities to {}", done.identities, done.file.display()),
        );
        page.facts(&[("in the ledger", format!("export:{}", done.export))]);
    })))
}

/// The list as it is written.
struct List<'a> {
    out: Out<'a>,
    path: &'a Path,
    count: u64,
}

enum Out<'a> {
    Csv(Box<csv::Writer<&'a mut std::fs::File>>),
    Jsonl(BufWriter<&'a mut std::fs::File>),
}

impl<'a> List<'a> {
    fn begin(draft: &'a mut Draft, arguments: &'a ExportArguments) -> Result<Self, Failure> {
        let path = arguments.out.as_path();
        let out = match arguments.format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(draft.file());
                writer.write_record(COLUMNS).map_err(|error| unwritten(path, &error))?;
                Out::Csv(Box::new(writer))
            }
            Format::Jsonl => Out::Jsonl(BufWriter::new(draft.file())),
        };
        Ok(Self { out, path, count: 0 })
    }

    fn add(&mut self, identity: Map<String, Value>) -> Result<(), Failure> {
        let flat = flattened(identity);
        let path = self.path;
        match &mut self.out {
            Out::Csv(writer) => {
                let cells = COLUMNS.iter().map(|column| flat.get(*column).map(cell).unwrap_or_default());
                writer.write_record(cells).map_err(|error| unwritten(path, &error))?;
            }
            Out::Jsonl(writer) => {
                writeln!(writer, "{}", Value::Object(flat))
                    .map_err(|error| files::unwritable(path, &error))?;
            }
        }
        self.count += 1;
        Ok(())
    }

    fn end(self) -> Result<u64, Failure> {
        let ended = match self.out {
            Out::Csv(mut writer) => writer.flush(),
            Out::Jsonl(mut writer) => writer.flush(),
        };
        ended.map_err(|error| files::unwritable(self.path, &error))?;
        Ok(self.count)
    }
}

/// All fields side by side, as lists have them.
fn flattened(mut identity: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(mut known)) = identity.remove("known") else { return identity };
    let further = known.remove("further");
    // The kind stands in both.
    known.remove("kind");
    identity.extend(known);
    if let Some(Value::Object(further)) = further {
        identity.extend(further);
    }
    identity
}

/// Several values of one cell are separated by blanks, as `npki registry import` reads them.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(" "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn unwritten(path: &Path, error: &csv::Error) -> Failure {
    files::unwritable(path, &std::io::Error::other(error.to_string()))
}
