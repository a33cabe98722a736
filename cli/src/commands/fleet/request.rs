//! Asking: devices that are new are registered, then each row's certificate is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::fingerprint::fingerprint;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::list::{Cells, Device, List, Row, Wanted, named_by, write_refused};
use super::record::{Asked, Head, Record};
use super::{Ending, RequestArguments};
use crate::client::Client;
use crate::client::records::{Refusal, Request};
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Gauge, Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// How many devices are registered in one call.
const PART: usize = 100;

#[derive(Debug, Serialize)]
struct Done {
    dry_run: bool,
    rows: usize,
    /// Asked for now.
    asked: usize,
    /// Asked for by an earlier run.
    before: usize,
    refused: usize,
    /// The fleet's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    fleet: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_file: Option<PathBuf>,
    /// Why rows were refused: how many by the problem's code.
    reasons: BTreeMap<String, usize>,
}

/// What became of a part of a list of identities.
#[derive(Debug, Deserialize)]
struct Imported {
    rows: Vec<ImportedRow>,
}

#[derive(Debug, Deserialize)]
struct ImportedRow {
    row: u64,
    id: Option<String>,
    refusal: Option<Refusal>,
}

/// What is known of rows so far.
#[derive(Default)]
struct Known {
    identities: BTreeMap<u64, String>,
    refused: BTreeMap<u64, Refusal>,
}

/// Asks for a certificate for each row.
pub(super) fn run(arguments: &RequestArguments, session: &mut Session) -> Ending {
    let client = session.client()?;
    let server = session.context()?.url.to_string();
    let path = files::absolute(&arguments.list)?;
    let list = List::read(&path)?;
    let mut known = Known::of(&list);
    let gauge = session.console.gauge("registering", Some(list.rows.len() as u64));
    register(arguments, &list, &client, session, &mut known)?;
    let (mut fleet, mut asked, mut before) = (None, 0, 0);
    if !arguments.dry_run {
        let profile = arguments.profile.clone();
        let head = Head { fleet: 1, list_sha256: list.sha256.clone(), profile, server };
        let file = files::beside(&path, ".fleet.jsonl");
        let (mut record, done) = Record::open(&file, &head)?;
        let done: BTreeSet<u64> = done.iter().map(|asked| asked.row).collect();
        let outcome =
            Asking { head: &head, client: &client }.all(&list, &done, &mut known, &mut record, &gauge);
        record.settle()?;
        asked = outcome.map_err(goes_on)?;
        (fleet, before) = (Some(file), done.len());
    }
    let refused = known.refused_rows(&list);
    let mut reasons = BTreeMap::new();
    refused.iter().for_each(|(_, why)| *reasons.entry(why.code.clone()).or_default() += 1);
    let done = Done {
        dry_run: arguments.dry_run,
        rows: list.rows.len(),
        asked,
        before,
        refused: refused.len(),
        fleet,
        refused_file: write_refused(&path, &refused)?,
        reasons,
    };
    let exit = if refused.is_empty() { Exit::Done } else { Exit::No };
    Ok(Outcome::with_exit(Simple::new("npki.fleet.request/1", done, text), exit))
}

fn goes_on(failure: Failure) -> Failure {
    let [_, _, fix] = failure.sentences();
    let fix = format!("{fix}; then run the same command again: it goes on where it was");
    failure.fix(fix)
}

impl Known {
    /// What the list says by itself.
    fn of(list: &List) -> Self {
        let mut known = Self::default();
        for row in &list.rows {
            match &row.wanted {
                Err(why) => drop(known.refused.insert(row.number, why.clone())),
                Ok(Wanted { device: Device::Registered(id), .. }) => {
                    drop(known.identities.insert(row.number, id.clone()));
                }
                Ok(_) => {}
            }
        }
        known
    }

    fn refused_rows(&self, list: &List) -> Vec<(Cells, Refusal)> {
        let refused = list.rows.iter().filter_map(|row| {
            let why = self.refused.get(&row.number)?.clone();
            let new = matches!(row.wanted, Ok(Wanted { device: Device::New(_), .. }));
            let cells = match self.identities.get(&row.number).filter(|_| new) {
                Some(identity) => named_by(&row.cells, identity),
                None => row.cells.clone(),
            };
            Some((cells, why))
        });
        refused.collect()
    }
}

/// Registers devices that are new, always the same rows in one call: sent again, nobody enters twice.
fn register(
    arguments: &RequestArguments,
    list: &List,
    client: &Client,
    session: &Session,
    known: &mut Known,
) -> Result<(), Failure> {
    let new = list.rows.iter().filter_map(|row| match &row.wanted {
        Ok(Wanted { device: Device::New(fields), .. }) => Some((row.number, fields)),
        _ => None,
    });
    let new: Vec<(u64, &Map<String, Value>)> = new.collect();
    let Some(owner) = arguments.organisation.as_ref().zip(arguments.sponsor.as_ref()) else {
        return match new.first() {
            None => Ok(()),
            Some((row, _)) => Err(Failure::of(&catalogue::USAGE)
                .what(format!("row {row} is of a device to be registered, and nobody owns it"))
                .fix("say whose it is: --organisation O-... --sponsor P-...")),
        };
    };
    for part in new.chunks(PART) {
        let rows = part.iter().map(|(number, fields)| {
            let mut identity = (*fields).clone();
            identity.insert("organisation".to_owned(), json!(owner.0));
            identity.insert("sponsor".to_owned(), json!(owner.1));
            json!({"row": number, "identity": identity})
        });
        let rows: Vec<Value> = rows.collect();
        let body = json!({"source": list.sha256, "dry_run": arguments.dry_run, "rows": rows});
        let imported: Imported = client.change(&["identities", "import"], &body, session.entropy.as_ref())?;
        for row in imported.rows {
            known.identities.extend(row.id.map(|id| (row.row, id)));
            known.refused.extend(row.refusal.map(|why| (row.row, why)));
        }
    }
    Ok(())
}

struct Asking<'a> {
    head: &'a Head,
    client: &'a Client,
}

impl Asking<'_> {
    /// Asks for all rows that are not settled; how many were asked for.
    fn all(
        &self,
        list: &List,
        done: &BTreeSet<u64>,
        known: &mut Known,
        record: &mut Record,
        gauge: &Gauge,
    ) -> Result<usize, Failure> {
        gauge.turn_to("requesting", list.rows.len() as u64);
        let mut count = 0;
        for row in list.rows.iter().filter(|row| !done.contains(&row.number)) {
            let (Ok(wanted), Some(identity)) = (&row.wanted, known.identities.get(&row.number)) else {
                continue;
            };
            match self.one(row, wanted, identity) {
                Ok(asked) => {
                    record.add(&asked)?;
                    count += 1;
                }
                Err(refused) if refused.is_refusal() => {
                    known.refused.insert(row.number, Refusal::of(&refused));
                }
                Err(failure) => return Err(failure),
            }
            gauge.set(row.number);
        }
        Ok(count)
    }

    fn one(&self, row: &Row, wanted: &Wanted, identity: &str) -> Result<Asked, Failure> {
        let csr = STANDARD.encode(&wanted.csr);
        let body = json!({"profile": self.head.profile, "identity": identity, "csr": csr});
        // The same row of the same list is the same request, whichever run sends it.
        let key = format!(
            "fleet:{}:{}",
            fingerprint(json!([self.head.list_sha256, body]).to_string().as_bytes()),
            row.number
        );
        let request: Request = self.client.change_once(&["requests"], &body, &key)?;
        let csr_sha256 = fingerprint(&wanted.csr);
        let Request { id, identity, .. } = request;
        Ok(Asked { row: row.number, identity, request: id, csr_sha256, csr: wanted.file.clone() })
    }
}

fn text(done: &Done, page: &mut Page) {
    let (word, asked) =
        if done.dry_run { ("tried", done.rows - done.refused) } else { ("asked", done.asked) };
    let before = if done.before == 0 { String::new() } else { format!(", {} before", done.before) };
    page.verdict(
        Meaning::Good,
        word,
        format!("{} rows: {asked} requests{before}, {} refused", done.rows, done.refused),
    );
    for (code, count) in &done.reasons {
        page.verdict(Meaning::Bad, "refused", format!("{count} rows with {code}: npki help {code}"));
    }
    let files = [("to be mended", &done.refused_file), ("fleet", &done.fleet)];
    let facts =
        files.into_iter().filter_map(|(name, file)| Some((name, file.as_ref()?.display().to_string())));
    page.facts(&facts.collect::<Vec<_>>());
}
