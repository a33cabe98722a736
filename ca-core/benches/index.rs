//! How much memory the status index takes and how fast it is filled and asked: `cargo bench -p ca-core --bench index`. A number
//! after `--` is taken instead of ten million certificates; one in ten is revoked.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

use std::sync::Arc;
use std::time::Instant;

use ca_core::certificate::{CERTIFICATES, CaId, Certificates};
use ca_core::clock::SystemClock;
use ca_core::serial::SerialNumber;
use ca_core::status::{Progress, SerialStatus, StatusFollower, StatusIndex, StatusSource};
use ca_core::storage::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, StorageError, Store, Table,
    Version, Versioned,
};

/// What records look like, as far as the index reads them.
const GOOD: &str = "{}";
const REVOKED: &str = r#"{"revocation":{"at":"2026-11-24T17:00:00Z","reason":"key-compromise"}}"#;
/// One certificate of so many is revoked, where some are.
const REVOKED_EACH: u64 = 10;
/// How often the index is asked.
const ASKED: u64 = 2_000_000;

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [fill, count, revoked] = words.as_slice()
        && fill == "fill"
    {
        return measured(count.parse().unwrap(), revoked == "some");
    }
    let count = words.iter().filter_map(|word| word.parse().ok()).next().unwrap_or(10_000_000_u64);
    println!("load average {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    // Each in a process of its own: what one gave back would be given to the other.
    let fill = |revoked: &str| {
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        let output = program.args(["fill", &count.to_string(), revoked]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let mut fields = told.split_whitespace().map(|field| field.parse::<f64>().unwrap());
        [(); 3].map(|()| fields.next().unwrap())
    };
    let ([good, filled, asked], [some, ..]) = (fill("none"), fill("some"));
    let (all, revoked) = (count as f64, (count / REVOKED_EACH) as f64);
    println!(
        "{count} certificates, none revoked   {:>7.1} MB, {:.1} octets each (goal 64)",
        good / 1e6,
        good / all
    );
    let more = (some - good) / revoked;
    println!(
        "the same, {} revoked        {:>7.1} MB, {more:.1} octets more for each of them, {:.1} in all (goal 128)",
        count / REVOKED_EACH,
        some / 1e6,
        more + good / all
    );
    println!("filled out of records            {filled:>7.2} s, {:.0} a second", all / filled);
    println!("asked                            {:>7.0} ns each", asked * 1e9);
}

/// Fills an index, and tells what it takes: octets, seconds, seconds for a question.
fn measured(count: u64, revoked: bool) {
    let store: Arc<dyn Store> = Arc::new(Imagined { count, revoked });
    let clock = Arc::new(SystemClock);
    let index = Arc::new(StatusIndex::new(clock.clone()));
    let mut follower = StatusFollower::new(Arc::clone(&store), clock, Arc::clone(&index));
    let before = memory();
    let begun = Instant::now();
    while follower.step().unwrap() == Progress::Behind {}
    let filled = begun.elapsed().as_secs_f64();
    let octets = memory() - before;
    let status = index.of(Certificates::new(store, CaId::new("issuing").unwrap()));
    let begun = Instant::now();
    for asked in 0..ASKED {
        // All over the place, as questions are.
        let number = asked.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count;
        let serial = SerialNumber::from_der_content(&serial(number)).unwrap();
        assert_ne!(status.known(&serial).unwrap().status, SerialStatus::Unknown);
    }
    println!("{octets} {filled} {}", begun.elapsed().as_secs_f64() / ASKED as f64);
}

/// The memory that this process has now, octets.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

/// How far the upper halves of serial numbers are apart.
const STEP: u64 = 1 << 34;

/// Serial numbers as long as ours, in their order, with octets behind it that are as unlike each other as random ones.
fn serial(number: u64) -> [u8; 16] {
    let high = (1 << 62) + number * STEP + (number.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 31);
    (u128::from(high) << 64 | u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))).to_be_bytes()
}

/// The number after the one whose key a range begins behind.
fn number_behind(key: &[u8]) -> u64 {
    let high = key["issuing/".len()..].first_chunk().copied().map(u64::from_be_bytes);
    (high.unwrap() - (1 << 62)) / STEP + 1
}

/// A store whose certificates are made up when they are read, so that what is measured is the index alone.
#[derive(Debug)]
struct Imagined {
    count: u64,
    revoked: bool,
}

impl Imagined {
    fn entry(&self, number: u64) -> Entry {
        let record = if self.revoked && number.is_multiple_of(REVOKED_EACH) { REVOKED } else { GOOD };
        let key = [b"issuing/".as_slice(), &serial(number)].concat();
        (key, Versioned { value: record.into(), version: Version(1) })
    }
}

impl Store for Imagined {
    fn get(&self, _: Table, _: &[u8]) -> Result<Option<Versioned>, StorageError> {
        Ok(None)
    }

    fn get_many(&self, _: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        Ok(keys.iter().map(|_| None).collect())
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        assert_eq!(table, CERTIFICATES);
        let first = range.from.as_deref().map_or(0, number_behind);
        let last = self.count.min(first + limit as u64);
        Ok((first..last).map(|number| self.entry(number)).collect())
    }

    fn commit(&self, _: AuditedChange) -> Result<Committed, CommitError> {
        unreachable!("the index writes nothing")
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        Ok(0)
    }

    fn export(
        &self,
        _: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        unreachable!("the index exports nothing")
    }
}
