//! How many questions a second `/v1/validation` answers over HTTP: about a certificate, about a signature by the digest of its document
//! alone, and 64 of them in one call; beside a bare endpoint of the same server that reads as much and says nothing, and beside the same
//! validation without HTTP, in the same run: `cargo bench -p ocsp-responder --bench validation`. Needs openssl, which makes the
//! certificates.
//!
//! As many connections ask at once as there are processors, each the next question when the last was answered; who asks runs on the same
//! processors as who answers. TLS, which stands in front of it in an installation, is not in it: it costs when a connection begins. Each is
//! measured in turns; the best turn of each is told.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::clock::{Clock, SystemClock};
use ca_core::storage::memory::MemoryStore;
use fixture::{GOOD, Pki, Statuses};
use ocsp_responder::http::validation::validation_router;
use ocsp_responder::metrics::Metrics;
use ocsp_responder::publication::Publication;
use ocsp_responder::signature::{ContentDigest, sign_detached};
use ocsp_responder::validation::Answer;
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::status::GatheredEvidence;
use ocsp_responder::validator::{SignatureContent, Validator};
use serde_json::{Value, json};

/// How long each turn lasts, and how many there are.
const TURN: Duration = Duration::from_millis(800);
const TURNS: u32 = 5;
/// How many questions there are in one call of a batch, at most.
const BATCH: usize = 64;
const CONTENT: &[u8] = b"The ministry pays 100 maloti.\n";

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let desk = Desk::opened();
    let server = desk.serving();
    let (certificate, signature) = (desk.about_certificate(), desk.about_signature());
    let batch = json!({"questions": vec![json!({"certificate": certificate}); BATCH]}).to_string();
    let (certificate, signature) = (certificate.to_string(), signature.to_string());
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let over_http = |path: &'static str, body: &str| Load::Http { server, path, body: body.to_owned() };
    let loads = [
        over_http("/floor", &certificate),
        over_http("/v1/validation/certificates", &certificate),
        Load::Certificate(&desk),
        over_http("/v1/validation/signatures", &signature),
        Load::Signature(&desk),
        over_http("/floor", &batch),
        over_http("/v1/validation/batch", &batch),
    ];
    let [floor, certificates, bare, signatures, bare_signatures, batch_floor, batches] =
        rates(&loads, at_once);
    println!("{at_once} connections at once");
    tell("bare endpoint, a question's octets", floor, None);
    tell("certificates", certificates, Some(("the bare endpoint", floor)));
    tell("  the same without HTTP", bare, None);
    tell("  over HTTP", certificates, Some(("that without HTTP", bare)));
    tell("signatures by digest", signatures, Some(("the bare endpoint", floor)));
    tell("  the same without HTTP", bare_signatures, None);
    tell("  over HTTP", signatures, Some(("that without HTTP", bare_signatures)));
    tell("bare endpoint, a batch's octets", batch_floor, None);
    tell("batches of 64 certificates", batches, Some(("the bare endpoint", batch_floor)));
    tell("  certificates in them", batches * 64.0, Some(("that without HTTP", bare)));
}

fn tell(what: &str, rate: f64, beside: Option<(&str, f64)>) {
    match beside {
        None => println!("{what:<36} {rate:>9.0} /s"),
        Some((name, other)) => println!("{what:<36} {rate:>9.0} /s   {:.2} of {name}", rate / other),
    }
}

/// What is done again and again.
enum Load<'a> {
    /// A question over HTTP, on a connection that is kept.
    Http { server: SocketAddr, path: &'static str, body: String },
    /// A certificate judged without HTTP, its question read.
    Certificate(&'a Desk),
    /// A signature judged by the digest of its document without HTTP.
    Signature(&'a Desk),
}

impl Load<'_> {
    /// How often it is done in a turn, by one thread.
    fn turn(&self) -> u32 {
        let mut act: Box<dyn FnMut() + '_> = match self {
            Self::Http { server, path, body } => {
                let mut connection = Connection::to(*server);
                Box::new(move || assert_eq!(connection.post(path, body).0, 200))
            }
            Self::Certificate(desk) => Box::new(|| desk.judge_certificate()),
            Self::Signature(desk) => Box::new(|| desk.judge_signature()),
        };
        act();
        let (begun, mut done) = (Instant::now(), 0);
        while begun.elapsed() < TURN {
            act();
            done += 1;
        }
        done
    }
}

/// How often each is done in a second by so many at once, in the best of its turns.
fn rates<const COUNT: usize>(loads: &[Load<'_>; COUNT], at_once: usize) -> [f64; COUNT] {
    let mut best = [0.0_f64; COUNT];
    for _ in 0..TURNS {
        for (load, best) in loads.iter().zip(&mut best) {
            let done: u32 = std::thread::scope(|scope| {
                let all: Vec<_> = (0..at_once).map(|_| scope.spawn(|| load.turn())).collect();
                all.into_iter().map(|one| one.join().unwrap()).sum()
            });
            *best = best.max(f64::from(done) / TURN.as_secs_f64());
        }
    }
    best
}

/// A connection that is kept open.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Asks, and reads the whole answer: its status and content.
    fn post(&mut self, path: &str, body: &str) -> (u16, Vec<u8>) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            } else if line == "\r\n" {
                break;
            }
        }
        let mut content = vec![0; length];
        self.0.read_exact(&mut content).unwrap();
        (status, content)
    }
}

/// A CA with a certificate and a signature of it, and whoever judges them.
struct Desk {
    validator: Arc<Validator>,
    certificate: Certificate,
    signature: Vec<u8>,
}

impl Desk {
    fn opened() -> Self {
        let pki = Pki::new();
        pki.authority("own", "/C=LS/O=Test/CN=root", "P-256");
        pki.issue("leaf", "own", "leaf", GOOD);
        let read = |name: &str| Certificate::from_der(&pki.read(name)).unwrap();
        let (root, certificate) = (read("own.der"), read("leaf.der"));
        let signer = pki.signer("leaf");
        let signature =
            sign_detached(CONTENT, signer.as_ref(), &certificate, &[], SystemClock.now()).unwrap();
        let publication = Arc::new(Publication::new(Arc::new(MemoryStore::default())));
        let validator = Validator::new(publication, Arc::new(SystemClock))
            .trusting(root.clone())
            .knowing(root, Arc::new(Statuses::default()));
        Self { validator: Arc::new(validator), certificate, signature }
    }

    /// The endpoints, and the bare one, at a port of this machine.
    fn serving(&self) -> SocketAddr {
        let bare = post(|body: Bytes| async move { format!("{{\"octets\":{}}}", body.len()) });
        let router = validation_router(Arc::clone(&self.validator), None, Arc::new(Metrics::new()));
        let router = router.route("/floor", bare);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        let server = told.recv().unwrap();
        for (path, question) in [
            ("/v1/validation/certificates", self.about_certificate()),
            ("/v1/validation/signatures", self.about_signature()),
        ] {
            let (_, answer) = Connection::to(server).post(path, &question.to_string());
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["answer"], "valid", "{answer}");
        }
        server
    }

    fn about_certificate(&self) -> Value {
        json!({"certificate": STANDARD.encode(self.certificate.der())})
    }

    fn about_signature(&self) -> Value {
        let digest = ContentDigest::of(CONTENT, DigestAlgorithm::Sha256);
        let digest = json!({"algorithm": "sha-256", "value": STANDARD.encode(digest.octets())});
        json!({"signature": STANDARD.encode(&self.signature), "digest": digest})
    }

    fn judge_certificate(&self) {
        let certificate = Certificate::from_der(self.certificate.der()).unwrap();
        let verdict =
            self.validator.certificate(&certificate, &[], GatheredEvidence::default(), None).unwrap();
        assert_eq!(verdict.answer, Answer::Valid, "{:?}", verdict.reasons);
    }

    fn judge_signature(&self) {
        let digest = SignatureContent::Digest(ContentDigest::of(CONTENT, DigestAlgorithm::Sha256));
        let given = GatheredEvidence::default();
        let verdict = self.validator.signature(&self.signature, digest, &[], given, None).unwrap();
        assert_eq!(verdict.answer, Answer::Valid, "{:?}", verdict.reasons);
    }
}
