//! Makes a large store for an installation that `npki init` founded, to see how npki behaves at scale:
//!
//! ```sh
//! npki init --data DIR
//! cargo run --release -p tests --bin make-store -- --data DIR --certificates 1000000 [--revoked-percent 2]
//!     [--store postgres://…]
//! ```
//!
//! Every certificate goes through the real pipeline, its events included, and the ledger is sealed in the end. The CA's
//! signature alone is not made (see `made_store.rs`). `tests/scale.sh` does all of it and measures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a tool that says what went wrong and stops"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ca_core::clock::SystemEntropy;
use ca_core::keys::sealed::SealedKey;
use ca_core::ledger::sealer::Sealer;
use ca_core::storage::address::StoreAddress;
use ca_core::storage::{Exported, Restore, Store, Table};
use ca_core::tlog::note::{NoteSigner, VerifierKey};
use ca_core::vault::master::{MasterKey, SealedMasterKey};
use tests::certificates;
use tests::made_store::{Basin, Fate, Maker};

/// What to make.
struct Plan {
    data: PathBuf,
    certificates: u64,
    revoked_percent: u64,
    store: Option<String>,
}

fn main() {
    let plan = Plan::of_arguments();
    let (base, ledger_size) = founded(&plan.data);
    let address = match &plan.store {
        Some(address) => address.clone(),
        None => {
            std::fs::remove_dir_all(plan.data.join("store")).unwrap();
            plan.data.join("store").to_str().unwrap().to_owned()
        }
    };
    let address = StoreAddress::parse(&address).unwrap();
    let mut restore = address.begin_restore().unwrap();
    for entry in base {
        put(restore.as_mut(), &entry);
    }
    let basin = Basin::of(restore, ledger_size);
    make(&plan, &basin);
    let begun = Instant::now();
    let events = basin.finish().unwrap();
    eprintln!("made durable in {:.0} s: {events} events", begun.elapsed().as_secs_f64());
    seal(&plan.data, address.open().unwrap());
}

impl Plan {
    fn of_arguments() -> Self {
        let mut plan = Self { data: PathBuf::new(), certificates: 0, revoked_percent: 2, store: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            match word.as_str() {
                "--data" => plan.data = value.into(),
                "--certificates" => plan.certificates = value.parse().unwrap(),
                "--revoked-percent" => plan.revoked_percent = value.parse().unwrap(),
                "--store" => plan.store = Some(value),
                other => panic!("{other} is none of --data, --certificates, --revoked-percent, --store"),
            }
        }
        assert!(plan.data.join("npki.toml").exists(), "--data names no founded installation");
        plan
    }
}

/// What the founded installation holds.
fn founded(data: &Path) -> (Vec<Exported>, u64) {
    let store = StoreAddress::parse(data.join("store").to_str().unwrap()).unwrap().open().unwrap();
    let mut entries = Vec::new();
    let moment = store
        .export(&mut |entry| {
            entries.push(entry);
            Ok(())
        })
        .unwrap();
    (entries, moment.ledger_size)
}

/// The founding's few tables are known by their crates alone; the kind of their values is in the name.
fn put(restore: &mut dyn Restore, entry: &Exported) {
    let found = ca_core::TABLES.iter().find(|table| table.name() == entry.table).copied();
    let table = found.unwrap_or_else(|| {
        let name: &'static str = Box::leak(entry.table.clone().into_boxed_str());
        let octets = ["staff", "index_keys", "identity_details", "readiness"].contains(&name);
        if octets { Table::octets(name) } else { Table::records(name) }
    });
    restore.put(table, &entry.key, entry.value.as_deref()).unwrap();
}

fn make(plan: &Plan, basin: &Basin) {
    let certificate = std::fs::read(plan.data.join("certificates/issuing.pem")).unwrap();
    let certificate = certificates::der(&certificate);
    let master = SealedMasterKey::read(&plan.data.join("keys/master-1.key")).unwrap();
    let master: Arc<dyn MasterKey> =
        Arc::new(master.open(passphrase(&plan.data).as_bytes(), Arc::new(SystemEntropy)).unwrap());
    let (next, begun) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let maker = Maker::new(basin, certificate.clone(), Arc::clone(&master), "http://pki.gov.ls");
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= plan.certificates {
                        return;
                    }
                    let revoked = number % 100 < plan.revoked_percent;
                    let serial = maker.issue(number, if revoked { Fate::Revoked } else { Fate::Good });
                    if number % 10_000 == 0 {
                        let rate = number as f64 / begun.elapsed().as_secs_f64();
                        eprint!("\r{number} certificates, {rate:.0} a second");
                    }
                    // One that is good as long as less than every second one is revoked.
                    if number % 10_000 == 50 {
                        note(&plan.data, &serial);
                    }
                }
            });
        }
    });
    eprintln!("\r{} certificates in {:.0} s", plan.certificates, begun.elapsed().as_secs_f64());
}

/// Keeps some serial numbers for whoever measures.
fn note(data: &Path, serial: &str) {
    let file = std::fs::File::options().create(true).append(true).open(data.join("made-serials"));
    writeln!(file.unwrap(), "{serial}").unwrap();
}

fn passphrase(data: &Path) -> String {
    std::fs::read_to_string(data.join("secrets/passphrase")).unwrap().trim().to_owned()
}

fn seal(data: &Path, store: Arc<dyn Store>) {
    let begun = Instant::now();
    let key = SealedKey::read(&data.join("keys/ledger.key")).unwrap();
    let key = Arc::new(key.open(passphrase(data).as_bytes()).unwrap());
    let named = std::fs::read_to_string(data.join("certificates/ledger.vkey")).unwrap();
    let named: VerifierKey = named.trim().parse().unwrap();
    let signer = NoteSigner::new(named.name().clone(), key).unwrap();
    let sealer = Sealer::new(store, named.name().as_str().parse().unwrap(), signer).unwrap();
    let head = sealer.seal().unwrap().unwrap();
    eprintln!("sealed {} events in {:.0} s", head.head().size, begun.elapsed().as_secs_f64());
}
