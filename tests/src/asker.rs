//! Somebody who asks a responder without end, each time on a connection of its own, and notes what is no answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;

/// How long an answer may take: a service that is restarted is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until it is dropped or told to stop.
#[derive(Debug)]
pub struct Asker {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Asked>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Asked {
    /// How often a successful OCSP response came.
    pub answered: usize,
    /// What else came.
    pub failed: Vec<String>,
    /// The longest that an answer took.
    pub longest: Duration,
}

impl Asker {
    /// Begins to ask at this port of 127.0.0.1, by POST and by GET in turns; `request` is an OCSP request, DER.
    pub fn begin(port: u16, request: &[u8]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = [by_post(request), by_get(request)].map(|question| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                let mut asked = Asked::default();
                while !stop.load(Ordering::Relaxed) {
                    asked.ask(port, &question);
                }
                asked
            })
        });
        Self { stop, threads: threads.into() }
    }

    /// Stops; what came.
    pub fn end(mut self) -> Asked {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Asked::default();
        for thread in self.threads.drain(..) {
            let one = thread.join().unwrap();
            all.answered += one.answered;
            all.failed.extend(one.failed);
            all.longest = all.longest.max(one.longest);
        }
        all
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Asked {
    fn ask(&mut self, port: u16, question: &[u8]) {
        let begun = Instant::now();
        match answer(port, question) {
            Ok(answer) if is_successful(&answer) => self.answered += 1,
            Ok(answer) => {
                self.failed.push(String::from_utf8_lossy(&answer[..answer.len().min(300)]).into_owned())
            }
            Err(error) => self.failed.push(format!("{error} after {:?}", begun.elapsed())),
        }
        self.longest = self.longest.max(begun.elapsed());
    }

    /// Nothing failed, and there was something.
    #[track_caller]
    pub fn never_failed(&self) {
        let Self { answered, failed, longest } = self;
        eprintln!("{answered} answers, {} failed, the longest took {longest:?}", failed.len());
        assert!(
            failed.is_empty(),
            "{} of {} failed: {:?}",
            failed.len(),
            answered + failed.len(),
            failed.first()
        );
        assert!(*answered > 100, "only {answered} answers");
    }
}

/// A POST (RFC 6960 appendix A.1).
fn by_post(request: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /ocsp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/ocsp-request\r\n\
         Content-Length: {}\r\n\r\n",
        request.len()
    );
    [head.as_bytes(), request].concat()
}

/// A GET (RFC 6960 appendix A.1).
fn by_get(request: &[u8]) -> Vec<u8> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(request);
    let path = encoded.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    format!("GET /ocsp/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").into_bytes()
}

/// One question's answer, headers and all.
fn answer(port: u16, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(question)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// HTTP 200 with an OCSPResponse whose responseStatus is successful (RFC 6960 section 4.2.1).
fn is_successful(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let body = &answer[end + 4..];
    // A SEQUENCE whose length has two octets more, and the ENUMERATED 0 that it begins with.
    answer.starts_with(b"HTTP/1.1 200 ")
        && body.starts_with(&[0x30, 0x82])
        && body.get(4..7) == Some(&[0x0a, 1, 0])
}

/// Asks once, and says whether the answer calls the certificate revoked.
///
/// # Panics
/// There is no successful answer.
pub fn says_revoked(port: u16, request: &[u8]) -> bool {
    let answer = answer(port, &by_post(request)).unwrap();
    assert!(is_successful(&answer), "{}", String::from_utf8_lossy(&answer));
    // CertStatus revoked is [1] IMPLICIT RevokedInfo, which begins with a GeneralizedTime of fifteen octets; good is an empty [0].
    answer.windows(4).any(|four| four[0] == 0xa1 && four[2..] == [0x18, 0x0f])
}
