//! How fast OCSP answers are signed, as a ratio to the responder key's bare signatures in the same run, and how fast those are
//! given that are kept:
//! `cargo bench -p ocsp-responder`. Needs openssl, which makes the certificates.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::time::{Duration, Instant};

use ca_core::clock::SystemEntropy;
use fixture::Pki;
use ocsp_responder::ocsp::CertIdHash;
use ocsp_responder::ocsp::client::{Nonce, Query};

/// How long each measurement runs.
const RUN: Duration = Duration::from_secs(3);

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let pki = Pki::new();
    let signer = pki.signer("responder");
    let signatures = rate(|| drop(signer.sign(b"to be signed").unwrap()));
    println!("bare signatures of the responder's key   {signatures:>8.0} /s");
    let responder = pki.responder();
    let nonce = Some(Nonce::draw(&SystemEntropy).unwrap());
    let query = Query::about(&pki.read("good.der"), &pki.read("ca.der"), CertIdHash::Sha1, nonce).unwrap();
    let answers = rate(|| drop(responder.respond(query.der())));
    println!(
        "answers with nonce, freshly signed       {answers:>8.0} /s   {:.2} of the signatures",
        answers / signatures
    );
    let query = Query::about(&pki.read("good.der"), &pki.read("ca.der"), CertIdHash::Sha1, None).unwrap();
    let kept = rate(|| drop(responder.respond(query.der())));
    println!(
        "answers that are kept, request read      {kept:>8.0} /s   {:.1} times those signed",
        kept / answers
    );
}

/// How often `act` is done in a second, by one thread.
fn rate(act: impl Fn()) -> f64 {
    let begun = Instant::now();
    let mut done = 0_u32;
    while begun.elapsed() < RUN {
        act();
        done += 1;
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}
