//! A ledger and its witnesses, over loopback connections.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::time::Instant;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::heads::{LEDGER_COSIGNATURES, latest};
use ca_core::ledger::{Action, Actor, Ledger};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{Change, Store};
use ca_core::tlog::checkpoint::Log;
use ca_core::tlog::cosignature::Cosigner;
use ca_core::tlog::note::{NoteSigner, VerifierKey};
use ca_core::tlog::witness::{State, Witness as Role, name_of};
use tokio::sync::watch;

use super::*;
use crate::client::{Transport, tls};
use crate::service::ledger::settings::WitnessSettings;
use crate::service::settings::Limits;
use crate::service::witness::http::router;

const ORIGIN: &str = "example.org/ledger";

fn key() -> Arc<SoftwareKey> {
    Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap())
}

/// A ledger in memory.
#[derive(Clone)]
struct Bench {
    store: Arc<MemoryStore>,
    sealer: Arc<Sealer>,
    signer: Arc<SoftwareKey>,
}

impl Bench {
    fn new(signer: Arc<SoftwareKey>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let note = NoteSigner::new(ORIGIN.parse().unwrap(), Arc::clone(&signer) as Arc<_>).unwrap();
        let sealer =
            Sealer::new(Arc::clone(&store) as Arc<dyn Store>, ORIGIN.parse().unwrap(), note).unwrap();
        Self { store, sealer: Arc::new(sealer), signer }
    }

    fn act(&self, events: usize) -> VerifiedCheckpoint {
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        for _ in 0..events {
            let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap();
            self.store.commit(Change::new().explained_by(&event)).unwrap();
        }
        self.sealer.seal().unwrap().unwrap()
    }

    fn cosigning(&self, witnesses: &[WitnessSettings], quorum: usize) -> Cosigning {
        let keys = witnesses.iter().map(|witness| witness.key.clone()).collect();
        let settings = LedgerSettings {
            name: ORIGIN.parse().unwrap(),
            witnesses: witnesses.to_vec(),
            policy: WitnessPolicy::new(keys, quorum).unwrap(),
        };
        Cosigning::new(Arc::clone(&self.store) as Arc<dyn Store>, Arc::clone(&self.sealer), &settings)
            .unwrap()
    }

    /// Size and number of signatures of the head that is shown to everybody.
    fn published(&self) -> Option<(u64, usize)> {
        let (head, _) = latest(self.store.as_ref(), LEDGER_COSIGNATURES, self.sealer.log()).unwrap();
        head.map(|head| (head.head().size, head.note().signatures().len()))
    }
}

/// A witness that runs in this process. Ends when dropped; its memory stays in the folder.
struct Running {
    address: SocketAddr,
    stop: Option<watch::Sender<bool>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    fn at(port: u16, folder: &std::path::Path, key: &Arc<SoftwareKey>, log: &Log) -> Self {
        let cosigner =
            Cosigner::new("example.org/witness".parse().unwrap(), Arc::clone(key) as Arc<_>).unwrap();
        let role = Role::new(vec![log.clone()], cosigner, State::open(folder).unwrap()).unwrap();
        let (stop, stopped) = watch::channel(false);
        let (bound, address) = mpsc::channel();
        let limits =
            Limits { connections: 16, handshake: Duration::from_secs(5), request: Duration::from_secs(5) };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                let router = router(Arc::new(role), Arc::new(SystemClock), limits);
                crate::service::tls::serve_http(listener, router, limits, stopped).await;
            });
        });
        Self { address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    fn fetch(&self, path: &str) -> (u16, serde_json::Value) {
        let url: url::Url = format!("http://{}{path}", self.address).parse().unwrap();
        let transport = Transport::new(tls::none().unwrap(), &url, Duration::from_secs(5)).unwrap();
        let answer = transport.send(transport.request(reqwest::Method::GET, url)).unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

fn settings(address: SocketAddr, key: &Arc<SoftwareKey>) -> WitnessSettings {
    let kind = ca_core::tlog::note::SignatureKind::CosignatureV1;
    let name = "example.org/witness".parse().unwrap();
    WitnessSettings {
        url: format!("http://{address}").parse().unwrap(),
        key: VerifierKey::of_signer(name, kind, key.as_ref()).unwrap(),
        trust: None,
    }
}

/// A stranger that answers every request alike.
fn answering(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut octets = [0; 8_192];
            // The whole request, so that closing does not reset the connection.
            let _ = std::io::Read::read(&mut stream, &mut octets);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn heads_are_cosigned_as_the_ledger_grows_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, key) = (Bench::new(key()), key());
    let witness = Running::at(0, folder.path(), &key, bench.sealer.log());
    let mut cosigning = bench.cosigning(&[settings(witness.address, &key)], 1);
    for events in [1, 1, 300, 700] {
        cosigning.see(bench.act(events));
        cosigning.ask_and_keep();
        assert_eq!(bench.published(), Some((bench.store.ledger_size().unwrap(), 2)));
    }
    // A new process of the service does not know what the witness remembers.
    let mut cosigning = bench.cosigning(&[settings(witness.address, &key)], 1);
    cosigning.see(bench.act(5));
    cosigning.ask_and_keep();
    assert_eq!(bench.published(), Some((1_007, 2)));
    let (status, latest) = witness.fetch(&format!("/latest/{}", name_of(bench.sealer.log().origin())));
    assert_eq!((status, &latest["size"], &latest["origin"]), (200, &1_007.into(), &ORIGIN.into()));
    let note = latest["checkpoint"].as_str().unwrap();
    let signed = ca_core::tlog::checkpoint::SignedCheckpoint::parse(note.as_bytes()).unwrap();
    assert_eq!(signed.verify(bench.sealer.log()).unwrap().head().size, 1_007);
    assert_eq!(witness.fetch("/latest/00").0, 404);
}

#[test]
fn a_witness_that_is_away_holds_the_published_head_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, key) = (Bench::new(key()), key());
    let witness = Running::at(0, folder.path(), &key, bench.sealer.log());
    let address = witness.address;
    let mut cosigning = bench.cosigning(&[settings(address, &key)], 1);
    cosigning.see(bench.act(3));
    cosigning.ask_and_keep();
    drop(witness);
    cosigning.see(bench.act(4));
    cosigning.ask_and_keep();
    assert_eq!(bench.published(), Some((3, 2)));
    let _back = Running::at(address.port(), folder.path(), &key, bench.sealer.log());
    until(|| {
        cosigning.ask_and_keep();
        bench.published() == Some((7, 2))
    });
}

#[test]
fn a_witness_that_hangs_delays_the_others_once() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, key) = (Bench::new(key()), key());
    let witness = Running::at(0, folder.path(), &key, bench.sealer.log());
    // Accepts, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut hanging = settings(silent.local_addr().unwrap(), &self::key());
    hanging.key = VerifierKey::new("example.org/hangs".parse().unwrap(), hanging.key.kind(), [9; 32]);
    let mut cosigning = bench.cosigning(&[settings(witness.address, &key), hanging], 1);
    cosigning.see(bench.act(1));
    cosigning.ask_and_keep();
    assert_eq!(bench.published(), Some((1, 2)));
    let begun = Instant::now();
    for _ in 0..5 {
        cosigning.see(bench.act(1));
        cosigning.ask_and_keep();
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(bench.published(), Some((6, 2)));
}

#[test]
fn a_lost_and_a_forked_history_are_told_apart_and_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, key) = (Bench::new(key()), key());
    let witness = Running::at(0, folder.path(), &key, bench.sealer.log());
    let mut cosigning = bench.cosigning(&[settings(witness.address, &key)], 1);
    cosigning.see(bench.act(10));
    cosigning.ask_and_keep();
    // The same log key, another history.
    let other = Bench::new(Arc::clone(&bench.signer));
    let mut cosigning = other.cosigning(&[settings(witness.address, &key)], 1);
    let mut complaint = |events| {
        cosigning.see(other.act(events));
        cosigning.witnesses[0].witness.forget_pause();
        cosigning.ask_and_keep();
        cosigning.witnesses[0].witness.complaint().unwrap().to_string()
    };
    let lost = complaint(4);
    assert!(lost.contains("cosigned 10 events and the ledger has 4"), "{lost}");
    for events in [6, 1, 30] {
        let forked = complaint(events);
        assert!(forked.contains("differ"), "{forked}");
    }
    assert_eq!(other.published(), None);
}

#[test]
fn answers_that_are_no_cosignatures_are_named() {
    let bench = Bench::new(key());
    for (answer, named) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhm!\n", "cannot be used"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "cannot be used"),
        ("HTTP/1.1 409 C\r\ncontent-length: 3\r\nconnection: close\r\n\r\n+1\n", "differ"),
        ("HTTP/1.1 409 C\r\ncontent-length: 2\r\nconnection: close\r\n\r\n1\n", "it answers 409"),
        ("HTTP/1.1 409 C\r\ncontent-length: 3\r\nconnection: close\r\n\r\n99\n", "99 events"),
        ("HTTP/1.1 403 F\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "it answers 403"),
    ] {
        let mut cosigning = bench.cosigning(&[settings(answering(answer), &key())], 1);
        cosigning.see(bench.act(1));
        cosigning.ask_and_keep();
        let complaint = cosigning.witnesses[0].witness.complaint().unwrap().to_string();
        assert!(complaint.contains(named), "{complaint}");
        assert_eq!(bench.published(), None);
    }
}

#[test]
fn the_last_head_is_cosigned_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, key) = (Bench::new(key()), key());
    let witness = Running::at(0, folder.path(), &key, bench.sealer.log());
    let cosigning = bench.cosigning(&[settings(witness.address, &key)], 1);
    let (heads, to_cosign) = mpsc::channel();
    let asking = std::thread::spawn(move || cosigning.run(&to_cosign));
    heads.send(bench.act(1)).unwrap();
    heads.send(bench.act(1)).unwrap();
    drop(heads);
    asking.join().unwrap();
    assert_eq!(bench.published(), Some((2, 2)));
}

fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    }
}
