//! Everything that somebody with the whole store in their hands could do to it is found, and its place is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::clock::{SystemClock, SystemEntropy};
use crate::keys::software::SoftwareKey;
use crate::ledger::heads::{LEDGER_HEADS, latest};
use crate::ledger::sealer::Sealer;
use crate::ledger::tree::LEDGER_TILES;
use crate::ledger::{Action, Actor, EVENTS, Ledger};
use crate::storage::memory::MemoryStore;
use crate::storage::{Change, Exported, Table};
use crate::tlog::note::NoteSigner;

const THINGS: Table = Table::octets("things");

/// A ledger of many events, sealed now and then.
struct Bench {
    store: Arc<MemoryStore>,
    log: Log,
}

fn sealer(store: &Arc<MemoryStore>) -> Sealer {
    let key = Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap());
    let signer = NoteSigner::new("example.org/ledger".parse().unwrap(), key).unwrap();
    Sealer::new(Arc::clone(store) as Arc<dyn Store>, "example.org/ledger".parse().unwrap(), signer).unwrap()
}

impl Bench {
    /// `events` events, sealed after every `step` of them.
    fn with(events: usize, step: usize) -> Self {
        let store = Arc::new(MemoryStore::new());
        let sealer = sealer(&store);
        let bench = Self { log: sealer.log().clone(), store };
        for number in 0..events {
            bench.act(number);
            if (number + 1) % step == 0 {
                sealer.seal().unwrap();
            }
        }
        bench
    }

    fn act(&self, number: usize) {
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap();
        let name = format!("thing {}", number % 200);
        let change = match number % 7 {
            6 => match self.store.get(THINGS, name.as_bytes()).unwrap() {
                Some(found) => Change::new().delete(THINGS, name, found.version),
                None => Change::new(),
            },
            _ => Change::new().put(THINGS, name, format!("value {number}")),
        };
        self.store.commit(change.explained_by(&event)).unwrap();
    }

    fn report(&self) -> Report {
        self.report_knowing(&[])
    }

    fn report_knowing(&self, known: &[VerifiedCheckpoint]) -> Report {
        report(self.store.as_ref(), &self.log, known, 1 << 30)
    }

    /// Rewrites what is stored, as somebody could who has the disk.
    fn tampered(&self, change: impl FnOnce(&mut Vec<Exported>)) -> Self {
        let mut entries = Vec::new();
        self.store
            .export(&mut |entry| {
                entries.push(entry);
                Ok(())
            })
            .unwrap();
        change(&mut entries);
        let (store, mut restore) = MemoryStore::begin_restore();
        for entry in &entries {
            let table = [THINGS, EVENTS, LEDGER_TILES, LEDGER_HEADS, crate::ledger::index::LEDGER_INDEX]
                .into_iter()
                .find(|table| table.name() == entry.table)
                .unwrap();
            restore.put(table, &entry.key, entry.value.as_deref()).unwrap();
        }
        let ledger_size = entries.iter().filter(|entry| entry.table == EVENTS.name()).count() as u64;
        restore.finish(crate::storage::Moment { ledger_size }).unwrap();
        Self { store, log: self.log.clone() }
    }
}

fn report(store: &dyn Store, log: &Log, known: &[VerifiedCheckpoint], memory: u64) -> Report {
    let policy = WitnessPolicy::new(Vec::new(), 0).unwrap();
    let audit = Audit { logs: std::slice::from_ref(log), policy: &policy, known, memory };
    audit.run(store, &mut |_| {}).unwrap()
}

fn events(entries: &mut [Exported]) -> Vec<&mut Exported> {
    entries.iter_mut().filter(|entry| entry.table == EVENTS.name()).collect()
}

/// Keys of events counted anew, as somebody would who hides a gap.
fn renumber(entries: &mut [Exported]) {
    for (number, event) in (0_u64..).zip(events(entries)) {
        event.key = Position(number).key().to_vec();
    }
}

#[test]
fn an_honest_ledger_is_clean() {
    let bench = Bench::with(700, 60);
    let report = bench.report();
    assert_eq!(report.findings, []);
    assert_eq!((report.events, report.sealed, report.heads), (700, 660, 11));
    assert!(report.records > 100);
    assert!(Bench::with(0, 1).report().is_clean());
}

#[test]
fn little_memory_takes_more_passes_and_finds_the_same() {
    let bench = Bench::with(5_000, 1_000);
    let all = report(bench.store.as_ref(), &bench.log, &[], 1 << 30);
    let parts = report(bench.store.as_ref(), &bench.log, &[], 1);
    assert_eq!(all, parts);
}

#[test]
fn a_changed_event_is_named() {
    for place in [0, 1, 255, 256, 399] {
        let bench = Bench::with(400, 400).tampered(|entries| {
            let mut events = events(entries);
            let value = events[place].value.as_mut().unwrap();
            let text = String::from_utf8(value.clone()).unwrap().replace("system:test", "system:tess");
            *value = text.into_bytes();
        });
        assert_eq!(bench.report().findings, [Finding::Changed(Position(place as u64))]);
    }
}

#[test]
fn a_removed_event_is_named_whether_a_gap_is_left_or_hidden() {
    for place in [0, 5, 255, 256, 398] {
        let removed = |entries: &mut Vec<Exported>| {
            let key = Position(place).key();
            entries.retain(|entry| entry.table != EVENTS.name() || entry.key != key);
        };
        let hidden = Bench::with(400, 400).tampered(|entries| {
            removed(entries);
            renumber(entries);
        });
        let findings = hidden.report().findings;
        assert_eq!(findings[0], Finding::Removed(Position(place)), "{findings:?}");
        let others = findings.iter().filter(|finding| !finding.kind().starts_with("record"));
        assert_eq!(others.count(), 1, "{findings:?}");
        let open = Bench::with(400, 400).tampered(removed);
        let findings = open.report().findings;
        assert!(findings.contains(&Finding::Removed(Position(place))), "{findings:?}");
    }
}

#[test]
fn an_inserted_event_is_named() {
    for place in [0_usize, 5, 256, 399] {
        let bench = Bench::with(400, 400).tampered(|entries| {
            let first = entries.iter().position(|entry| entry.table == EVENTS.name()).unwrap();
            let mut forged = entries[first + 7].clone();
            let text = String::from_utf8(forged.value.unwrap()).unwrap().replace("system:test", "staff:S-1");
            forged.value = Some(text.into_bytes());
            entries.insert(first + place, forged);
            renumber(entries);
        });
        let findings = bench.report().findings;
        assert_eq!(findings[0], Finding::Inserted(Position(place as u64)), "{findings:?}");
        let others = findings.iter().filter(|finding| !finding.kind().starts_with("record"));
        assert_eq!(others.count(), 1, "{findings:?}");
    }
}

#[test]
fn exchanged_events_are_named() {
    let bench = Bench::with(400, 400).tampered(|entries| {
        let mut events = events(entries);
        let (one, other) = (events[30].value.clone(), events[300].value.clone());
        events[30].value = other;
        events[300].value = one;
    });
    let findings = bench.report().findings;
    assert_eq!(findings[0], Finding::Reordered(Position(30), Position(300)));
}

#[test]
fn a_history_rewritten_together_with_its_tree_contradicts_the_signed_heads() {
    let honest = Bench::with(400, 100);
    let bench = honest.tampered(|entries| {
        let mut events = events(entries);
        let value = events[250].value.as_mut().unwrap();
        let text = String::from_utf8(value.clone()).unwrap().replace("system:test", "system:tess");
        *value = text.into_bytes();
        let leaves: Vec<_> =
            events.iter().map(|event| crate::ledger::tree::leaf(event.value.as_ref().unwrap())).collect();
        // The liar computes the tree anew, and cannot sign it.
        let mut growth = crate::tlog::growth::Growth::new();
        let mut tiles: Vec<_> = leaves.into_iter().flat_map(|leaf| growth.append(leaf)).collect();
        tiles.extend(growth.finish().tiles);
        for entry in entries.iter_mut().filter(|entry| entry.table == LEDGER_TILES.name()) {
            for written in &tiles {
                if crate::ledger::tree::key(written.tile) == entry.key {
                    entry.value = Some(crate::tlog::tile::to_octets(&written.hashes));
                }
            }
        }
    });
    let findings = bench.report().findings;
    assert_eq!(findings[0], Finding::Rewritten { from: Position(200), until: Position(300) }, "{findings:?}");
}

#[test]
fn a_tail_cut_off_together_with_its_heads_shows_against_a_checkpoint_known_elsewhere() {
    let honest = Bench::with(300, 100);
    let known = latest(honest.store.as_ref(), LEDGER_HEADS, &honest.log).unwrap().0.unwrap();
    let bench = honest.tampered(|entries| {
        let at_100 = entries
            .iter()
            .find(|entry| entry.key.ends_with(&100_u64.to_be_bytes()) && entry.table == LEDGER_HEADS.name());
        let at_100 = at_100.unwrap().clone();
        entries.retain(|entry| {
            let place = Position::from_key(&entry.key).unwrap_or(Position(0));
            (entry.table != EVENTS.name() || place.0 < 100)
                && (entry.table != LEDGER_HEADS.name() || entry.key == at_100.key)
                && entry.table != THINGS.name()
                && entry.table != LEDGER_TILES.name()
        });
    });
    let truncated = Finding::Truncated { from: Position(100), until: Position(300) };
    assert!(!bench.report().findings.contains(&truncated), "nothing in the store tells");
    assert!(bench.report_knowing(&[known]).findings.contains(&truncated));
}

#[test]
fn records_and_events_that_do_not_fit_together_are_named() {
    let honest = Bench::with(100, 50);
    let in_things = |entry: &Exported| entry.table == THINGS.name();
    let changed = honest.tampered(|entries| {
        let entry = entries.iter_mut().find(|entry| in_things(entry)).unwrap();
        entry.value = Some(b"mine".to_vec());
    });
    let Finding::Differs { table, key, .. } = &changed.report().findings[0] else { panic!() };
    assert_eq!(table, "things");
    assert!(!key.is_empty());
    let added = honest.tampered(|entries| {
        let (table, key) = (THINGS.name().to_owned(), b"smuggled-in".to_vec());
        entries.push(Exported { table, key, value: Some(b"x".to_vec()) });
    });
    let unexplained = Finding::Unexplained { table: "things".to_owned(), key: "smuggled-in".to_owned() };
    assert_eq!(added.report().findings, [unexplained]);
    let lost = honest.tampered(|entries| {
        let place = entries.iter().position(in_things).unwrap();
        entries.remove(place);
    });
    assert!(matches!(lost.report().findings[..], [Finding::Lost { .. }]), "{:?}", lost.report().findings);
}

#[test]
fn a_forged_checkpoint_is_not_believed() {
    let bench = Bench::with(100, 50).tampered(|entries| {
        for entry in entries.iter_mut().filter(|entry| entry.table == LEDGER_HEADS.name()) {
            let note = String::from_utf8(entry.value.clone().unwrap()).unwrap();
            entry.value = Some(note.replacen("\n50\n", "\n51\n", 1).into_bytes());
        }
    });
    let findings = bench.report().findings;
    assert!(matches!(findings[0], Finding::Checkpoint(_)), "{findings:?}");
}
