//! How many changes a second each store makes durable, as ratios to what this machine's disk allows in the same run,
//! and on PostgreSQL to what pgbench reaches with as many clients that insert one row each:
//! `cargo bench -p ca-core --bench storage`. Behind `--`: `sled` or `postgres`, that store alone; numbers, with so
//! many writers alone; `fill NUMBER`, how an embedded store of so many records is filled and opened.
//!
//! Beside each rate stand the microseconds of a processor that a change took, by who took them: these say where the time
//! goes, also on a machine that is busy with other things.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program that measures and tells"
)]
#![allow(clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../../tests/src/postgres.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "other tests use the rest of it")]
mod server;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::ledger::{Action, Actor, EVENTS, Ledger, Position};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::postgres::{PostgresSettings, PostgresStore};
use ca_core::storage::sled::SledStore;
use ca_core::storage::{Change, Moment, Restore, Store, Table};

/// How long each measurement runs.
const RUN: Duration = Duration::from_secs(5);
const WRITERS: &[u64] = &[1, 16, 64, 256];
const RECORDS: Table = Table::octets("measured");
/// What a change stores beside its event, in octets.
const RECORD: usize = 100;
/// The table of pgbench's inserts, and one of them: a record as large as ours, and nothing besides.
const INSERT: &str = "CREATE TABLE single (key bytea PRIMARY KEY, octets bytea NOT NULL)";
const SINGLE_INSERT: &str = "\\set high random(1, 9000000000000000000)\n\
     INSERT INTO single VALUES (int8send(:high), decode(repeat('07', 100), 'hex'));\n";

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // On the disk that the build uses: a temporary folder is often memory, and proves nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let arguments: Vec<String> = std::env::args().skip_while(|argument| argument != "fill").collect();
    if let [_, records, ..] = arguments.as_slice() {
        return fill(&folder.path().join("filled"), records.parse().unwrap());
    }
    let only = |engine: &str| {
        !std::env::args().any(|other| ["sled", "postgres"].contains(&&*other) && other != engine)
    };
    let flushes = flush_rate(folder.path());
    println!("load average {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    println!("flushes (4 kB appended, fdatasync), 1 thread  {flushes:>8.0} /s");
    if only("sled") {
        tell("in memory", 1, &measure(&[MemoryStore::new()], 1), flushes);
        for writers in writers() {
            let store = SledStore::open(folder.path().join(writers.to_string())).unwrap();
            tell("on sled", writers, &measure(&[store], writers), flushes);
        }
    }
    if only("postgres") {
        on_postgres();
    }
}

/// PostgreSQL in the folder of temporary files: `TMPDIR` must name a disk, not memory.
fn on_postgres() {
    let server = server::PostgresServer::start();
    for writers in writers() {
        let inserts = server.pgbench(INSERT, SINGLE_INSERT, writers, RUN);
        println!("pgbench, one insert  {writers:>3} clients              {inserts:>8.0} /s");
        let nodes = [node(&server.database())];
        let before = spent_by_the_server(&server.data());
        let Measured { rate: one, spent } = measure(&nodes, writers);
        let spent_there = spent_by_the_server(&server.data()) - before;
        let spent = format!("{spent}, the server {:.1} µs", each(spent_there, one));
        println!(
            "changes on postgres  {writers:>3} writers              {one:>8.0} /s   {:.2} of pgbench; {spent}",
            one / inserts
        );
        if writers > 1 {
            let address = server.database();
            let two = measure(&[node(&address), node(&address)], writers).rate;
            println!(
                "the same, two nodes  {writers:>3} writers in all       {two:>8.0} /s   {:.2} of one node",
                two / one
            );
        }
    }
}

fn node(address: &str) -> PostgresStore {
    let settings = PostgresSettings::parse(address).unwrap();
    PostgresStore::create_tables(&settings, &[RECORDS]).unwrap();
    PostgresStore::open(&settings).unwrap()
}

fn tell(what: &str, writers: u64, changes: &Measured, flushes: f64) {
    let Measured { rate, spent } = changes;
    let ratio = rate / flushes;
    println!(
        "changes {what:<10} {writers:>3} writers              {rate:>8.0} /s   {ratio:.2} of the flushes; {spent}"
    );
}

/// How many writers there are, one measurement for each: those that were asked for.
fn writers() -> Vec<u64> {
    let asked: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if asked.is_empty() { WRITERS.to_vec() } else { asked }
}

/// What was measured.
struct Measured {
    /// Changes in a second.
    rate: f64,
    /// The processor's time for each, by who took it.
    spent: String,
}

/// Nanoseconds that a thread has spent on a processor.
fn spent_by(thread: &Path) -> f64 {
    let told = std::fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    told.split(' ').next().and_then(|spent| spent.parse().ok()).unwrap_or_default()
}

/// The same of the store's own threads, by name.
fn spent_by_the_store() -> BTreeMap<String, f64> {
    let mut spent = BTreeMap::new();
    for thread in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        let name = name.trim().trim_end_matches(|end: char| end == '-' || end.is_ascii_digit());
        if name.starts_with("store") || name.starts_with("sled") {
            *spent.entry(name.to_owned()).or_default() += spent_by(&thread.path());
        }
    }
    spent
}

/// Durable changes in a second: each a new record and its event, from so many threads, spread over the nodes.
fn measure<S: Store>(nodes: &[S], writers: u64) -> Measured {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let actor = Actor::system("bench");
    let nodes: Vec<&S> = nodes.iter().cycle().take(usize::try_from(writers).unwrap()).collect();
    let callers = AtomicU64::new(0);
    let changes = rate(writers, &callers, |writer, turn| {
        let store = nodes[usize::try_from(writer).unwrap()];
        let key = [writer.to_be_bytes(), turn.to_be_bytes()].concat();
        let event = ledger.event(&actor, Action::named("thing.measured"), "a thing").unwrap();
        let change = Change::new().insert(RECORDS, key, [7; RECORD]);
        store.commit(change.explained_by(&event)).unwrap();
    });
    let callers = [("callers".to_owned(), callers.load(Ordering::Relaxed) as f64)];
    let all = callers.into_iter().chain(spent_by_the_store());
    let spent = all.map(|(who, spent)| format!("{who} {:.1} µs", each(spent, changes)));
    Measured { rate: changes, spent: spent.collect::<Vec<_>>().join(", ") }
}

/// Microseconds for each change, of so many nanoseconds while there were `rate` changes a second.
fn each(nanoseconds: f64, rate: f64) -> f64 {
    nanoseconds / 1_000.0 / (rate * RUN.as_secs_f64())
}

/// Nanoseconds that the processes of the server in this folder have spent on a processor.
fn spent_by_the_server(data: &Path) -> f64 {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
    let of_server =
        processes.filter(|process| std::fs::read_link(process.join("cwd")).is_ok_and(|at| at == data));
    of_server.map(|process| spent_by(&process)).sum()
}

/// How often `act` is done in a second by so many threads; it is told which, and how often before. What the threads
/// spent on a processor is added to `spent`.
fn rate(threads: u64, spent: &AtomicU64, act: impl Fn(u64, u64) + Sync) -> f64 {
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (act, done) = (&act, &done);
            scope.spawn(move || {
                let turns = (0..).take_while(|_| begun.elapsed() < RUN).map(|turn| act(thread, turn)).count();
                done.fetch_add(turns as u64, Ordering::Relaxed);
                spent.fetch_add(spent_by(Path::new("/proc/thread-self")) as u64, Ordering::Relaxed);
            });
        }
    });
    let done = u32::try_from(done.load(Ordering::Relaxed)).unwrap();
    f64::from(done) / begun.elapsed().as_secs_f64()
}

fn flush_rate(folder: &Path) -> f64 {
    let file = OpenOptions::new().create_new(true).append(true).open(folder.join("flushed")).unwrap();
    rate(1, &AtomicU64::new(0), |_, _| {
        (&file).write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
    })
}

/// Restores a store of so many records, half of them events, and opens it.
fn fill(folder: &Path, records: u64) {
    let begun = Instant::now();
    let mut restore = Box::new(SledStore::begin_restore(folder).unwrap());
    // In the order of an export.
    for event in 0..records / 2 {
        restore.put(EVENTS, &Position(event).key(), Some(&[9; 330])).unwrap();
    }
    for record in 0..records / 2 {
        restore.put(RECORDS, &record.to_be_bytes(), Some(&[7; 300])).unwrap();
    }
    restore.finish(Moment { ledger_size: records / 2 }).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!("restored {records} records in {seconds:.1} s; {}", resident());
    let begun = Instant::now();
    let store = SledStore::open(folder).unwrap();
    let size = std::fs::metadata(folder.join("db")).unwrap().len() / 1_000_000;
    println!("opened in {:.2} s; {size} MB on disk; {}", begun.elapsed().as_secs_f64(), resident());
    let changes = measure(&[store], 64).rate;
    println!("changes, 64 writers, beside them              {changes:>8.0} /s; {}", resident());
}

/// What the kernel says of this process's memory.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmRSS")).map(str::to_owned).collect()
}
