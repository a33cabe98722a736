//! `npki audit signatures`: whether CA keys signed only what the ledger knows.

use std::path::{Path, PathBuf};

use ca_core::keys::journal::JournalReader;
use ca_core::ledger::signatures::{
    Counted, Reach, Reconciliation, Scope, Seen, SeenDigests, Sighting, SignatureFinding,
};
use ca_core::ledger::{self, Position, Recorded};
use ca_core::storage::Store;
use clap::Args;
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::super::Ending;
use crate::client::records::{Event, Page as Listing};
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, ServiceError};
use crate::session::Session;

/// How many batches of events are read between two looks at the gauge.
const STEPS: usize = 8;

/// What to compare.
#[derive(Debug, Args)]
pub struct SignaturesArguments {
    /// An installation whose service does not run: its store, and the journals beside its keys
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the store is, instead of what the installation's settings say
    #[arg(long, value_name = "ADDRESS", requires = "data")]
    store: Option<String>,
    /// A journal, or a folder of journals: of other nodes, or, without --data, all of them, for the server's ledger
    #[arg(long, value_name = "FILE|DIR")]
    journals: Vec<PathBuf>,
    /// A journal that is known to be lost: that it is missing is a warning
    #[arg(long, value_name = "ID")]
    lost: Vec<String>,
    /// Certificates and CRLs found in the wild: tells whether the ledger knows them, and compares nothing
    #[arg(long, value_name = "FILE", num_args = 1..)]
    seen: Vec<PathBuf>,
    /// Certificates of the CAs, PEM or DER, by which it is told whether something unknown was signed with their keys;
    /// those of --data are known
    #[arg(long, value_name = "FILE", requires = "seen")]
    ca: Vec<PathBuf>,
}

/// Compares or looks up.
pub fn run(arguments: &SignaturesArguments, session: &mut Session) -> Ending {
    if arguments.seen.is_empty() { compare(arguments, session) } else { look_up(arguments, session) }
}

/// Where events come from.
enum Events {
    Store(std::sync::Arc<dyn Store>),
    Server { client: Box<crate::client::Client>, after: Option<String>, ended: bool },
}

impl Events {
    fn read(&mut self, from: Position) -> Result<Vec<Recorded>, ServiceError> {
        match self {
            Self::Store(store) => Ok(ledger::read(store.as_ref(), from, 1_000)?),
            Self::Server { ended: true, .. } => Ok(Vec::new()),
            Self::Server { client, after, ended } => {
                let query = [("after", after.clone()), ("limit", Some("500".to_owned()))];
                let page: Listing<Event> = client.list(&["events"], &query)?;
                *ended = page.next.is_none();
                *after = page.next;
                let recorded = |event: Event| Recorded {
                    position: Position(event.position),
                    octets: event.recorded.into_bytes(),
                };
                Ok(page.items.into_iter().map(recorded).collect())
            }
        }
    }
}

/// The events, and the journals beside them.
fn sources(
    arguments: &SignaturesArguments,
    session: &mut Session,
) -> Result<(Events, Vec<JournalReader>), Failure> {
    let mut journals = Vec::new();
    let events = match &arguments.data {
        Some(data) => {
            let subject = service::for_audit(data, arguments.store.as_deref())?;
            journals.extend(JournalReader::in_folder(&subject.journals).map_err(ServiceError::from)?);
            Events::Store(subject.store)
        }
        None => Events::Server { client: Box::new(session.client()?), after: None, ended: false },
    };
    for path in &arguments.journals {
        let found = if path.is_dir() {
            JournalReader::in_folder(path)
        } else {
            JournalReader::open(path).map(|journal| vec![journal])
        };
        for journal in found.map_err(ServiceError::from)? {
            add(&mut journals, journal)?;
        }
    }
    Ok((events, journals))
}

/// Adds a journal; of two copies of one the longer counts.
fn add(journals: &mut Vec<JournalReader>, journal: JournalReader) -> Result<(), ServiceError> {
    let same = |known: &&mut JournalReader| known.header().journal == journal.header().journal;
    match journals.iter_mut().find(same) {
        Some(known) if known.count()? >= journal.count()? => {}
        Some(known) => *known = journal,
        None => journals.push(journal),
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct Compared {
    verdict: &'static str,
    events: u64,
    journals: Vec<Counted>,
    findings: Vec<Found>,
}

#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    finding: SignatureFinding,
    detail: String,
}

fn compare(arguments: &SignaturesArguments, session: &mut Session) -> Ending {
    let (mut events, journals) = sources(arguments, session)?;
    if arguments.data.is_none() && arguments.journals.is_empty() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("there is nothing to compare the server's ledger with")
            .fix("give --journals DIR: the folder `signatures` beside the CA's keys, or copies of it"));
    }
    let mut comparison = Reconciliation::new(Scope::All);
    let gauge = session.console.count("comparing signatures");
    let mut read = |from| events.read(from);
    let mut reach = Reach::More;
    while reach == Reach::More {
        for _ in 0..STEPS {
            reach = comparison.step(&mut read, &journals)?;
        }
        gauge.set(comparison.events());
    }
    drop(gauge);
    let (lost, findings): (Vec<_>, Vec<_>) =
        comparison.findings().into_iter().partition(|finding| is_lost(finding, &arguments.lost));
    let compared = Compared {
        verdict: if findings.is_empty() { "clean" } else { "alarm" },
        events: comparison.events(),
        journals: comparison.counted(),
        findings: findings
            .into_iter()
            .map(|finding| Found { detail: finding.to_string(), finding })
            .collect(),
    };
    let mut warnings: Vec<String> = lost.iter().map(ToString::to_string).collect();
    if compared.journals.is_empty() {
        warnings.push("no journal is at hand: nothing was compared".to_owned());
    }
    let exit = if compared.findings.is_empty() { Exit::Done } else { Exit::No };
    let outcome = Outcome::with_exit(Simple::new("npki.audit.signatures/1", compared, compared_text), exit);
    Ok(warnings.into_iter().fold(outcome, Outcome::warn))
}

fn is_lost(finding: &SignatureFinding, lost: &[String]) -> bool {
    matches!(finding, SignatureFinding::Missing { journal, .. } if lost.contains(&journal.to_string()))
}

fn compared_text(compared: &Compared, page: &mut Page) {
    let meaning = if compared.findings.is_empty() { Meaning::Good } else { Meaning::Bad };
    let signatures: u64 = compared.journals.iter().map(|journal| journal.signatures).sum();
    let rest = format!("{signatures} signatures compared with {} events", compared.events);
    page.verdict(meaning, compared.verdict, rest);
    for Counted { ca, node, signatures, explained, key, .. } in &compared.journals {
        page.line(format!("  {ca} on {node}: {signatures} signatures, {explained} of them meant; key {key}"));
    }
    for found in &compared.findings {
        page.line(format!("  {}", found.detail));
    }
}

#[derive(Debug, Serialize)]
struct LookedUp {
    verdict: &'static str,
    seen: Vec<Looked>,
}

#[derive(Debug, Serialize)]
struct Looked {
    file: String,
    issuer: String,
    to_be_signed_sha256: String,
    #[serde(flatten)]
    sighting: Sighting,
    /// For what is unknown: the CA whose key signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    alarm: bool,
}

/// A CA's name and public key.
struct Ca {
    name: String,
    public_key_info: Vec<u8>,
}

fn look_up(arguments: &SignaturesArguments, session: &mut Session) -> Ending {
    let seen = arguments.seen.iter().map(|path| read_seen(path)).collect::<Result<Vec<_>, _>>()?;
    let (mut events, _) = sources(arguments, session)?;
    let mut cas = arguments.ca.iter().map(|path| read_ca(path)).collect::<Result<Vec<_>, _>>()?;
    if let Some(data) = &arguments.data {
        cas.extend(service::ca_certificates(data)?.iter().filter_map(|der| ca_of_der(der)));
    }
    let mut digests = SeenDigests::new(seen);
    let mut next = Position(0);
    loop {
        let batch = events.read(next)?;
        let Some(last) = batch.last() else { break };
        next = Position(last.position.0 + 1);
        for recorded in &batch {
            digests.take(recorded).map_err(ServiceError::from)?;
        }
    }
    let looked = digests.sightings().zip(&arguments.seen);
    let looked = looked.map(|((seen, sighting), file)| judged(file, &seen, sighting, &cas));
    let seen: Vec<Looked> = looked.collect();
    let alarm = seen.iter().any(|looked| looked.alarm);
    let verdict = if alarm { "alarm" } else { "clean" };
    let exit = if alarm { Exit::No } else { Exit::Done };
    let looked_up = LookedUp { verdict, seen };
    Ok(Outcome::with_exit(Simple::new("npki.audit.seen/1", looked_up, looked_text), exit))
}

fn judged(file: &Path, seen: &Seen, sighting: Sighting, cas: &[Ca]) -> Looked {
    let signed_by = match sighting {
        Sighting::Unknown => cas.iter().find(|ca| seen.is_signed_with(&ca.public_key_info)),
        _ => None,
    };
    // Where no CA is known, nobody can say that it is not ours.
    let alarm = match sighting {
        Sighting::Known { .. } => false,
        Sighting::Unfinished { .. } | Sighting::OtherSignature { .. } => true,
        Sighting::Unknown => signed_by.is_some() || cas.is_empty(),
    };
    Looked {
        file: file.display().to_string(),
        issuer: seen.issuer.clone(),
        to_be_signed_sha256: seen.to_be_signed.to_string(),
        sighting,
        signed_by: signed_by.map(|ca| ca.name.clone()),
        alarm,
    }
}

fn looked_text(looked_up: &LookedUp, page: &mut Page) {
    for looked in &looked_up.seen {
        let meaning = if looked.alarm { Meaning::Bad } else { Meaning::Good };
        let (word, rest) = match (&looked.sighting, &looked.signed_by) {
            (Sighting::Known { subject, position }, _) => ("known", format!("{subject}, event {position}")),
            (Sighting::Unfinished { subject, position }, _) => (
                "unfinished",
                format!(
                    "{subject} was meant in event {position}, and its issuance did not end: it is in nobody's hands \
                         by npki"
                ),
            ),
            (Sighting::OtherSignature { subject, position }, _) => {
                ("signed-twice", format!("{subject} was recorded in event {position} with another signature"))
            }
            (Sighting::Unknown, Some(ca)) => {
                ("forged", format!("it was signed with the key of {ca}, and the ledger never meant it"))
            }
            (Sighting::Unknown, None) if looked.alarm => (
                "unknown",
                format!("the ledger never meant it; name the CAs with --ca. Issuer: {}", looked.issuer),
            ),
            (Sighting::Unknown, None) => {
                ("foreign", format!("none of the CAs' keys signed it. Issuer: {}", looked.issuer))
            }
        };
        page.verdict(meaning, word, format!("{}: {rest}", looked.file));
    }
}

fn read_der(path: &Path) -> Result<Vec<u8>, Failure> {
    let content = files::read(path, files::MAX_OBJECT)?;
    Ok(pem::parse(&content).map_or(content, pem::Pem::into_contents))
}

fn read_seen(path: &Path) -> Result<Seen, Failure> {
    Seen::of_der(&read_der(path)?).ok_or_else(|| unreadable(path, "certificate or CRL"))
}

fn read_ca(path: &Path) -> Result<Ca, Failure> {
    ca_of_der(&read_der(path)?).ok_or_else(|| unreadable(path, "certificate"))
}

fn unreadable(path: &Path, what: &str) -> Failure {
    Failure::of(&catalogue::CONTENT).what(format!("{} holds no {what}", path.display()))
}

fn ca_of_der(der: &[u8]) -> Option<Ca> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = ca_core::name::text(certificate.subject().as_raw());
    Some(Ca { name, public_key_info: certificate.public_key().raw.to_vec() })
}
