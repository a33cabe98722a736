//! `npki audit verify`: whether the ledger is the one that was signed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use ca_core::ledger::audit::{Audit, Finding, Progress, Replay, Report};
use ca_core::ledger::receipt::Receipt;
use ca_core::tlog::checkpoint::{Log, VerifiedCheckpoint};
use ca_core::tlog::cosignature::WitnessPolicy;
use ca_core::tlog::note::VerifierKey;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::super::Ending;
use super::trust::{self, Trust};
use crate::client::records::{Event, Page as Listing};
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service;
use crate::session::Session;

/// What to verify, and whom to believe.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    what: What,
    /// Where the store is, instead of what the installation's settings say
    #[arg(long, value_name = "ADDRESS", requires = "data")]
    store: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// About how much memory comparing records with events may take, in MiB; less takes more passes
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..))]
    memory: u64,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct What {
    /// An installation's whole store: history, and every record against the events that wrote it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// An export of all events (`npki audit export --format jsonl`)
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Receipts (`npki audit receipt`)
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Answer {
    verdict: &'static str,
    /// What was verified: `store`, `events`, `receipts`, `server`.
    what: &'static str,
    events: u64,
    /// Events that a verified head of the log covers.
    sealed: u64,
    /// Events that a head with enough witnesses covers; absent where none were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    cosigned: Option<u64>,
    /// Records compared with events; absent where there is no store.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<u64>,
    findings: Vec<Found>,
    /// Whether there was more than is listed.
    more: bool,
}

#[derive(Debug, Serialize)]
struct Found {
    kind: &'static str,
    detail: String,
}

impl From<&Finding> for Found {
    fn from(finding: &Finding) -> Self {
        Self { kind: finding.kind(), detail: finding.to_string() }
    }
}

/// Verifies.
pub fn run(arguments: &VerifyArguments, session: &mut Session) -> Ending {
    let VerifyArguments { what, store: store_address, trust, memory } = arguments;
    match what {
        What { data: Some(data), .. } => {
            store(&Subject { data, store: store_address.as_deref() }, trust, *memory, session)
        }
        What { events: Some(file), .. } => events(file, trust),
        What { receipt: Some(file), .. } => receipts(file, trust, session),
        What { .. } => server(trust, session),
    }
}

fn ending(answer: Answer, warnings: Vec<String>) -> Outcome {
    let exit = if answer.findings.is_empty() { Exit::Done } else { Exit::No };
    let outcome = Outcome::with_exit(Simple::new("npki.audit.verify/1", answer, text), exit);
    warnings.into_iter().fold(outcome, Outcome::warn)
}

/// Which store.
struct Subject<'a> {
    data: &'a Path,
    store: Option<&'a str>,
}

fn store(subject: &Subject<'_>, trust: &Trust, memory: u64, session: &Session) -> Ending {
    let subject = service::for_audit(subject.data, subject.store)?;
    let (key, warnings) = match trust.given_key()? {
        Some(key) => (key, Vec::new()),
        None => (subject.log_key.clone(), vec![OWN_KEY.to_owned()]),
    };
    let logs = trust.logs(&key, subject.origins.clone())?;
    let policy = trust.policy(Some(subject.policy.clone()))?;
    let mut known = trust.known(&logs, &policy)?;
    if let Some(note) = &subject.checkpoint {
        known.push(trust::verified(note, &logs, &policy)?);
    }
    let audit = Audit { logs: &logs, policy: &policy, known: &known, memory: memory << 20 };
    let gauge = session.console.count("reading events");
    let mut show = |progress| {
        let (what, done, total) = match progress {
            Progress::Events(done, total) => ("reading events", done, total),
            Progress::Records(done, pass, passes) if passes > 1 => (
                if pass == passes { "comparing records, last pass" } else { "comparing records" },
                done,
                done,
            ),
            Progress::Records(done, ..) => ("comparing records", done, done),
        };
        gauge.turn_to(what, total);
        gauge.set(done);
    };
    let report = audit
        .run(subject.store.as_ref(), &mut show)
        .map_err(|error| Failure::of(&catalogue::STORE).cause(error.to_string()))?;
    Ok(ending(of_report(&report, &policy), warnings))
}

/// Whoever can rewrite a folder can replace the key in it.
const OWN_KEY: &str = "the ledger's key was taken from the very installation that is verified: bring your own with \
                       --log-key";

fn of_report(report: &Report, policy: &WitnessPolicy) -> Answer {
    Answer {
        verdict: verdict(report.is_clean()),
        what: "store",
        events: report.events,
        sealed: report.sealed,
        cosigned: (policy.quorum() > 0).then_some(report.cosigned),
        records: Some(report.records),
        findings: report.findings.iter().map(Found::from).collect(),
        more: report.more,
    }
}

const fn verdict(clean: bool) -> &'static str {
    if clean { "clean" } else { "tampered" }
}

fn of_replay(what: &'static str, replay: &Replay) -> Answer {
    let findings = replay.findings();
    Answer {
        verdict: verdict(findings.is_empty()),
        what,
        events: replay.size(),
        sealed: replay.agreed(),
        cosigned: None,
        records: None,
        findings: findings.iter().map(Found::from).collect(),
        more: false,
    }
}

fn needed_key(trust: &Trust) -> Result<VerifierKey, Failure> {
    trust.given_key()?.ok_or_else(|| Failure::of(&catalogue::NO_LOG_KEY))
}

/// One line of an export, as far as it is needed here.
#[derive(Deserialize)]
struct Line {
    position: u64,
    recorded: String,
}

fn events(file: &Path, trust: &Trust) -> Ending {
    let key = needed_key(trust)?;
    let logs = trust.logs(&key, Vec::new())?;
    let policy = trust.policy(None)?;
    let known = trust.known(&logs, &policy)?;
    if known.is_empty() {
        return Err(Failure::of(&catalogue::NO_CHECKPOINT));
    }
    let mut replay = Replay::against(&known);
    let unreadable = |cause: String| {
        Failure::of(&catalogue::CONTENT)
            .what(format!("{} is no export of events", file.display()))
            .cause(cause)
    };
    let opened = std::fs::File::open(file).map_err(|error| unreadable(error.to_string()))?;
    for line in BufReader::new(opened).lines() {
        let line = line.map_err(|error| unreadable(error.to_string()))?;
        let line: Line = serde_json::from_str(&line)
            .map_err(|error| unreadable(format!("line {}: {error}", replay.size() + 1)))?;
        if line.position != replay.size() {
            let cause = format!("after event {} comes event {}", replay.size(), line.position);
            return Err(unreadable(cause).fix("export all events, without a filter"));
        }
        replay.take(line.recorded.as_bytes());
    }
    Ok(ending(of_replay("events", &replay), Vec::new()))
}

fn receipts(file: &Path, trust: &Trust, session: &mut Session) -> Ending {
    let (key, warnings) = key_or_server(trust, session)?;
    let logs = trust.logs(&key, Vec::new())?;
    let policy = trust.policy(None)?;
    let content = files::read(file, files::MAX_OBJECT)?;
    let unreadable = |error: serde_json::Error| {
        Failure::of(&catalogue::CONTENT)
            .what(format!("{} holds no receipts", file.display()))
            .cause(error.to_string())
    };
    let receipts: Vec<Receipt> = serde_json::from_slice(&content)
        .or_else(|_| serde_json::from_slice(&content).map(|one: Receipt| vec![one]))
        .map_err(unreadable)?;
    let mut answer = Answer {
        verdict: "clean",
        what: "receipts",
        events: receipts.len() as u64,
        sealed: 0,
        cosigned: None,
        records: None,
        findings: Vec::new(),
        more: false,
    };
    for receipt in &receipts {
        match proven(receipt, &logs, &policy) {
            Ok(()) => answer.sealed += 1,
            Err(why) => answer.findings.push(Found {
                kind: "receipt-invalid",
                detail: format!("the receipt for event {}: {why}", receipt.position),
            }),
        }
    }
    answer.verdict = verdict(answer.findings.is_empty());
    Ok(ending(answer, warnings))
}

fn proven(receipt: &Receipt, logs: &[Log], policy: &WitnessPolicy) -> Result<(), String> {
    let mut said = "no log is trusted".to_owned();
    for log in logs {
        match receipt.verify(log, policy) {
            Ok(_) => return Ok(()),
            Err(error) => said = error.to_string(),
        }
    }
    Err(said)
}

/// The answer of `/v1/ledger`.
#[derive(Debug, Deserialize)]
struct Ledger {
    key: String,
    signed: Option<Head>,
    cosigned: Option<Head>,
}

#[derive(Debug, Deserialize)]
struct Head {
    checkpoint: String,
}

/// The key given, or the one that the server says, with a warning.
fn key_or_server(trust: &Trust, session: &mut Session) -> Result<(VerifierKey, Vec<String>), Failure> {
    if let Some(key) = trust.given_key()? {
        return Ok((key, Vec::new()));
    }
    let ledger: Ledger = session.client()?.read(&["ledger"])?;
    let warning = "the ledger's key is what the server says: bring your own with --log-key".to_owned();
    Ok((trust::key(&ledger.key)?, vec![warning]))
}

/// Downloads all events and compares them with the heads that the server shows and those brought along.
fn server(trust: &Trust, session: &mut Session) -> Ending {
    let (key, warnings) = key_or_server(trust, session)?;
    let client = session.client()?;
    let ledger: Ledger = client.read(&["ledger"])?;
    let logs = trust.logs(&key, shown_origin(&ledger))?;
    let policy = trust.policy(None)?;
    let none = WitnessPolicy::new(Vec::new(), 0)
        .map_err(|error| Failure::of(&catalogue::NO_LOG_KEY).cause(error.to_string()))?;
    let mut heads: Vec<VerifiedCheckpoint> = trust.known(&logs, &policy)?;
    // Only the cosigned head must carry cosignatures.
    for (head, policy) in [(&ledger.signed, &none), (&ledger.cosigned, &policy)] {
        if let Some(head) = head {
            heads.push(trust::verified(head.checkpoint.as_bytes(), &logs, policy)?);
        }
    }
    if policy.quorum() > 0 && ledger.cosigned.is_none() {
        return Err(Failure::of(&catalogue::CHECKPOINT).cause("no head that witnesses cosigned is shown"));
    }
    let mut replay = Replay::against(&heads);
    let mut after = None;
    loop {
        let query = [("after", after), ("limit", Some("500".to_owned()))];
        let page: Listing<Event> = client.list(&["events"], &query)?;
        for event in &page.items {
            replay.take(event.recorded.as_bytes());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(ending(of_replay("server", &replay), warnings))
}

/// The name under which the server signs: the key decides whether that is believed.
fn shown_origin(ledger: &Ledger) -> Vec<ca_core::tlog::checkpoint::Origin> {
    let head = ledger.signed.as_ref().and_then(|head| head.checkpoint.lines().next());
    head.and_then(|line| line.parse().ok()).into_iter().collect()
}

fn text(answer: &Answer, page: &mut Page) {
    let meaning = if answer.findings.is_empty() { Meaning::Good } else { Meaning::Bad };
    let rest = match answer.what {
        "receipts" => format!("{} of {} receipts hold", answer.sealed, answer.events),
        _ => format!("{} events, {} of them sealed", answer.events, answer.sealed),
    };
    page.verdict(meaning, answer.verdict, rest);
    if let Some(cosigned) = answer.cosigned {
        page.line(format!("  {cosigned} cosigned by enough witnesses"));
    }
    if let Some(records) = answer.records {
        page.line(format!("  {records} records compared with the events that wrote them"));
    }
    for found in &answer.findings {
        page.line(format!("  {}", found.detail));
    }
    if answer.more {
        page.line("  and more");
    }
}
