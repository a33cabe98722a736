//! Enrolling: each piece is judged as the registry would, sealed for it, and durable before the command returns.

use std::path::{Path, PathBuf};

use ca_core::clock::whole_seconds;
use id_registry::evidence::AssuranceRules;
use id_registry::identity::FieldError;
use id_registry::packet::Piece;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::kit::{Kit, Letter, State, no_entry};
use super::{AddArguments, Ending};
use crate::commands::evidence::ItemArguments;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

#[derive(Debug, Serialize)]
struct Entered {
    entry: u32,
    /// How many pieces it has.
    pieces: usize,
}

fn unfit(error: &FieldError) -> Failure {
    Failure::of(&catalogue::ENTRY_UNFIT)
        .cause(error.to_string())
        .fix(format!("{}: {}", error.field, error.fits))
}

fn entered(schema: &'static str, entry: u32, pieces: usize) -> Ending {
    Ok(Outcome::done(Simple::new(schema, Entered { entry, pieces }, |entered, page| {
        page.verdict(Meaning::Good, "kept", format!("entry {}, sealed for the registry", entered.entry));
    })))
}

/// Enrols a person.
pub(super) fn add(arguments: AddArguments, session: &Session) -> Ending {
    let kit = Kit::open(&arguments.folder.folder)?;
    let (entry, at) = (kit.next_entry()?, session.clock.now());
    let person = Piece::person(entry, at, arguments.person.into_domain()).map_err(|error| unfit(&error))?;
    let mut pieces = vec![("person", person)];
    if let Some((file, profile)) = arguments.csr.zip(arguments.profile) {
        let csr = files::read(&file, ca_core::csr::MAX_OCTETS as u64)?;
        let request = Piece::request(entry, at, &profile, &csr).map_err(|error| {
            Failure::of(&catalogue::ENTRY_UNFIT).cause(error.to_string()).fix(error.fix())
        })?;
        pieces.push(("request", request));
    }
    kit.keep_pieces(entry, 0, &pieces)?;
    entered("npki.packet.add/1", entry, pieces.len())
}

/// Enters an item of evidence.
pub(super) fn evidence(entry: u32, folder: &Path, item: ItemArguments, session: &Session) -> Ending {
    let kit = Kit::open(folder)?;
    let before = kit.waiting()?.get(&entry).map(Vec::len).ok_or_else(|| no_entry(entry))?;
    let terms = &kit.state.terms;
    let rules = AssuranceRules::from_toml(&terms.evidence)
        .map_err(|error| Failure::of(&catalogue::NO_KIT).cause(format!("its rules of evidence: {error}")))?;
    let piece = Piece::evidence(entry, session.clock.now(), item.into_domain()?, (&rules, terms.officer));
    let pieces = [("evidence", piece.map_err(|error| unfit(&error))?)];
    kit.keep_pieces(entry, before, &pieces)?;
    entered("npki.packet.evidence/1", entry, before + 1)
}

/// Drops an entry.
pub(super) fn drop_entry(entry: u32, folder: &Path, session: &Session) -> Ending {
    let mut kit = Kit::open(folder)?;
    session.confirm(&format!("Drop entry {entry}? It cannot be undone."))?;
    kit.drop_entry(entry)?;
    Ok(Outcome::done(Simple::new("npki.packet.drop/1", Entered { entry, pieces: 0 }, |dropped, page| {
        page.verdict(Meaning::Good, "dropped", format!("entry {}", dropped.entry));
    })))
}

#[derive(Debug, Serialize)]
struct Waiting {
    entry: u32,
    /// When it was entered, by this machine's clock.
    entered_at: Option<String>,
    evidence: usize,
    request: bool,
}

#[derive(Debug, Serialize)]
struct Listed {
    device: String,
    registry: String,
    terms_of: String,
    waiting: Vec<Waiting>,
    sealed: Vec<PathBuf>,
}

/// Lists what waits. Who is enrolled cannot be shown: it is sealed for the registry.
pub(super) fn list(folder: &Path) -> Ending {
    let kit = Kit::open(folder)?;
    let waiting = kit.waiting()?.into_iter().map(|(entry, letters)| {
        let count = |kind: &str| letters.iter().filter(|letter| letter.kind == kind).count();
        let (evidence, request) = (count("evidence"), count("request") > 0);
        Waiting { entry, entered_at: letters.first().and_then(modified), evidence, request }
    });
    let (waiting, sealed) = (waiting.collect(), kit.packets());
    let State { device, terms, .. } = kit.state;
    let terms_of = terms.at.format(&Rfc3339).unwrap_or_default();
    let listed = Listed { device, registry: terms.registry, terms_of, waiting, sealed };
    Ok(Outcome::done(Simple::new("npki.packet.list/1", listed, |listed, page| {
        page.facts(&[
            ("machine", listed.device.clone()),
            ("registry", listed.registry.clone()),
            ("terms of", listed.terms_of.clone()),
        ]);
        let rows = listed.waiting.iter().map(|entry| {
            let request = if entry.request { "yes" } else { "no" };
            let entered = entry.entered_at.clone().unwrap_or_default();
            [entry.entry.to_string(), entered, entry.evidence.to_string(), request.to_owned()]
        });
        page.table(["ENTRY", "ENTERED", "EVIDENCE", "REQUEST"], rows.collect(), "nothing waits to be sealed");
        for packet in &listed.sealed {
            page.line(format!("sealed: {}", packet.display()));
        }
    })))
}

fn modified(letter: &Letter) -> Option<String> {
    let at = std::fs::metadata(&letter.path).and_then(|metadata| metadata.modified()).ok()?;
    whole_seconds(at.into()).format(&Rfc3339).ok()
}
