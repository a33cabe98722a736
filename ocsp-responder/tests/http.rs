//! The public endpoints over a loopback port, judged by openssl, gnutls and pkilint.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixture;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ca_core::algorithm::KeyAlgorithm;
use ca_core::certificate::CaId;
use ca_core::clock::SystemClock;
use ca_core::crl::{CRL_CHUNKS, CRLS, Crl};
use ca_core::keys::software::SoftwareKey;
use ca_core::status::StatusIndex;
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, StorageError, Store, Table,
    Version, Versioned,
};
use ca_core::tlog::note::{SignatureKind, VerifierKey};
use fixture::{GOOD, Pki, REVOKED, Statuses, UNKNOWN, printed};
use ocsp_responder::http::{Answering, Front, PublicState, operator_router, router};
use ocsp_responder::ledger::{LedgerPublication, PublishedHead};
use ocsp_responder::ocsp::client::{CertificateStatus, Nonce, Query, Tolerance};
use ocsp_responder::ocsp::{CertIdHash, MAX_REQUEST, Responder, ResponderParts, Responders};
use ocsp_responder::publication::Publication;
use time::{Duration, OffsetDateTime};
use tower::make::Shared;

/// A store with one CRL, or one that fails.
#[derive(Debug)]
struct CrlStore(Mutex<Result<Option<Vec<u8>>, StorageError>>);

impl Store for CrlStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        if table == CRL_CHUNKS {
            // The name, a zero octet, the number and the place, both big-endian.
            let place = key.strip_prefix(b"issuing/3\0\0\0\0\0\0\0\0\x07\0\0\0").unwrap();
            return Ok((place[0] < 3).then(|| Versioned { value: chunk(place[0]), version: Version(1) }));
        }
        if key == b"issuing/3" {
            return Ok(Some(Versioned { value: chunked_crl(), version: Version(1) }));
        }
        assert_eq!((table, key), (CRLS, b"issuing".as_slice()));
        let found = self.0.lock().unwrap().clone()?;
        Ok(found.map(|value| Versioned { value, version: Version(1) }))
    }

    fn get_many(&self, _: Table, _: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        unreachable!("publishing reads one CRL at a time")
    }

    fn scan(&self, _: Table, _: &KeyRange, _: usize) -> Result<Vec<Entry>, StorageError> {
        unreachable!("publishing scans nothing")
    }

    fn commit(&self, _: AuditedChange) -> Result<Committed, CommitError> {
        unreachable!("publishing writes nothing")
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        unreachable!("publishing CRLs asks for no ledger")
    }

    fn export(
        &self,
        _: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        unreachable!("publishing exports nothing")
    }
}

fn chunk(place: u8) -> Vec<u8> {
    vec![place; if place == 2 { 1_000 } else { 256 * 1024 }]
}

/// A shard's CRL number 7 as ca-core keeps it when its octets lie in chunks.
fn chunked_crl() -> Vec<u8> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let manifest = r#"{"covers":1,"entries":9,"octets":525288,"sha256":"aa","scope":"","chunks":3}"#;
    let mut stored = Vec::new();
    stored.extend([7_u64.to_be_bytes(), now.to_be_bytes(), (now + 3_600).to_be_bytes()].concat());
    stored.push(b'M');
    stored.extend(u32::try_from(manifest.len()).unwrap().to_be_bytes());
    stored.extend(manifest.bytes());
    stored
}

fn log_key() -> VerifierKey {
    let key = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
    VerifierKey::of_signer("example.org/ledger".parse().unwrap(), SignatureKind::Ed25519, &key).unwrap()
}

/// A served PKI.
struct Server {
    pki: Pki,
    address: SocketAddr,
    operator: SocketAddr,
    store: Arc<CrlStore>,
    statuses: Arc<Statuses>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start() -> Self {
        let pki = Pki::new();
        let store = Arc::new(CrlStore(Mutex::new(Ok(None))));
        let statuses = Arc::new(Statuses::default());
        let parts = ResponderParts { status: statuses.clone(), ..pki.parts("responder", "ca") };
        let ledger = Arc::new(MemoryStore::new());
        let state = PublicState {
            ledger: Arc::new(LedgerPublication::new(ledger, PublishedHead::Signed)),
            log_key: log_key(),
            responders: Arc::new(Responders::new().with(Arc::new(Responder::new(parts).unwrap()))),
            publication: Arc::new(
                Publication::new(store.clone()).with(CaId::new("issuing").unwrap(), pki.read("ca.der")),
            ),
            clock: Arc::new(SystemClock),
            status: Arc::new(StatusIndex::new(Arc::new(SystemClock))),
            feed: None,
            metrics: Arc::default(),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let serve = |front| {
            let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            runtime.spawn(async move { axum::serve(listener, Shared::new(front)).await.unwrap() });
            address
        };
        let nobody = Answering { responders: Arc::default(), ..state.answering() };
        let operator = serve(Front::before(operator_router(state.clone()), nobody, None));
        let answering = state.answering();
        let address = serve(Front::before(router(state), answering, None));
        Self { pki, address, operator, store, statuses, _runtime: runtime }
    }

    fn url(&self) -> String {
        format!("http://{}/ocsp", self.address)
    }

    /// Asks with openssl; the arguments are added to the usual ones.
    fn openssl(&self, arguments: &str) -> String {
        self.pki.openssl(&format!("ocsp -issuer ca.pem -CAfile ca.pem -url {} {arguments}", self.url()))
    }

    fn query(&self, name: &str) -> Query {
        let certificate = self.pki.read(&format!("{name}.der"));
        Query::about(&certificate, &self.pki.read("ca.der"), CertIdHash::Sha1, None).unwrap()
    }

    fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\n"), b"")
    }

    fn post(&self, content_type: &str, body: &[u8]) -> Reply {
        let head = format!(
            "POST /ocsp HTTP/1.1\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.send(&head, body)
    }

    /// Asks as an operator does.
    fn watch(&self, path: &str) -> Reply {
        Self::send_to(self.operator, &format!("GET {path} HTTP/1.1\r\n"), b"")
    }

    fn send(&self, head: &str, body: &[u8]) -> Reply {
        Self::send_to(self.address, head, body)
    }

    /// Sends a request as it stands and reads until the server closes.
    fn send_to(address: SocketAddr, head: &str, body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        stream.write_all(format!("{head}Host: npki\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        // A server that has answered may have closed already.
        let _ = stream.write_all(body);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        Reply::read(&reply)
    }
}

/// An HTTP response.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    }

    fn is_malformed_request(&self) -> bool {
        self.status == 200
            && self.header("content-type") == Some("application/ocsp-response")
            && self.header("cache-control") == Some("no-store")
            && self.body == [0x30, 3, 0x0a, 1, 1]
    }
}

#[test]
fn openssl_verifies_every_status() {
    let server = Server::start();
    for options in ["", "-no_nonce", "-sha256", "-sha1 -no_nonce"] {
        let text = server
            .openssl(&format!("{options} -cert good.pem -cert revoked.pem -cert held.pem -cert unknown.pem"));
        assert!(text.contains("Response verify OK"), "{options}: {text}");
        assert!(text.contains("good.pem: good"), "{text}");
        assert!(text.contains("revoked.pem: revoked"), "{text}");
        assert!(text.contains("Reason: keyCompromise"), "{text}");
        assert!(text.contains("held.pem: revoked"), "{text}");
        assert!(text.contains("Reason: certificateHold"), "{text}");
        assert!(text.contains("unknown.pem: unknown"), "{text}");
        assert!(text.contains("Revocation Time: Jan  2 03:04:05 2026 GMT"), "{text}");
        assert!(!text.contains("WARNING"), "{text}");
    }
}

#[test]
fn openssl_asks_by_serial_numbers() {
    let server = Server::start();
    let text = server.openssl(&format!("-serial 0x{GOOD} -serial 0x{REVOKED} -serial 0x{UNKNOWN}"));
    assert!(text.contains("Response verify OK"), "{text}");
    for (serial, status) in [(GOOD, "good"), (REVOKED, "revoked"), (UNKNOWN, "unknown")] {
        assert!(text.contains(&format!("0x{serial}: {status}")), "{text}");
    }
}

#[test]
fn gnutls_verifies_good_and_revoked() {
    let server = Server::start();
    for (name, told) in [("good", "Certificate Status: good"), ("revoked", "Certificate Status: revoked")] {
        let ask = format!("--ask={}", server.url());
        let text = server.pki.run(
            "ocsptool",
            &[
                &ask,
                "--nonce",
                "--load-issuer",
                "ca.pem",
                "--load-cert",
                &format!("{name}.pem"),
                "--load-trust",
                "ca.pem",
            ],
        );
        assert!(text.contains(told), "{text}");
        assert!(text.contains("Verifying OCSP Response: Success"), "{text}");
    }
}

#[test]
fn pkilint_finds_no_fault_with_any_answer() {
    let server = Server::start();
    let tool = std::env::var_os("NPKI_PYTHON_BIN")
        .map_or_else(PathBuf::new, PathBuf::from)
        .join("lint_ocsp_response");
    let tool = tool.to_str().unwrap();
    for name in ["good", "revoked", "held", "unknown"] {
        for nonce in [None, Some(Nonce::draw(&ca_core::clock::SystemEntropy).unwrap())] {
            let certificate = server.pki.read(&format!("{name}.der"));
            let query =
                Query::about(&certificate, &server.pki.read("ca.der"), CertIdHash::Sha1, nonce).unwrap();
            let reply = server.post("application/ocsp-request", query.der());
            std::fs::write(server.pki.path("answer.der"), &reply.body).unwrap();
            let output =
                server.pki.attempt(tool, &["lint", "-s", "NOTICE", "--document-format", "DER", "answer.der"]);
            let text = printed(&output);
            assert!(output.status.success() && text.trim().is_empty(), "{name}: {}\n{text}", output.status);
        }
    }
}

#[test]
fn get_takes_every_spelling_of_the_request() {
    let server = Server::start();
    let query = server.query("revoked");
    let standard = STANDARD.encode(query.der());
    let encoded = standard.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let lower = encoded.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
    let spellings =
        [standard.clone(), encoded, lower, format!("/{standard}"), URL_SAFE_NO_PAD.encode(query.der())];
    for spelling in spellings {
        let reply = server.get(&format!("/ocsp/{spelling}"));
        assert_eq!(reply.status, 200, "{spelling}");
        let verified = query.verify(&reply.body, OffsetDateTime::now_utc(), Tolerance::default()).unwrap();
        assert!(matches!(verified.status, CertificateStatus::Revoked { .. }), "{spelling}");
        // Kept, it is the same answer, whatever the spelling.
        let again = server.get(&format!("/ocsp/{spelling}"));
        assert_eq!((again.status, again.body), (200, reply.body), "{spelling}");
    }
}

#[test]
fn answers_to_get_are_cacheable_and_others_are_not() {
    let server = Server::start();
    let query = server.query("good");
    let path = format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(query.der()));
    let reply = server.get(&path);
    assert_eq!(reply.header("content-type"), Some("application/ocsp-response"));
    assert_eq!(reply.header("cache-control"), Some("max-age=300, public, no-transform, must-revalidate"));
    let etag = reply.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() == 66);
    assert!(reply.header("last-modified").is_some() && reply.header("expires").is_some());
    let length: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert_eq!(length, reply.body.len());

    let head = server.send(&format!("HEAD {path} HTTP/1.1\r\n"), b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), Some(etag));

    assert_eq!(
        server.post("application/ocsp-request", query.der()).header("cache-control"),
        Some("no-store")
    );
    let nonce = Some(Nonce::draw(&ca_core::clock::SystemEntropy).unwrap());
    let query =
        Query::about(&server.pki.read("good.der"), &server.pki.read("ca.der"), CertIdHash::Sha1, nonce)
            .unwrap();
    let reply = server.get(&format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(query.der())));
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
}

#[test]
fn whoever_holds_the_answer_is_told_so_until_it_changes() {
    let server = Server::start();
    let path = format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(server.query("good").der()));
    let ask = |condition: &str| server.send(&format!("GET {path} HTTP/1.1\r\n{condition}\r\n"), b"");
    let first = server.get(&path);
    let etag = format!("If-None-Match: {}", first.header("etag").unwrap());
    let held = ask(&etag);
    assert_eq!((held.status, held.body.len()), (304, 0));
    for name in ["etag", "last-modified", "expires", "cache-control"] {
        assert!(held.header(name).is_some(), "{name}");
    }
    // A date is no proof: the certificate may be revoked in the second of the answer before.
    let date = format!("If-Modified-Since: {}", first.header("last-modified").unwrap());
    assert_eq!((ask(&date).status, ask(&date).body), (200, first.body.clone()));
    server.statuses.set(GOOD, fixture::revoked(ca_core::status::RevocationReason::Superseded));
    for condition in [&etag, &date] {
        let changed = ask(condition);
        assert_eq!(changed.status, 200, "{condition}");
        assert_ne!(changed.header("etag"), first.header("etag"));
        let query = server.query("good");
        let verified = query.verify(&changed.body, OffsetDateTime::now_utc(), Tolerance::default()).unwrap();
        assert!(matches!(verified.status, CertificateStatus::Revoked { .. }));
    }
}

#[test]
fn operators_see_what_was_counted_and_nobody_else_does() {
    let server = Server::start();
    let good = server.query("good").der().to_vec();
    let path = format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(&good));
    assert_eq!((server.get(&path).status, server.get(&path).status), (200, 200));
    assert_eq!(server.post("application/ocsp-request", b"hello").status, 200);
    let told = server.watch("/metrics");
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((told.status, told.header("content-type")), (200, Some(media_type)));
    let text = String::from_utf8(told.body).unwrap();
    for (labels, count) in [
        ("method=\"GET\",status=\"successful\",origin=\"signed\"", 1),
        ("method=\"GET\",status=\"successful\",origin=\"at-hand\"", 1),
        ("method=\"POST\",status=\"malformedRequest\",origin=\"at-hand\"", 1),
    ] {
        let line = format!("npki_ocsp_answers_total{{{labels}}} {count}");
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(!text.contains(GOOD), "a serial number is nobody's business");
    let ready = server.watch("/readyz");
    let said = String::from_utf8(ready.body).unwrap();
    assert!(ready.status == 200 && said.contains("the index is being filled"), "{said}");
    assert_eq!((server.get("/metrics").status, server.watch(&path).status), (404, 404));
}

#[test]
fn bad_requests_get_a_proper_answer_and_never_a_5xx() {
    let server = Server::start();
    let good = server.query("good").der().to_vec();
    assert_eq!(server.post("application/ocsp-request", &good).status, 200);
    assert_eq!(server.post("Application/OCSP-Request; charset=binary", &good).status, 200);
    assert_eq!(server.post("application/json", &good).status, 415);
    let untyped = format!("POST /ocsp HTTP/1.1\r\nContent-Length: {}\r\n", good.len());
    assert_eq!(server.send(&untyped, &good).status, 415);
    let slash = format!(
        "POST /ocsp/ HTTP/1.1\r\nContent-Type: application/ocsp-request\r\nContent-Length: {}\r\n",
        good.len()
    );
    assert_eq!(server.send(&slash, &good).status, 200);

    assert!(server.post("application/ocsp-request", b"").is_malformed_request());
    assert!(server.post("application/ocsp-request", b"hello").is_malformed_request());
    assert!(server.post("application/ocsp-request", &vec![0x30; MAX_REQUEST]).is_malformed_request());
    assert_eq!(server.post("application/ocsp-request", &vec![0x30; MAX_REQUEST + 1]).status, 413);
    assert!(server.get("/ocsp/").is_malformed_request());
    assert!(server.get("/ocsp/!!!").is_malformed_request());
    assert!(server.get("/ocsp/MA==").is_malformed_request());
    assert!(server.get("/ocsp/%FF%FE").is_malformed_request());
    assert!(server.get("/ocsp/%00").is_malformed_request());
    assert_eq!(server.get(&format!("/ocsp/{}", "M".repeat(5000))).status, 414);
    assert_eq!(server.get("/ocsp").status, 405);
    assert_eq!(server.send("PUT /ocsp HTTP/1.1\r\n", b"").status, 405);
    for length in 0..good.len() {
        let path = format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(&good[..length]));
        assert!(server.get(&path).is_malformed_request(), "{path}");
    }
}

#[test]
fn certificates_are_published() {
    let server = Server::start();
    let reply = server.get("/ca/issuing.cer");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/pkix-cert")));
    assert_eq!(reply.body, server.pki.read("ca.der"));
    let etag = reply.header("etag").unwrap();
    let again = server.send(&format!("GET /ca/issuing.cer HTTP/1.1\r\nIf-None-Match: {etag}\r\n"), b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(etag));
    for path in
        ["/ca/other.cer", "/ca/issuing.crl", "/ca/issuing", "/ca/..%2Fissuing.cer", "/ca/%FF.cer", "/nothing"]
    {
        let reply = server.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(reply.body.iter().filter(|octet| **octet == b'\n').count(), 1, "one line");
    }
}

#[test]
fn the_newest_crl_is_published() {
    let server = Server::start();
    assert_eq!(server.get("/crl/issuing.crl").status, 404);
    assert_eq!(server.get("/readyz").status, 200);

    let pki = &server.pki;
    std::fs::write(pki.path("index.txt"), "").unwrap();
    std::fs::write(pki.path("ca.conf"), "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha384\n")
        .unwrap();
    pki.openssl("ca -config ca.conf -gencrl -keyfile ca.key -cert ca.pem -crldays 1 -out crl.pem");
    pki.openssl("crl -in crl.pem -outform DER -out crl.der");
    let crl = Crl {
        number: 1,
        this_update: OffsetDateTime::now_utc(),
        next_update: OffsetDateTime::now_utc() + Duration::days(1),
        der: pki.read("crl.der"),
    };
    *server.store.0.lock().unwrap() = Ok(Some(crl.to_stored()));

    let reply = server.get("/crl/issuing.crl");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/pkix-crl")));
    assert_eq!(reply.body, pki.read("crl.der"));
    assert_eq!(reply.header("cache-control"), Some("max-age=300, public, no-transform, must-revalidate"));
    assert!(reply.header("expires").is_some());
    let conditions = [
        format!("If-None-Match: {}", reply.header("etag").unwrap()),
        format!("If-Modified-Since: {}", reply.header("last-modified").unwrap()),
    ];
    for condition in conditions {
        let again = server.send(&format!("GET /crl/issuing.crl HTTP/1.1\r\n{condition}\r\n"), b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{condition}");
    }
    assert_eq!(server.send("HEAD /crl/issuing.crl HTTP/1.1\r\n", b"").body.len(), 0);
    assert_eq!(server.get("/crl/root.crl").status, 404);
}

#[test]
fn a_large_crl_is_sent_part_by_part() {
    let server = Server::start();
    let reply = server.get("/crl/issuing/3.crl");
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("525288")));
    assert_eq!(reply.header("etag"), Some("\"aa\""));
    assert_eq!(reply.body, (0..3).flat_map(chunk).collect::<Vec<_>>());
    let head = server.send("HEAD /crl/issuing/3.crl HTTP/1.1\r\n", b"");
    assert_eq!((head.header("content-length"), head.body.len()), (Some("525288"), 0));
    let again = server.send("GET /crl/issuing/3.crl HTTP/1.1\r\nIf-None-Match: \"aa\"\r\n", b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    // In gzip to those who take it: the same octets, under another tag.
    let gzip = server.send("GET /crl/issuing/3.crl HTTP/1.1\r\nAccept-Encoding: gzip, br\r\n", b"");
    assert_eq!((gzip.status, gzip.header("content-encoding")), (200, Some("gzip")));
    assert_eq!((gzip.header("etag"), gzip.header("vary")), (Some("\"aa-gzip\""), Some("accept-encoding")));
    let mut read = Vec::new();
    flate2::read::GzDecoder::new(gzip.body.as_slice()).read_to_end(&mut read).unwrap();
    assert_eq!((read, gzip.body.len() < 10_000), (reply.body, true));
    let held = "GET /crl/issuing/3.crl HTTP/1.1\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"aa-gzip\"\r\n";
    assert_eq!(server.send(held, b"").status, 304);
    for unknown in ["/crl/issuing/03.crl", "/crl/issuing/0.crl", "/crl/other/3.crl", "/crl/issuing/3/3.crl"] {
        assert_eq!(server.get(unknown).status, 404, "{unknown}");
    }
}

#[test]
fn a_failing_store_is_told_without_its_innards() {
    let server = Server::start();
    *server.store.0.lock().unwrap() = Err(StorageError("/var/lib/npki is on fire".to_owned()));
    assert_eq!(server.get("/healthz").status, 200);
    for path in ["/crl/issuing.crl", "/readyz"] {
        let reply = server.get(path);
        assert_eq!(reply.status, 503);
        assert!(!String::from_utf8_lossy(&reply.body).contains("fire"));
    }
    *server.store.0.lock().unwrap() = Ok(Some(b"no CRL".to_vec()));
    assert_eq!(server.get("/crl/issuing.crl").status, 503);
}
