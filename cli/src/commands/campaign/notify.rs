//! `npki campaign notify`: the list of whom to write to, and the mark that it was sent.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::Ending;
use super::export::{Export, Holder};
use super::records::{Campaign, Member, Stage};
use crate::client::Client;
use crate::client::records::Page as Listing;
use crate::failure::{Exit, Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

pub(super) const EXAMPLES: &str = "Examples:\n  \
    npki campaign notify cards-2017 --stage 1 --out stage1.csv --with-names\n  \
    npki campaign notify cards-2017 --sent stage1.csv\n\n\
    The list holds those that are left and not marked yet: what was sent and not marked is sent again, nothing is left out.";

/// How many serial numbers one call marks.
const AT_ONCE: usize = 500;

/// Whom to notify, or who was.
#[derive(Debug, Args)]
pub struct NotifyArguments {
    /// The campaign
    name: String,
    /// Only this stage
    #[arg(long, value_name = "K", conflicts_with = "sent")]
    stage: Option<u64>,
    /// Write whom to notify to this new file: CSV, or JSON lines where it ends in .jsonl
    #[arg(long, value_name = "FILE", required_unless_present = "sent")]
    out: Option<PathBuf>,
    /// Write names and numbers of holders too; each look at a person is in the ledger
    #[arg(long, requires = "out")]
    with_names: bool,
    /// Mark that everybody in this list, which --out wrote, was notified
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    sent: Option<PathBuf>,
}

/// Writes or marks.
pub fn run(arguments: &NotifyArguments, session: &mut Session) -> Ending {
    match (&arguments.out, &arguments.sent) {
        (Some(out), _) => write(arguments, out, session),
        (None, Some(sent)) => mark(&arguments.name, sent, session),
        (None, None) => Err(Failure::of(&catalogue::USAGE)),
    }
}

#[derive(Debug, Serialize)]
struct Written {
    campaign: String,
    file: PathBuf,
    members: u64,
}

/// A line of the list.
#[derive(Debug, Serialize)]
struct Line<'a> {
    campaign: &'a str,
    hold_at: Option<&'a str>,
    revoke_at: Option<&'a str>,
    #[serde(flatten)]
    member: &'a Member,
}

fn write(arguments: &NotifyArguments, out: &Path, session: &mut Session) -> Ending {
    let client = session.client()?;
    let campaign: Campaign = client.read(&["campaigns", &arguments.name])?;
    let readers = if arguments.with_names { Readers::Owner } else { Readers::Anyone };
    let mut export = Export::begin(out, readers)?;
    let gauge = session.console.count("writing");
    gauge.turn_to("writing", campaign.left);
    let (mut after, mut members) = (None, 0);
    loop {
        let query = [
            ("to_notify", Some("true".to_owned())),
            ("addressees", arguments.with_names.then(|| "true".to_owned())),
            ("stage", arguments.stage.map(|stage| stage.to_string())),
            ("after", after),
            ("limit", Some("500".to_owned())),
        ];
        let page: Listing<Member> = client.list(&["campaigns", &arguments.name, "members"], &query)?;
        for member in &page.items {
            let stage = campaign.stages.iter().find(|stage| Some(stage.number) == member.stage);
            export_one(&mut export, &campaign.name, stage, member)?;
        }
        members += page.items.len() as u64;
        gauge.set(members);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    drop(gauge);
    export.keep()?;
    let written = Written { campaign: campaign.name, file: out.to_owned(), members };
    Ok(Outcome::done(Simple::new("npki.campaign.notify/1", written, |written, page| {
        page.verdict(
            Meaning::Good,
            "written",
            format!("{} members to {}", written.members, written.file.display()),
        );
        page.line(format!(
            "when all of them were notified: npki campaign notify {} --sent {}",
            written.campaign,
            written.file.display()
        ));
    })))
}

fn export_one(
    export: &mut Export,
    campaign: &str,
    stage: Option<&Stage>,
    member: &Member,
) -> Result<(), Failure> {
    let hold_at = stage.and_then(|stage| stage.hold_at.as_deref());
    let revoke_at = stage.and_then(|stage| stage.revoke_at.as_deref());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut columns = vec![
        ("campaign", campaign.to_owned()),
        ("stage", member.stage.map(|stage| stage.to_string()).unwrap_or_default()),
        ("serial", member.serial.clone()),
        ("issuer", member.issuer.clone()),
        ("profile", member.profile.clone()),
        ("identity", member.identity.clone()),
        ("organisation", text(member.organisation.as_deref())),
        ("state", member.state.clone()),
        ("hold_at", text(hold_at)),
        ("revoke_at", text(revoke_at)),
        ("not_after", member.not_after.clone()),
    ];
    columns.extend(Holder::columns(member.addressee.as_ref()));
    export.write(&Line { campaign, hold_at, revoke_at, member }, &columns)
}

#[derive(Debug, Default, Serialize)]
struct Marked {
    /// How many were marked now.
    marked: u64,
    /// How many were marked before.
    known: u64,
    /// Serial numbers that are of no member.
    unknown: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    marked: u64,
    known: u64,
    unknown: Vec<String>,
}

fn mark(name: &str, sent: &Path, session: &mut Session) -> Ending {
    let serials = serials(sent)?;
    let client = session.client()?;
    let gauge = session.console.count("marking");
    gauge.turn_to("marking", serials.len() as u64);
    let mut done = Marked::default();
    for page in serials.chunks(AT_ONCE) {
        let answer = mark_page(&client, name, page, session)?;
        done.marked += answer.marked;
        done.known += answer.known;
        done.unknown.extend(answer.unknown);
        gauge.set(done.marked + done.known);
    }
    drop(gauge);
    let exit = if done.unknown.is_empty() { Exit::Done } else { Exit::CannotTell };
    Ok(Outcome::with_exit(Simple::new("npki.campaign.notified/1", done, marked_text), exit))
}

fn mark_page(client: &Client, name: &str, page: &[String], session: &Session) -> Result<Answer, Failure> {
    let path = ["campaigns", name, "notifications"];
    client.change(&path, &json!({"serials": page}), session.entropy.as_ref())
}

fn marked_text(done: &Marked, page: &mut Page) {
    page.verdict(
        Meaning::Good,
        "marked",
        format!("{} members; {} were marked before", done.marked, done.known),
    );
    for serial in &done.unknown {
        page.verdict(
            Meaning::Doubtful,
            "unknown",
            format!("certificate {serial} is no member of this campaign"),
        );
    }
}

/// The serial numbers of a list that --out wrote, whole or shortened by whoever sent it.
fn serials(path: &Path) -> Result<Vec<String>, Failure> {
    let unfit = |cause: String| {
        Failure::of(&catalogue::LIST_UNFIT)
            .what(format!("{} cannot be used as a list", path.display()))
            .cause(cause)
    };
    let content = files::read(path, files::MAX_OBJECT)?;
    if content.trim_ascii_start().first() == Some(&b'{') {
        let line = |(number, line): (usize, std::io::Result<String>)| {
            let value: Option<Value> = line.ok().and_then(|line| serde_json::from_str(&line).ok());
            let serial = value.as_ref().and_then(|value| value["serial"].as_str()).map(str::to_owned);
            serial.ok_or_else(|| unfit(format!("line {number} is no JSON object with a serial number")))
        };
        return (1..).zip(content.lines()).map(line).collect();
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&content[..]);
    let header = reader.headers().map_err(|error| unfit(error.to_string()))?;
    let Some(column) = header.iter().position(|name| name == "serial") else {
        return Err(unfit("its first line names no column serial".to_owned()));
    };
    let serial = |record: csv::Result<csv::StringRecord>| {
        let record = record.map_err(|error| unfit(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let serial = record.get(column).filter(|serial| !serial.is_empty());
        serial.map(str::to_owned).ok_or_else(|| unfit(format!("line {line} has no serial number")))
    };
    reader.records().map(serial).collect()
}
