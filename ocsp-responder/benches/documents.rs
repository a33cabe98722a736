//! How long a signed PDF of 10 MB is verified, beside hashing the same octets once, in the same run:
//! `cargo bench -p ocsp-responder --bench documents`. Needs openssl, which makes the certificates.
//!
//! One is made of ten large pictures, as scanned letters are; one of a hundred thousand small objects, as forms and drawings are; and
//! each once with another signature on top, so that what came after the first is looked at, too. The two take turns, since other work
//! on the machine comes and goes; the least of each is told.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ca_core::clock::{Clock, SystemClock};
use ca_core::keys::software::SoftwareKey;
use lopdf::{Document, Object, ObjectId, Stream, dictionary};
use ocsp_responder::signature::pades::{PdfNote, PreparedPdf, verify_pdf};
use ocsp_responder::signature::sign_unclaimed;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::given::GivenAnswers;
use ocsp_responder::validation::status::GatheredEvidence;
use ocsp_responder::validation::{Answer, Basis};

const OCTETS: usize = 10 * 1024 * 1024;
const TURNS: u32 = 15;

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::made(folder.path());
    println!(
        "{:<28} {:>10} {:>12} {:>12} {:>12}",
        "10 MB", "octets", "hashed ms", "verified ms", "beyond ms"
    );
    for (name, document) in [("ten pictures", pictures()), ("100 000 objects", objects())] {
        let once = signer.signed(&document);
        let twice = signer.signed(&once);
        for (name, signed, count) in [(name.to_owned(), once, 1), (format!("{name}, signed twice"), twice, 2)]
        {
            let (mut hashed, mut verified) = (Duration::MAX, Duration::MAX);
            for _ in 0..TURNS {
                hashed = hashed.min(timed(|| {
                    let digest = ring::digest::digest(&ring::digest::SHA256, &signed);
                    assert_eq!(digest.as_ref().len(), 32);
                }));
                verified = verified.min(timed(|| signer.verifies(&signed, count)));
            }
            let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
            let (hashed, verified) = (ms(hashed), ms(verified));
            let beyond = verified - hashed;
            println!("{name:<28} {:>10} {hashed:>12.1} {verified:>12.1} {beyond:>12.1}", signed.len());
        }
    }
}

fn timed(act: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    act();
    begun.elapsed()
}

struct Signer {
    key: SoftwareKey,
    leaf: Certificate,
    root: Certificate,
}

impl Signer {
    /// A signer below a root, whose revocation nobody tells of (RFC 9608): what is measured is the document.
    fn made(folder: &Path) -> Self {
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"];
        for name in ["root.key", "leaf.key"] {
            openssl(&[&["genpkey"], &curve[..], &[name]].concat());
        }
        let root = [
            "req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=root", "-out", "root.pem", "-days",
            "30",
        ];
        let of_root = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
        openssl(&[&root[..], &of_root].concat());
        openssl(&["req", "-new", "-key", "leaf.key", "-subj", "/CN=leaf", "-out", "leaf.csr"]);
        let leaf = "keyUsage=critical,nonRepudiation\n2.5.29.56=DER:0500\nauthorityKeyIdentifier=keyid\n";
        std::fs::write(folder.join("leaf.cnf"), leaf).unwrap();
        let issue =
            ["x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"];
        openssl(&[&issue[..], &["-days", "30", "-extfile", "leaf.cnf", "-out", "leaf.pem"]].concat());
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let certificate = |name| Certificate::read_bundle(&read(name)).unwrap().remove(0);
        let key = SoftwareKey::from_pem(&String::from_utf8(read("leaf.key")).unwrap()).unwrap();
        Self { key, leaf: certificate("leaf.pem"), root: certificate("root.pem") }
    }

    fn signed(&self, document: &[u8]) -> Vec<u8> {
        let at = SystemClock.now();
        let prepared = PreparedPdf::of(document, at, &PdfNote::default()).unwrap();
        let signature = sign_unclaimed(&prepared.content(), &self.key, &self.leaf, &[], at).unwrap();
        prepared.complete(&signature).unwrap()
    }

    fn verifies(&self, signed: &[u8], count: usize) {
        let (anchors, evidence) = (std::slice::from_ref(&self.root), GatheredEvidence::default());
        let at = SystemClock.now();
        let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &GivenAnswers, at };
        let verdict = verify_pdf(signed, &basis).unwrap().unwrap();
        assert_eq!(
            (verdict.answer, verdict.signatures.len()),
            (Answer::Valid, count),
            "{:?}",
            verdict.reasons
        );
    }
}

/// Octets without order, as compressed pictures are.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..length.div_ceil(8)).flat_map(|_| next()).take(length).collect()
}

fn pictures() -> Vec<u8> {
    document(|document| {
        (0..10).for_each(|_| {
            let dictionary =
                dictionary! { "Type" => "XObject", "Subtype" => "Image", "Filter" => "DCTDecode" };
            let _ = document.add_object(Stream::new(dictionary, noise(OCTETS / 10)));
        });
    })
}

fn objects() -> Vec<u8> {
    document(|document| {
        (0..100_000_i64).for_each(|number| {
            let text = Object::string_literal(format!("{number:050}"));
            let _ = document.add_object(dictionary! { "Number" => number, "Text" => text });
        });
    })
}

/// A document of one page with more in it.
fn document(fill: impl FnOnce(&mut Document)) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let pages: ObjectId = document.new_object_id();
    let media = vec![0.into(), 0.into(), 595.into(), 842.into()];
    let page = document.add_object(dictionary! { "Type" => "Page", "Parent" => pages, "MediaBox" => media });
    let kids = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    let _ = document.objects.insert(pages, kids.into());
    fill(&mut document);
    let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", root);
    let mut written = Vec::new();
    document.save_to(&mut written).unwrap();
    written
}
