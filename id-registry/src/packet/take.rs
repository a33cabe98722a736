//! Bringing packets in.

use std::collections::BTreeMap;

use ca_core::ledger::Event;
use ca_core::storage::{AuditedChange, Change, KeyRange, StorageError, Version};
use ca_core::vault::Envelope;

use super::entry::{Checking, Entry, Window};
use super::file::{Manifest, Packet, Sealed};
use super::{
    AHEAD, COLLECTED, EntryError, IMPORTED, KeptPacket, Order, Outcome, PACKETS, PACKETS_BY_DEVICE,
    PacketError, Taken, TakenEntry,
};
use crate::duplicates::NotTheSame;
use crate::enrolment::{IdempotencyKey, RequestError, Submission};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, RequestId, StaffId};
use crate::identity::IdentityError;
use crate::import::{self, Checked, Judge, Mode};
use crate::look::Work;
use crate::permission::{ImportPackets, Permit, RegisterIdentities, RequestCertificates, actor_of};
use crate::principal::Principal;
use crate::record::{self, encode};
use crate::registry::Registry;

/// How many packets before one are looked for.
const LOOK_BACK: u64 = 50;
/// How many packets of one machine are looked at at most.
const LOOK_AT: usize = 500;

/// An entry with its number on the machine.
type Opened = (u32, Result<Entry, EntryError>);

/// A packet that is believed, and its entries.
struct Believed {
    manifest: Manifest,
    signer: StaffId,
    /// The signer's own entry among the persons.
    own: Option<IdentityId>,
    entries: Vec<Opened>,
}

impl Registry {
    /// Brings a packet in, or tries it: what became of each entry, in their order. Brought in again, it enters what was
    /// refused before and fits by now, and nobody twice; certificates are asked for where they have not been.
    ///
    /// # Errors
    /// It is refused whole, or the registry failed: then no person of it was entered, or all that fit.
    pub fn import_packet(
        &self,
        permit: &Permit<ImportPackets>,
        file: &[u8],
        mode: Mode,
    ) -> Result<Taken, PacketError> {
        let packet = Packet::read(file)?;
        let signer = self.authenticate(&packet.certificate)?;
        let _registers: Permit<RegisterIdentities> = signer.permit()?;
        self.demand_for_us(&packet.manifest)?;
        let kept = self.kept_packet(&packet.manifest)?.map(|(kept, _)| kept);
        let whole = kept.is_some_and(|kept| kept.entered.iter().all(Option::is_some));
        // What has come in whole may be brought again at any time: nothing is done about it any more.
        self.demand_in_time(&packet.manifest, whole)?;
        let believed = self.believed(packet, &signer, whole)?;
        let _turn = self.take_turn_at_persons();
        let mut taken = until_settled(|| self.take_once(permit, &believed, mode))?;
        if mode == Mode::Enter {
            let asks = signer.permit()?;
            self.ask_for_certificates(&asks, &believed, &mut taken)?;
        }
        Ok(taken)
    }

    fn demand_for_us(&self, manifest: &Manifest) -> Result<(), PacketError> {
        let here = self.settings().registry_url.to_string();
        if manifest.registry == here {
            return Ok(());
        }
        Err(PacketError::Elsewhere { meant: manifest.registry.chars().take(200).collect(), here })
    }

    fn demand_in_time(&self, manifest: &Manifest, whole: bool) -> Result<(), PacketError> {
        let (at, now, most) = (manifest.sealed_at, self.now(), self.settings().packet_age);
        if at > now + AHEAD {
            return Err(PacketError::Early { at });
        }
        if at < now - most && !whole {
            return Err(PacketError::Old { at, days: most.whole_days() });
        }
        Ok(())
    }

    /// Opens a packet's entries. Of one that has come in whole their age does not matter any more.
    fn believed(&self, packet: Packet, signer: &Principal, whole: bool) -> Result<Believed, Fault> {
        let key = self.packet_key()?;
        let Packet { manifest, pieces, .. } = packet;
        let oldest =
            if whole { time::OffsetDateTime::UNIX_EPOCH } else { self.now() - self.settings().packet_age };
        let window = Window { from: oldest, until: manifest.sealed_at };
        let by = Checking { officer: signer.id(), rules: &self.settings().assurance, window };
        let of_one = pieces.chunk_by(|one, next| one.entry == next.entry);
        let entries = of_one.map(|pieces: &[Sealed]| {
            (pieces.first().map_or(0, |piece| piece.entry), Entry::open(&key, pieces, by))
        });
        let own = self.own_entry(signer.id())?;
        Ok(Believed { signer: signer.id(), own, entries: entries.collect(), manifest })
    }

    fn kept_packet(&self, manifest: &Manifest) -> Result<Option<(KeptPacket, Version)>, PacketError> {
        let Some((kept, version)) = record::find::<KeptPacket>(self.store(), PACKETS, &manifest.packet)?
        else {
            return Ok(None);
        };
        if kept.content_sha256 != manifest.content_sha256 {
            return Err(PacketError::Another { at: kept.at });
        }
        Ok(Some((kept, version)))
    }

    fn take_once(
        &self,
        permit: &Permit<ImportPackets>,
        packet: &Believed,
        mode: Mode,
    ) -> Result<Attempt<Taken, PacketError>, PacketError> {
        let kept = self.kept_packet(&packet.manifest)?;
        let before = |at: usize| *kept.as_ref()?.0.entered.get(at)?;
        let rows = packet.entries.iter().map(|(_, entry)| entry.as_ref().ok());
        let rows: Vec<Option<Checked>> =
            rows.map(|entry| entry.map(|entry| Ok((entry.details.clone(), None)))).collect();
        let left = rows.iter().enumerate().filter(|(at, _)| before(*at).is_none());
        let left: Vec<&Checked> = left.filter_map(|(_, row)| row.as_ref()).collect();
        let mut judge = Judge::begin(self, packet.signer, &left, mode)?;
        let mut entries = Vec::with_capacity(rows.len());
        for (at, ((number, entry), row)) in packet.entries.iter().zip(&rows).enumerate() {
            let outcome = match (before(at), entry, row) {
                (Some(id), ..) => Outcome::Already(id),
                (None, Err(refused), _) => Outcome::Refused(refused.clone()),
                (None, Ok(entry), Some(row)) => {
                    self.judged_entry(&mut judge, packet, (*number, entry), row)?
                }
                (None, Ok(_), None) => Outcome::Refused(EntryError::Unreadable("it holds no person")),
            };
            entries.push(TakenEntry { number: *number, outcome, request: None });
        }
        let work = Work::on("packet", &packet.manifest.packet);
        self.record_looks(permit, judge.told().iter().copied(), &work)?;
        let order = self.order(&packet.manifest)?;
        let taken = Taken {
            manifest: packet.manifest.clone(),
            signed_by: packet.signer,
            before: kept.is_some(),
            order,
            entries,
        };
        let change = judge.finish();
        if mode == Mode::Try || (kept.is_some() && change.writes().is_empty()) {
            return Ok(Attempt::Settled(Ok(taken)));
        }
        let change = change.and(self.keeping_packet(permit, &taken, kept)?);
        let outcome = self.commit(change);
        Ok(Attempt::of(outcome, || taken))
    }

    fn judged_entry(
        &self,
        judge: &mut Judge<'_>,
        packet: &Believed,
        (number, entry): (u32, &Entry),
        row: &Checked,
    ) -> Result<Outcome, Fault> {
        let also = |id: IdentityId, envelope: &Envelope| {
            let event = self.collected(packet, number, entry, id)?;
            let note = format!(
                "enrolled without a network on {}, machine {}, packet {}, entry {number}",
                entry.at, packet.manifest.device, packet.manifest.packet
            );
            let texts = [("note", Some(note.as_str())), ("former", None)];
            let history = self.history_under(envelope, id, &event, None, texts)?.explained_by(&event);
            Ok(history.and(self.evidence_with(envelope, id, &entry.evidence)?))
        };
        Ok(match judge.row_with(row, &NotTheSame::default(), &also)? {
            import::Outcome::Registered(id) => Outcome::Registered(id),
            import::Outcome::Already(id) => Outcome::Already(id),
            import::Outcome::Fits => Outcome::Fits,
            import::Outcome::Refused(refused) => {
                Outcome::Refused(EntryError::Identity(of_oneself(refused, packet.own)))
            }
        })
    }

    fn collected(
        &self,
        packet: &Believed,
        number: u32,
        entry: &Entry,
        id: IdentityId,
    ) -> Result<Event, Fault> {
        let event = self.event(&actor_of(packet.signer), COLLECTED, format!("identity:{id}"))?;
        Ok(event
            .with("packet", packet.manifest.packet.clone())
            .with("device", packet.manifest.device.clone())
            .with("entry", number.to_string())
            .with("collected-at", moment(entry.at)))
    }

    /// What keeps what became of a packet, with its event.
    fn keeping_packet(
        &self,
        permit: &Permit<ImportPackets>,
        taken: &Taken,
        before: Option<(KeptPacket, Version)>,
    ) -> Result<AuditedChange, Fault> {
        let Manifest { packet, device, number, content_sha256, .. } = &taken.manifest;
        let entered = taken.entries.iter().map(|entry| match entry.outcome {
            Outcome::Registered(id) | Outcome::Already(id) => Some(id),
            Outcome::Fits | Outcome::Refused(_) => None,
        });
        let entered = entered.collect();
        let count = |wanted: fn(&Outcome) -> bool| {
            taken.entries.iter().filter(|it| wanted(&it.outcome)).count().to_string()
        };
        let event = self
            .event(&permit.actor(), IMPORTED, format!("packet:{packet}"))?
            .with("content-sha256", content_sha256.clone())
            .with("device", device.clone())
            .with("number", number.to_string())
            .with("signed-by", taken.signed_by.to_string())
            .with("registered", count(|outcome| matches!(outcome, Outcome::Registered(_))))
            .with("refused", count(|outcome| matches!(outcome, Outcome::Refused(_))));
        let change = match before {
            Some((kept, version)) => {
                let kept = KeptPacket { entered, ..kept };
                Change::new().replace(PACKETS, packet.clone(), version, encode(&kept)?)
            }
            None => {
                let kept = KeptPacket {
                    content_sha256: content_sha256.clone(),
                    device: device.clone(),
                    number: *number,
                    signed_by: taken.signed_by,
                    carried_by: permit.staff(),
                    at: self.now(),
                    entered,
                };
                let place = format!("{device}/{number:016x}/{packet}");
                Change::new().insert(PACKETS, packet.clone(), encode(&kept)?).insert(
                    PACKETS_BY_DEVICE,
                    place,
                    content_sha256.as_bytes(),
                )
            }
        };
        Ok(change.explained_by(&event))
    }

    /// What is remarkable about a packet's place among those of its machine that have come in.
    fn order(&self, manifest: &Manifest) -> Result<Order, StorageError> {
        let Manifest { device, number, packet, previous, .. } = manifest;
        let first = number.saturating_sub(LOOK_BACK).max(1);
        let prefix = format!("{device}/");
        let range = KeyRange::prefix(prefix.as_bytes());
        let range =
            KeyRange { from: range.from.max(Some(format!("{prefix}{first:016x}/").into_bytes())), ..range };
        let mut digests: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        let mut order = Order::default();
        for (key, entry) in self.store().scan(PACKETS_BY_DEVICE, &range, LOOK_AT)? {
            let (at, id) = placed(&key)
                .ok_or_else(|| StorageError("an entry of packets_by_device is damaged".to_owned()))?;
            order.forked |= at == *number && id != *packet;
            order.late |= at > *number;
            digests.entry(at).or_default().push(entry.value);
        }
        order.missing = (first..*number).filter(|at| !digests.contains_key(at)).collect();
        let follows = |digests: &Vec<Vec<u8>>| {
            digests.iter().any(|digest| Some(digest.as_slice()) == previous.as_ref().map(String::as_bytes))
        };
        let before = number.checked_sub(1).and_then(|before| digests.get(&before));
        order.forked |= before.is_some_and(|digests| !follows(digests));
        Ok(order)
    }

    /// Asks for the certificates whose requests came with persons who are entered; each once, however often the packet comes.
    fn ask_for_certificates(
        &self,
        permit: &Permit<RequestCertificates>,
        packet: &Believed,
        taken: &mut Taken,
    ) -> Result<(), PacketError> {
        for (entry, (number, opened)) in taken.entries.iter_mut().zip(&packet.entries) {
            let (Outcome::Registered(id) | Outcome::Already(id)) = entry.outcome else { continue };
            let Ok(Entry { request: Some((profile, csr)), .. }) = opened else { continue };
            let asked = self.ask_once(permit, (&packet.manifest, *number), &Submission::of(profile, id, csr));
            entry.request = Some(match asked {
                Err(RequestError::Fault(fault)) => return Err(fault.into()),
                asked => asked,
            });
        }
        Ok(())
    }

    fn ask_once(
        &self,
        permit: &Permit<RequestCertificates>,
        (manifest, number): (&Manifest, u32),
        submission: &Submission<'_>,
    ) -> Result<RequestId, RequestError> {
        // Both are visible ASCII: the manifest was judged.
        let key = IdempotencyKey::new(&format!("packet:{}:{number}", manifest.packet)).ok();
        self.submit(permit, submission, key.as_ref()).map(|request| request.id)
    }
}

/// Nobody enters oneself once more.
fn of_oneself(refused: IdentityError, own: Option<IdentityId>) -> IdentityError {
    match (&refused, own) {
        (IdentityError::Taken { existing, .. }, Some(own)) if *existing == own => IdentityError::Own(own),
        (IdentityError::Resembles(found), Some(own)) if found.iter().any(|one| one.id == own) => {
            IdentityError::Own(own)
        }
        _ => refused,
    }
}

fn moment(at: time::OffsetDateTime) -> String {
    at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// Number and packet of a key `device/number/packet`.
fn placed(key: &[u8]) -> Option<(u64, String)> {
    let mut parts = std::str::from_utf8(key).ok()?.rsplitn(3, '/');
    let packet = parts.next()?.to_owned();
    Some((u64::from_str_radix(parts.next()?, 16).ok()?, packet))
}
