//! Sealing: what waits becomes packets that the officer signs.

use std::path::{Path, PathBuf};

use ca_core::clock::whole_seconds;
use ca_core::fingerprint::fingerprint;
use id_registry::packet::{MOST_CONTENT, MOST_ENTRIES, Manifest, PACKET_TYPE, Packet, Sealed, VERSION};
use serde::Serialize;

use super::Ending;
use super::kit::{Kit, Letter, read_packet, remove};
use crate::context::ClientIdentity;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

#[derive(Debug, Serialize)]
struct Made {
    packets: Vec<MadePacket>,
}

#[derive(Debug, Serialize)]
struct MadePacket {
    file: PathBuf,
    packet: String,
    number: u64,
    entries: u32,
    octets: usize,
}

/// Seals what waits, in as many packets as it takes.
pub(super) fn run(folder: &Path, session: &mut Session) -> Ending {
    let mut kit = Kit::open(folder)?;
    let signer = signer(session)?;
    let mut packets = Vec::new();
    loop {
        let (pieces, letters) = next_pieces(&kit)?;
        if pieces.is_empty() {
            break;
        }
        let manifest = manifest(&kit, &pieces, session)?;
        let file = signed(&signer, &manifest, &pieces)?;
        let path = kit.packet_path(manifest.number);
        files::create(&path, &file, Readers::Owner)?;
        kit.count(&read_packet(&path)?.0)?;
        remove(&letters)?;
        packets.push(made(path, &manifest, file.len()));
    }
    if packets.is_empty() {
        return Err(Failure::of(&catalogue::NOTHING_TO_SEAL));
    }
    Ok(Outcome::done(Simple::new("npki.packet.seal/1", Made { packets }, text)))
}

/// Signs a packet anew: its entries stay as they are, octet for octet.
pub(super) fn again(path: &Path, session: &mut Session) -> Ending {
    let (packet, _) = read_packet(path)?;
    let manifest = Manifest { sealed_at: whole_seconds(session.clock.now()), ..packet.manifest };
    let file = signed(&signer(session)?, &manifest, &packet.pieces)?;
    files::replace(path, &file, Readers::Owner)?;
    let packets = vec![made(path.to_owned(), &manifest, file.len())];
    Ok(Outcome::done(Simple::new("npki.packet.seal/1", Made { packets }, text)))
}

fn signer(session: &mut Session) -> Result<ClientIdentity, Failure> {
    let context = session.context()?;
    let source = context.identity.as_ref().ok_or_else(|| Failure::of(&catalogue::CONFIGURATION))?;
    ClientIdentity::read(source)
}

fn signed(signer: &ClientIdentity, manifest: &Manifest, pieces: &[Sealed]) -> Result<Vec<u8>, Failure> {
    let payload = serde_json::to_vec(manifest)
        .map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))?;
    Ok(Packet::file(&signer.sign(PACKET_TYPE, &payload)?, pieces))
}

/// As many entries as one packet takes, and their letters; none when nothing waits.
fn next_pieces(kit: &Kit) -> Result<(Vec<Sealed>, Vec<Letter>), Failure> {
    let (mut pieces, mut letters, mut octets) = (Vec::new(), Vec::new(), 0);
    for (entry, of_entry) in kit.waiting()?.into_iter().take(MOST_ENTRIES) {
        let read = of_entry.iter().map(|letter| {
            let letter = files::read(&letter.path, MOST_CONTENT as u64)?;
            Ok(Sealed { entry, letter })
        });
        let read: Vec<Sealed> = read.collect::<Result<_, Failure>>()?;
        octets += Packet::content(&read).len();
        if octets > MOST_CONTENT && !pieces.is_empty() {
            break;
        }
        pieces.extend(read);
        letters.extend(of_entry);
    }
    Ok((pieces, letters))
}

fn manifest(kit: &Kit, pieces: &[Sealed], session: &Session) -> Result<Manifest, Failure> {
    let mut packet = [0; 16];
    session.entropy.fill(&mut packet)?;
    let entries = pieces.chunk_by(|one, next| one.entry == next.entry).count();
    Ok(Manifest {
        version: VERSION,
        packet: hex::encode(packet),
        registry: kit.state.terms.registry.clone(),
        device: kit.state.device.clone(),
        number: kit.state.sealed + 1,
        previous: kit.state.previous.clone(),
        sealed_at: whole_seconds(session.clock.now()),
        entries: u32::try_from(entries).unwrap_or(u32::MAX),
        last: pieces.last().map_or(0, |piece| piece.entry),
        content_sha256: fingerprint(&Packet::content(pieces)),
    })
}

fn made(file: PathBuf, manifest: &Manifest, octets: usize) -> MadePacket {
    let Manifest { packet, number, entries, .. } = manifest;
    MadePacket { file, packet: packet.clone(), number: *number, entries: *entries, octets }
}

fn text(made: &Made, page: &mut Page) {
    for packet in &made.packets {
        let MadePacket { file, number, entries, octets, .. } = packet;
        page.verdict(
            Meaning::Good,
            "sealed",
            format!("packet {number}: {entries} entries, {octets} octets, {}", file.display()),
        );
    }
    page.line(
        "Bring them in with npki packet import; keep them until it says that every entry is registered.",
    );
}
