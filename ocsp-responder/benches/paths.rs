//! How many certificates are validated in a second by one thread, as a ratio to `openssl verify` in the same run:
//! `cargo bench -p ocsp-responder --bench paths`. Needs openssl, which makes the certificates.
//!
//! Each side reads a leaf from PEM, finds its path over one CA to the root and checks it, again and again: OpenSSL in one
//! process that is given the leaf's file many times, npki with one pool, so that each has read root and CA once. They
//! take turns, since other work on the machine comes and goes.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ca_core::clock::{Clock, SystemClock};
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::path::{Demands, Pool};

/// How many leaves each side validates in a turn: OpenSSL's start is a hundredth of that.
const LEAVES: usize = 2_000;
const TURNS: u32 = 7;

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\ncertificatePolicies=1.2.3.4\n";
const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\ncertificatePolicies=1.2.3.4\n\
    subjectAltName=DNS:leaf.example.ls\n";

fn main() {
    println!("{:<10} {:>12} {:>12} {:>8}", "chain of 3", "npki /s", "openssl /s", "ratio");
    for (name, options) in [
        ("P-256", ["EC", "ec_paramgen_curve:P-256"]),
        ("P-384", ["EC", "ec_paramgen_curve:P-384"]),
        ("RSA-2048", ["RSA", "rsa_keygen_bits:2048"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        hierarchy(folder.path(), options);
        let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..TURNS {
            theirs += openssl_verifies(folder.path());
            ours += npki_validates(folder.path());
        }
        let rate = |time: Duration| f64::from(TURNS) * LEAVES as f64 / time.as_secs_f64();
        let (ours, theirs) = (rate(ours), rate(theirs));
        println!("{name:<10} {ours:>12.0} {theirs:>12.0} {:>8.2}", ours / theirs);
    }
}

fn openssl_verifies(folder: &Path) -> Duration {
    let mut command = Command::new("openssl");
    command.args(["verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem"]).args(["leaf.pem"; LEAVES]);
    let begun = Instant::now();
    let output = command.current_dir(folder).stderr(Stdio::inherit()).output().unwrap();
    let time = begun.elapsed();
    assert_eq!(String::from_utf8(output.stdout).unwrap().matches(": OK").count(), LEAVES);
    time
}

fn npki_validates(folder: &Path) -> Duration {
    let read = |name: &str| Certificate::read_bundle(&fs::read(folder.join(name)).unwrap()).unwrap();
    let at = SystemClock.now();
    let begun = Instant::now();
    let pool = Pool::new(&read("issuing.pem"), &read("root.pem"));
    for _ in 0..LEAVES {
        let leaf = read("leaf.pem");
        let path = pool.find_path(&leaf[0], &Demands::NONE, at).unwrap();
        assert_eq!(path.certificates().len(), 3);
    }
    begun.elapsed()
}

/// `root.pem`, `issuing.pem` and `leaf.pem`, with keys of this kind.
fn hierarchy(folder: &Path, [algorithm, option]: [&str; 2]) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(folder.join("req.cnf"), "[req]\ndistinguished_name=dn\n[dn]\n").unwrap();
    for (name, issuer, extensions) in
        [("root", "root", CA), ("issuing", "root", CA), ("leaf", "issuing", LEAF)]
    {
        let file = |name: &str, ending: &str| format!("{name}.{ending}");
        let (key, request, certificate) = (file(name, "key"), file(name, "csr"), file(name, "pem"));
        openssl(&["genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", &key]);
        let subject = format!("/C=LS/O=Test/CN={name}");
        openssl(&["req", "-new", "-config", "req.cnf", "-key", &key, "-subj", &subject, "-out", &request]);
        fs::write(folder.join("ext.cnf"), extensions).unwrap();
        let (ca, ca_key) = (file(issuer, "pem"), file(issuer, "key"));
        let signed_by: &[&str] = if name == issuer {
            &["-signkey", &key]
        } else {
            &["-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"]
        };
        let end = ["-days", "30", "-extfile", "ext.cnf", "-out", &certificate];
        openssl(&[&["x509", "-req", "-in", &request], signed_by, &end].concat());
    }
}
