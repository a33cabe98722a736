//! The responder as it runs, among clients that are large, slow or rude, and what its operator sees of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tests::bystander;
use tests::installation::{Installation, free_ports};

/// How long a slow client may be borne, in a test on a busy machine: the settings say a second.
const PATIENCE: Duration = Duration::from_secs(60);

struct Rough {
    installation: Installation,
    address: String,
    operator: String,
}

impl Rough {
    fn start() -> Self {
        Self::start_edited(str::to_owned)
    }

    fn start_edited(edit: impl FnOnce(&str) -> String) -> Self {
        let mut installation = Installation::founded();
        let [port, _] = free_ports();
        let operator = format!("127.0.0.1:{port}");
        installation.edit_settings(|text| {
            let text = text.replacen("handshake_seconds = 10", "handshake_seconds = 1", 1);
            edit(&text.replacen("[listen]\n", &format!("[listen]\noperator = \"{operator}\"\n"), 1))
        });
        installation.start();
        let address = installation.public_url().replace("http://", "");
        Self { installation, address, operator }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends this, whatever becomes of it; what came back before the connection ended.
    fn send(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that has heard enough may have closed already.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn watch(&self, path: &str) -> String {
        let answer = bystander::fetch(&self.installation, &format!("http://{}{path}", self.operator));
        assert_eq!(answer.status, 200, "{path}");
        String::from_utf8(answer.body).unwrap()
    }

    fn is_well(&self) {
        let health = bystander::fetch(&self.installation, &format!("http://{}/healthz", self.address));
        assert_eq!(health.status, 200);
    }
}

#[test]
fn what_is_large_slow_or_rude_is_shed_and_others_are_served() {
    let rough = Rough::start();
    let head = |length: usize| {
        format!(
            "POST /ocsp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/ocsp-request\r\n\
             Content-Length: {length}\r\n\r\n"
        )
    };
    // Ten megabytes, of which nobody reads the most: told so, or cut off.
    let large = [head(10_000_000).as_bytes(), &vec![0x30; 10_000_000]].concat();
    let told = rough.send(&large);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 413"), "{told}");
    let long =
        format!("GET /ocsp/{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "M".repeat(64 * 1024));
    let told = rough.send(long.as_bytes());
    assert!(told.starts_with("HTTP/1.1 4"), "{told}");
    assert!(rough.send(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03").is_empty_or_refused());
    assert!(rough.send(b"POST /ocsp HTTP/1.1\r\nContent-Length: -1\r\n\r\n").is_empty_or_refused());

    // Those who drip their head are cut off, and hold up nobody meanwhile.
    let mut slow: Vec<TcpStream> = (0..20).map(|_| rough.connect()).collect();
    let begun = Instant::now();
    for stream in &mut slow {
        stream.write_all(b"GET /ocsp/MEow HTTP/1.1\r\nX: ").unwrap();
    }
    rough.is_well();
    for stream in &mut slow {
        let mut answer = Vec::new();
        let _ = stream.write_all(b"x");
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    }
    assert!(begun.elapsed() < PATIENCE, "slow clients were borne for {:?}", begun.elapsed());
    rough.is_well();

    // Whoever drips the body, too.
    let mut stream = rough.connect();
    stream.write_all(head(100).as_bytes()).unwrap();
    stream.write_all(b"0").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let told = String::from_utf8_lossy(&answer);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    rough.is_well();

    assert!(rough.send(&[head(5).as_bytes(), b"hello"].concat()).contains("application/ocsp-response"));
    let counted = rough.watch("/metrics");
    let line = "npki_ocsp_answers_total{method=\"POST\",status=\"malformedRequest\",origin=\"at-hand\"} 1";
    assert!(counted.lines().any(|told| told == line), "{counted}");
    // All is read soon, and from then on it is told how old it is.
    let give_up = Instant::now() + PATIENCE;
    while !rough.watch("/readyz").contains("s ago") {
        assert!(Instant::now() < give_up, "{}", rough.watch("/readyz"));
        std::thread::sleep(Duration::from_millis(50));
    }
    let public = bystander::fetch(&rough.installation, &format!("http://{}/metrics", rough.address));
    assert_eq!(public.status, 404);
}

trait Refused {
    fn is_empty_or_refused(&self) -> bool;
}

impl Refused for String {
    /// What is no HTTP is told so, or is told nothing.
    fn is_empty_or_refused(&self) -> bool {
        self.is_empty() || self.starts_with("HTTP/1.1 400")
    }
}

#[test]
fn who_asks_too_often_waits_and_the_operator_sees_it() {
    let rough = Rough::start_edited(|text| {
        let text = text.replacen("each_second = 1000", "each_second = 1", 1);
        let text = text.replacen("at_once = 2000", "at_once = 4", 1);
        text.replacen("proxies = []", "proxies = [\"127.0.0.1\"]", 1)
    });
    let ask = |client: &str| {
        let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        rough.send(format!("{head}X-Forwarded-For: {client}\r\n\r\n").as_bytes())
    };
    // However slow the machine is, more than one a second of so many is too often.
    let answers: Vec<String> = (0..60).map(|_| ask("192.0.2.1")).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 429")).collect();
    assert!(answers[0].starts_with("HTTP/1.1 200") && !refused.is_empty(), "{answers:?}");
    assert!(refused[0].to_lowercase().contains("\r\nretry-after: "), "{}", refused[0]);
    assert!(ask("192.0.2.2").starts_with("HTTP/1.1 200"), "another client of the same proxy");
    let told = rough.watch("/metrics");
    assert!(told.contains(&format!("npki_http_refused_total {}\n", refused.len())), "{told}");
}
