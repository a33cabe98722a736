//! What lint costs: `cargo bench -p ca-core --bench lint`. It stands between writing a certificate and signing it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../tests/issuance/authority.rs"]
#[allow(dead_code, reason = "shared with the tests of issuance, which use more of it")]
mod authority;

use std::time::{Duration, Instant};

use authority::Ca;
use ca_core::algorithm::KeyAlgorithm;
use ca_core::csr::SubjectPublicKey;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::lint::{self, Context, Found};
use ca_core::profile::ProfileSet;
use ca_core::storage::memory::MemoryStore;

/// How long each measurement runs.
const RUN: Duration = Duration::from_secs(2);

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let ca = Ca::founded_on(MemoryStore::new());
    let profiles = ProfileSet::built_in().unwrap();
    let issuer = ca.issuing.certificate();
    for id in ["device", "person-signature", "tls-server"] {
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        let key = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
        let certificate = ca.issue(id, key).unwrap().der;
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
        let tbs = parsed.tbs_certificate.as_ref();
        let context = Context { issuer: Some(issuer), profile: profiles.find(id).unwrap() };
        let signing = each(|| drop(lint::lint(tbs.to_vec(), &context).unwrap()));
        let found = Found { certificate: &certificate, issuer: Some(issuer), kind: None };
        let file = each(|| drop(lint::certificate(&found)));
        println!("{id:20} before signing {signing:6.1} µs   as found in a file {file:6.1} µs");
    }
    large_crl(issuer);
}

/// A list of a million entries, of the issuing CA.
fn large_crl(issuer: &[u8]) {
    let (_, issuer) = x509_parser::parse_x509_certificate(issuer).unwrap();
    // Sixteen octets of serial number, a date, keyCompromise.
    let mut entries = Vec::new();
    for serial in 0..1_000_000_u128 {
        let serial = ((0x40 << 120) | serial).to_be_bytes();
        let reason = [0x30, 0x0c, 0x30, 0x0a, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 0x0a, 1, 1];
        entries.extend([&[0x30, 47, 2, 16][..], &serial, &[0x17, 13], b"270101000000Z", &reason].concat());
    }
    let length = u32::try_from(entries.len()).unwrap().to_be_bytes();
    let head = [&ECDSA_SHA384[..], issuer.subject().as_raw(), b"\x17\x0d270201000000Z\x17\x0d270202000000Z"];
    let fields = [&[2, 1, 1], &head.concat()[..], &[0x30, 0x84], &length, &entries].concat();
    let length = u32::try_from(fields.len()).unwrap().to_be_bytes();
    let tbs = [&[0x30, 0x84][..], &length, &fields].concat();
    let begun = Instant::now();
    // It has no extensions on purpose: those are the findings.
    let findings = lint::crl::lint(&tbs, &lint::crl::Context::default()).unwrap_err();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "CRL of a million entries ({} octets)   {seconds:.2} s   {} findings",
        tbs.len(),
        findings.0.len()
    );
}

/// ecdsa-with-SHA384
const ECDSA_SHA384: [u8; 12] = [0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];

/// Microseconds that `act` takes, in the fastest of many batches: what else the machine does is not lint's.
fn each(act: impl Fn()) -> f64 {
    const BATCH: u32 = 50;
    let (begun, mut fastest) = (Instant::now(), f64::INFINITY);
    while begun.elapsed() < RUN {
        let batch = Instant::now();
        for _ in 0..BATCH {
            act();
        }
        fastest = fastest.min(batch.elapsed().as_secs_f64());
    }
    fastest * 1e6 / f64::from(BATCH)
}
