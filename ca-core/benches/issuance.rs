//! How fast certificates are issued, as ratios to what this machine's key and disk allow in the same run:
//! `cargo bench -p ca-core --bench issuance`, or `-- ecdsa-with-sha256` for one way of signing alone, without a disk.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../tests/issuance/authority.rs"]
#[allow(dead_code, reason = "shared with the tests of issuance, which use more of it")]
mod authority;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use authority::Ca;
use ca_core::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use ca_core::clock::{Clock, SystemEntropy};
use ca_core::csr::{CertificationRequest, SubjectPublicKey, VerifiedCsr};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::serial::SerialNumber;
use ca_core::storage::Store;
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::sled::SledStore;
use ca_core::subject::{ApprovedSubject, IdentityRef};
use der::asn1::{BitString, SetOfVec};
use der::{Decode, Encode};
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};

/// How long each measurement runs.
const RUN: Duration = Duration::from_secs(3);
/// How long one turn of a measurement takes that takes turns with others.
const TURN: Duration = Duration::from_millis(20);

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What an issuance costs, from the octets of a request to the signed certificate, beside what nobody can save: verifying
/// the request's signature, and signing with the CA's key. Subscriber and CA have keys of one kind.
fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let is_wanted =
        |signs_with: &SignatureAlgorithm| wanted.as_ref().is_none_or(|name| signs_with.name() == name);
    for algorithm in KeyAlgorithm::ALL {
        for signs_with in algorithm.signature_algorithms().iter().copied().filter(is_wanted) {
            measure_in_memory(algorithm, signs_with);
        }
    }
    if wanted.is_none() {
        measure_on_disk();
    }
}

/// For each way of signing. All rates are of one thread.
fn measure_in_memory(algorithm: KeyAlgorithm, signs_with: SignatureAlgorithm) {
    let new_key = || SoftwareKey::generate(algorithm).unwrap().signing_with(signs_with).unwrap();
    let key = new_key();
    let message = [7_u8; 800];
    let signature = key.sign(&message).unwrap();
    let verify = || signs_with.verify(key.public_key_info(), &message, &signature).unwrap();
    let sign = || drop(key.sign(&message).unwrap());
    let root = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
    let issuing = Arc::new(new_key());
    let ca = Ca::founded_with_keys(MemoryStore::new(), Arc::new(root), issuing.clone());
    // ML-DSA-87 is for CAs and responders only. An identity may renew with its key.
    let kind = if algorithm == KeyAlgorithm::MlDsa87 { "ocsp-responder" } else { "device" };
    let request = request(&new_key());
    let issue = || drop(ca.issue(kind, verified(&request).key().clone()).unwrap());
    issue();
    let subject = authority::subject(kind, IdentityRef("X-1".to_owned()));
    let [signatures, both, unstored, issued] = rates_alone([
        &sign,
        &|| {
            sign();
            verify();
        },
        &|| drop(certificate(&ca, &issuing, kind, &subject, &request)),
        &issue,
    ]);
    println!("{:<20} signs {signatures:>7.0} /s, signs and verifies {both:>7.0} /s", signs_with.name());
    for (what, rate) in [("without storage", unstored), ("stored in memory, sealed, with its events", issued)]
    {
        println!(
            "    issues {what:<42} {rate:>7.0} /s: {:.2} of the signatures, {:.2} of signing and verifying",
            rate / signatures,
            rate / both,
        );
    }
}

/// All of an issuance but its storage: the request read and proven, admitted, the bytes written, linted and signed, the
/// certificate put together. The key signs here and not in the CA, which signs nothing that its ledger does not know.
fn certificate(
    ca: &Ca,
    key: &SoftwareKey,
    profile: &str,
    subject: &ApprovedSubject,
    request: &[u8],
) -> Vec<u8> {
    let profile = ca.issuing.profiles().find(profile).unwrap();
    let csr = verified(request);
    let request = profile.admit(csr.key().clone(), csr.wishes(), subject.clone()).unwrap();
    let serial = SerialNumber::draw(&SystemEntropy).unwrap();
    let linted = ca.issuing.rehearse(request, serial, ca.clock.now()).unwrap();
    linted.with_signature(&key.sign(linted.as_bytes()).unwrap()).unwrap()
}

/// A certification request of a subscriber's key, DER.
fn request(key: &SoftwareKey) -> Vec<u8> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: Name::default(),
        public_key: Decode::from_der(key.public_key_info()).unwrap(),
        attributes: SetOfVec::new(),
    };
    let signature = BitString::from_bytes(&key.sign(&info.to_der().unwrap()).unwrap()).unwrap();
    let algorithm = Decode::from_der(key.signature_algorithm().identifier()).unwrap();
    CertReq { info, algorithm, signature }.to_der().unwrap()
}

fn verified(request: &[u8]) -> VerifiedCsr {
    CertificationRequest::parse(request).unwrap().verify().unwrap()
}

fn measure_on_disk() {
    // On the disk that the build uses: a temporary folder is often memory, and proves nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let flushes = flush_rate(folder.path());
    println!("flushes (4 kB written, fdatasync), 1 thread    {flushes:>8.0} /s");
    for threads in [1, 16, 64] {
        let store = SledStore::open(folder.path().join(threads.to_string())).unwrap();
        let durable = issuance(&Ca::founded_on(store), threads);
        println!(
            "issued durably, on sled, {threads:>2} threads            {durable:>8.0} /s   {:.2} of the flushes",
            durable / flushes
        );
    }
}

/// Certificates issued in a second. Each is two durable changes: the serial number's reservation, and the certificate
/// with its binding and its event.
fn issuance<S: Store + 'static>(ca: &Ca<S>, threads: usize) -> f64 {
    // Making a subscriber's key is the subscriber's work, so they are made before; an identity may renew with its key.
    let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    let key = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
    ca.issue("device", key.clone()).unwrap();
    rate(threads, || drop(ca.issue("device", key.clone()).unwrap()))
}

/// How often each of `acts` is done in a second of a processor. They take turns, many in a second, so that whatever else a
/// machine is busy with takes no part in it and weighs on all of them alike.
fn rates_alone<const N: usize>(acts: [&dyn Fn(); N]) -> [f64; N] {
    let mut done = [(0_u32, 0.0); N];
    let begun = Instant::now();
    while begun.elapsed() < RUN * u32::try_from(N).unwrap() {
        for (act, (count, seconds)) in acts.iter().zip(&mut done) {
            let (turn, before) = (Instant::now(), processor());
            while turn.elapsed() < TURN {
                act();
                *count += 1;
            }
            *seconds += processor() - before;
        }
    }
    done.map(|(count, seconds)| f64::from(count) / seconds)
}

/// Seconds of a processor that this thread has used.
fn processor() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    // In nanoseconds, the first of three.
    let spent: u64 = schedule.split(' ').next().unwrap().parse().unwrap();
    Duration::from_nanos(spent).as_secs_f64()
}

/// How often `act` is done in a second by so many threads.
fn rate(threads: usize, act: impl Fn() + Sync) -> f64 {
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while begun.elapsed() < RUN {
                    act();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let done = u32::try_from(done.load(Ordering::Relaxed)).unwrap();
    f64::from(done) / begun.elapsed().as_secs_f64()
}

fn flush_rate(folder: &Path) -> f64 {
    let file = OpenOptions::new().create_new(true).append(true).open(folder.join("flushed")).unwrap();
    rate(1, || {
        (&file).write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
    })
}
