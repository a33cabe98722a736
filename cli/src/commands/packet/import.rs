//! Bringing packets in: from a stick, over a slow line, as often as it takes.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use id_registry::packet::MOST_OCTETS;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Ending;
use crate::client::records::Refusal;
use crate::failure::Exit;
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// The packets, and how to take them.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The packets
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Judge every entry, and enter nobody
    #[arg(long)]
    dry_run: bool,
}

/// What became of a packet.
#[derive(Debug, Serialize, Deserialize)]
struct Taken {
    packet: String,
    device: String,
    number: u64,
    sealed_at: String,
    signed_by: String,
    before: bool,
    missing: Vec<u64>,
    late: bool,
    forked: bool,
    registered: usize,
    already: usize,
    refused: usize,
    entries: Vec<Entry>,
}

/// What became of an entry.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    entry: u32,
    outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_refusal: Option<Refusal>,
}

#[derive(Debug, Serialize)]
struct Brought {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<Taken>,
    /// Why the packet was refused whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
}

#[derive(Debug, Serialize)]
struct Done {
    dry_run: bool,
    packets: Vec<Brought>,
}

/// Brings them in, one after the other: one that is refused stops no other.
pub(super) fn run(arguments: &ImportArguments, session: &mut Session) -> Ending {
    let client = session.client()?;
    let mut packets = Vec::new();
    for file in &arguments.files {
        let content = files::read(file, MOST_OCTETS as u64)?;
        let body = json!({"packet": STANDARD.encode(content), "dry_run": arguments.dry_run});
        let brought = match client.change::<Taken>(&["packets"], &body, session.entropy.as_ref()) {
            Ok(taken) => Brought { file: file.clone(), taken: Some(taken), refusal: None },
            Err(refused) if refused.is_refusal() && arguments.files.len() > 1 => {
                Brought { file: file.clone(), taken: None, refusal: Some(Refusal::of(&refused)) }
            }
            Err(failure) => return Err(failure),
        };
        packets.push(brought);
    }
    let well = packets.iter().all(Brought::is_whole);
    let done = Done { dry_run: arguments.dry_run, packets };
    let exit = if well { Exit::Done } else { Exit::No };
    Ok(Outcome::with_exit(Simple::new("npki.packet.import/1", done, text), exit))
}

impl Brought {
    fn is_whole(&self) -> bool {
        let asked = |taken: &Taken| taken.entries.iter().all(|entry| entry.request_refusal.is_none());
        self.taken.as_ref().is_some_and(|taken| taken.refused == 0 && asked(taken))
    }
}

fn text(done: &Done, page: &mut Page) {
    for brought in &done.packets {
        match (&brought.taken, &brought.refusal) {
            (Some(taken), _) => taken_text(taken, done.dry_run, page),
            (None, Some(why)) => {
                let file = brought.file.display();
                page.verdict(Meaning::Bad, "refused", format!("{file}: {} ({})", why.detail, why.code));
                page.facts(&[("fix", why.fix.clone())]);
            }
            (None, None) => {}
        }
    }
}

fn taken_text(taken: &Taken, dry_run: bool, page: &mut Page) {
    let fits = taken.entries.iter().filter(|entry| entry.outcome == "fits").count();
    let Taken { device, number, registered, already, refused, .. } = taken;
    let (word, entered) = match (dry_run, registered, already) {
        (true, ..) => ("tried", format!("{fits} would be entered")),
        (false, 0, 1..) => ("unchanged", "nobody entered".to_owned()),
        (false, ..) => ("imported", format!("{registered} entered")),
    };
    page.verdict(
        Meaning::Good,
        word,
        format!("packet {number} of {device}: {entered}, {already} were before, {refused} refused"),
    );
    for entry in &taken.entries {
        if let Some(why) = entry.refusal.as_ref().or(entry.request_refusal.as_ref()) {
            let what = if entry.refusal.is_some() { "" } else { ", certificate not asked for" };
            page.verdict(
                Meaning::Bad,
                "refused",
                format!("entry {}{what}: {} ({}); {}", entry.entry, why.detail, why.code, why.fix),
            );
        }
    }
    if !taken.missing.is_empty() {
        let numbers: Vec<String> = taken.missing.iter().map(ToString::to_string).collect();
        page.verdict(
            Meaning::Doubtful,
            "missing",
            format!("packets {} have not come in", numbers.join(", ")),
        );
    }
    if taken.late {
        page.verdict(Meaning::Doubtful, "late", "packets that were sealed after this one came in before it");
    }
    if taken.forked {
        page.verdict(
            Meaning::Doubtful,
            "forked",
            "the machine's folder was copied, or put back from a copy: ask its officer",
        );
    }
}
