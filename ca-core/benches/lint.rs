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

fn main() {
    let ca = Ca::founded_on(MemoryStore::new());
    let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
    let key = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
    let profiles = ProfileSet::built_in().unwrap();
    let issuer = ca.issuing.certificate();
    for id in ["device", "person-signature", "tls-server"] {
        let certificate = ca.issue(id, key.clone()).unwrap().der;
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
        let tbs = parsed.tbs_certificate.as_ref();
        let context = Context { issuer: Some(issuer), profile: profiles.find(id).unwrap() };
        let signing = each(|| drop(lint::lint(tbs.to_vec(), &context).unwrap()));
        let found = Found { certificate: &certificate, issuer: Some(issuer), kind: None };
        let file = each(|| drop(lint::certificate(&found)));
        println!("{id:20} before signing {signing:6.1} µs   as found in a file {file:6.1} µs");
    }
}

/// Microseconds that `act` takes.
fn each(act: impl Fn()) -> f64 {
    let (begun, mut times) = (Instant::now(), 0_u32);
    while begun.elapsed() < RUN {
        act();
        times += 1;
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}
