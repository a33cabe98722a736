//! Many clients asking for certificates at once, remembering what they were told.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::installation::random_u16;
use crate::npki::text;
use crate::programs::Program;
use crate::rest::{Response, Rest};

/// A certificate request as one client sends it, again and again if need be.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The idempotency key, the same each time.
    pub key: String,
    /// The body, the same each time.
    pub body: Value,
    /// The device asked for.
    pub identity: String,
}

/// A certificate that a client was told of.
#[derive(Debug, Clone)]
pub struct Told {
    /// What the client had sent.
    pub attempt: Attempt,
    /// The serial number in the answer.
    pub serial: String,
    /// The certificate, if the client could still fetch it, PEM.
    pub pem: Option<String>,
}

/// What all clients together remember.
#[derive(Debug, Default)]
pub struct Memory {
    /// Answered with a certificate.
    pub told: Vec<Told>,
    /// Sent, and never answered: issued or not, nobody knows.
    pub unanswered: Vec<Attempt>,
}

/// Clients that ask until they are told to stop.
#[derive(Debug)]
pub struct Clients<'a> {
    rest: &'a Rest,
    devices: &'a [String],
    folder: &'a Path,
    stop: AtomicBool,
    served: AtomicUsize,
    memory: Mutex<Memory>,
}

impl<'a> Clients<'a> {
    /// Clients that ask for these devices' certificates and keep their keys in `folder`.
    pub fn new(rest: &'a Rest, devices: &'a [String], folder: &'a Path) -> Self {
        let (stop, served, memory) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::default());
        Self { rest, devices, folder, stop, served, memory }
    }

    /// Lets `count` clients ask while `meanwhile` runs; what they remember when it is over.
    pub fn ask_while(self, count: usize, meanwhile: impl FnOnce(&Self)) -> Memory {
        std::thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| self.ask_until_stopped());
            }
            meanwhile(&self);
            self.stop.store(true, Ordering::Relaxed);
        });
        self.memory.into_inner().unwrap()
    }

    /// Waits until this many certificates were given out, or for a minute: a server that serves nobody must fail the
    /// test, not hang it.
    pub fn wait_until_served(&self, certificates: usize) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while self.served.load(Ordering::Relaxed) < certificates && Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ask_until_stopped(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let attempt = self.attempt();
            match attempt.send(self.rest) {
                Some(answer) => self.remember(attempt, &answer),
                None => self.memory.lock().unwrap().unanswered.push(attempt),
            }
        }
    }

    fn remember(&self, attempt: Attempt, answer: &Response) {
        // Anything but 201 under load (429, 503) promises nothing; the same attempt may be made again.
        if answer.status != 201 {
            return self.memory.lock().unwrap().unanswered.push(attempt);
        }
        let serial = crate::answers::text(&answer.json(201), "serial").to_owned();
        self.served.fetch_add(1, Ordering::Relaxed);
        let shown = self.rest.try_get(&format!("/v1/certificates/{serial}"));
        let shown = shown.filter(|response| response.status == 200).map(|response| response.json(200));
        let pem = shown.map(|certificate| crate::answers::text(&certificate, "pem").to_owned());
        self.memory.lock().unwrap().told.push(Told { attempt, serial, pem });
    }

    fn attempt(&self) -> Attempt {
        let number = format!("{:?}-{:04x}{:04x}", std::thread::current().id(), random_u16(), random_u16());
        let number = number.replace(['(', ')'], "");
        let key = self.folder.join(format!("{number}.key"));
        let make = ["req", "-new", "-nodes", "-subj", "/CN=gate", "-newkey", "ec", "-keyout", text(&key)];
        let curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
        let request = Program::named("openssl").args(make).args(curve).run().succeeded().stdout;
        let identity = self.devices[usize::from(random_u16()) % self.devices.len()].clone();
        let csr = String::from_utf8(request).unwrap();
        let body = json!({"profile": "device", "identity": identity, "csr": csr});
        Attempt { key: number, body, identity }
    }
}

impl Attempt {
    /// Sends it; `None` when the connection broke before the answer was complete.
    pub fn send(&self, rest: &Rest) -> Option<Response> {
        rest.try_post("/v1/requests", &self.body, &[&format!("Idempotency-Key: {}", self.key)])
    }
}
