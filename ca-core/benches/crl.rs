//! How long a CRL of a million entries takes and how much memory, beside hashing and writing as many octets in the same
//! run: `cargo bench -p ca-core --bench crl`. A number after `--` is taken instead of a million.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../tests/issuance/authority.rs"]
#[allow(dead_code, reason = "shared with the tests of issuance, which use more of it")]
mod authority;

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use authority::{Ca, actor};
use ca_core::certificate::{CaId, REVOCATIONS};
use ca_core::clock::SystemEntropy;
use ca_core::crl::{CrlName, Partition, find};
use ca_core::ledger::{Action, Ledger};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::sled::SledStore;
use ca_core::storage::{
    AuditedChange, Change, CommitError, Committed, Entry, Exported, KeyRange, Moment, StorageError, Store,
    Table, Version, Versioned,
};

/// What a revocation looks like in the store.
const REVOKED: &str = r#"{"revocation":{"at":"2026-11-24T17:00:00Z","reason":"key-compromise"},"not_after":"2031-11-24T17:00:00Z"}"#;

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let entries = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // Without a store's own memory: revocations are made up as they are read, and chunks are written to a file.
    let file = std::fs::File::create(folder.path().join("chunks")).unwrap();
    let ca = Ca::founded_on(Imagined { rest: MemoryStore::new(), entries, file });
    let before = memory();
    let (begun, cpu) = (Instant::now(), processor());
    let crl = ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    let made = begun.elapsed();
    let (octets, peak, cpu) = (crl.octets(), memory(), processor() - cpu);
    assert_eq!(crl.entries(), Some(entries));
    println!("CRL of {entries} entries, {:.1} MB", mega(octets));
    println!(
        "made, entries from nowhere      {:>7.3} s   processor {cpu:.2} s   peak memory {peak} MB, of it before {before} MB",
        made.as_secs_f64()
    );
    let floor = floor(folder.path(), octets);
    println!(
        "the floor: hashed, written      {floor:>7.3} s   {:.1} times as long",
        made.as_secs_f64() / floor
    );
    drop(ca);
    on_sled(folder.path(), entries, floor);
}

fn on_sled(folder: &std::path::Path, entries: u64, floor: f64) {
    let ca = Ca::founded_on(SledStore::open(folder.join("store")).unwrap());
    let ledger = Ledger::new(ca.clock.clone(), Arc::new(SystemEntropy));
    for thousand in 0..entries.div_ceil(1_000) {
        let some = thousand * 1_000..entries.min((thousand + 1) * 1_000);
        let change =
            some.fold(Change::new(), |change, number| change.put(REVOCATIONS, key(number, entries), REVOKED));
        let event = ledger.event(&actor(), Action::named("bench.filled"), "revocations").unwrap();
        ca.store.commit(change.explained_by(&event)).unwrap();
    }
    let (begun, cpu) = (Instant::now(), processor());
    let crl = ca.issuing.publish_full(Partition::FIRST, &actor()).unwrap();
    let (made, cpu) = (begun.elapsed().as_secs_f64(), processor() - cpu);
    println!(
        "made, revocations on sled       {made:>7.3} s   processor {cpu:.2} s   {:.1} times as long as the floor",
        made / floor
    );
    let (begun, cpu) = (Instant::now(), processor());
    let mut range = KeyRange::all();
    while let Some((last, _)) = ca.store.scan(REVOCATIONS, &range, 1_000).unwrap().last() {
        range = range.after(last);
    }
    let (read, cpu) = (begun.elapsed().as_secs_f64(), processor() - cpu);
    println!("of it: read once, by one        {read:>7.3} s   processor {cpu:.2} s");
    let begun = Instant::now();
    let name = CrlName::first(CaId::new("issuing").unwrap());
    let found = find(ca.store.as_ref(), &name).unwrap().unwrap();
    let read: usize = (0..found.parts()).map(|part| found.part(ca.store.as_ref(), part).unwrap().len()).sum();
    assert_eq!(read as u64, crl.octets());
    println!("read back, part by part         {:>7.3} s", begun.elapsed().as_secs_f64());
    drop(ca);
    sled_alone(folder, entries);
}

/// What nobody can save on sled: its own iterator over the same records, with the cache that npki gives it. Nothing is
/// copied, read or written.
fn sled_alone(folder: &std::path::Path, entries: u64) {
    let open = || sled::Config::new().path(folder.join("store")).cache_capacity(256 * 1024 * 1024).open();
    // sled's threads keep its lock for some moments.
    let tree = std::iter::repeat_with(|| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        open()
    });
    let tree = tree.take(100).find_map(Result::ok).unwrap();
    for time in ["first", "second"] {
        let (begun, cpu) = (Instant::now(), processor());
        // Where the records of the tables are: see `storage/sled/layout.rs`.
        let found = tree.range(&b"r"[..]..&b"s"[..]).map(Result::unwrap).count() as u64;
        let (read, cpu) = (begun.elapsed().as_secs_f64(), processor() - cpu);
        assert!(found >= entries, "{found} records");
        println!("sled alone, iterated, {time:<7}   {read:>7.3} s   processor {cpu:.2} s");
    }
}

/// Seconds for hashing and writing so many octets, once.
fn floor(folder: &std::path::Path, octets: u64) -> f64 {
    let octets = vec![7; usize::try_from(octets).unwrap()];
    let begun = Instant::now();
    std::hint::black_box(ring::digest::digest(&ring::digest::SHA256, &octets));
    let mut file = std::fs::File::create(folder.join("floor")).unwrap();
    file.write_all(&octets).unwrap();
    file.sync_data().unwrap();
    begun.elapsed().as_secs_f64()
}

/// Seconds of a processor that this process has used: on a machine that is busy with other things, these are what tells.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = |field| fields.split(' ').nth(field).unwrap().parse::<f64>().unwrap();
    // utime and stime, in hundredths (proc(5)).
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory that this process ever had, MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_000
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn mega(octets: u64) -> f64 {
    octets as f64 / 1e6
}

/// Serial numbers as long as ours, as far apart as random ones, in their order.
fn key(number: u64, of: u64) -> Vec<u8> {
    let serial = (1_u128 << 126) + u128::from(number) * ((1 << 126) / u128::from(of)) + 1;
    [b"issuing/".as_slice(), &serial.to_be_bytes()].concat()
}

/// A store whose revocations are made up when they are read, and whose chunks are only written down.
#[derive(Debug)]
struct Imagined {
    rest: MemoryStore,
    entries: u64,
    file: std::fs::File,
}

impl Store for Imagined {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        self.rest.get(table, key)
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        self.rest.get_many(table, keys)
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        if table != REVOCATIONS {
            return self.rest.scan(table, range, limit);
        }
        let place = |wanted: &Option<Vec<u8>>| {
            let wanted = wanted.as_deref().unwrap();
            let (mut low, mut high) = (0, self.entries);
            while low < high {
                let middle = low.midpoint(high);
                if key(middle, self.entries).as_slice() < wanted { low = middle + 1 } else { high = middle }
            }
            low
        };
        let first = place(&range.from);
        let last = place(&range.until).min(first + limit as u64);
        let value = || Versioned { value: REVOKED.into(), version: Version(1) };
        Ok((first..last).map(|number| (key(number, self.entries), value())).collect())
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        let mut chunks = Vec::new();
        for write in change.writes().iter().filter(|write| write.table == ca_core::crl::CRL_CHUNKS) {
            if let ca_core::storage::Operation::Put(octets) = &write.operation {
                chunks.extend_from_slice(octets);
            }
        }
        if chunks.is_empty() {
            return self.rest.commit(change);
        }
        (&self.file).write_all(&chunks).unwrap();
        self.file.sync_data().unwrap();
        Ok(Committed { version: Version(1), position: ca_core::ledger::Position(0) })
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        self.rest.ledger_size()
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.rest.export(take)
    }
}
