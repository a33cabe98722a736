//! Many clients asking for certificates at once, remembering what they were told.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::installation::{Installation, random_u16};
use crate::npki::text;
use crate::programs::Program;
use crate::rest::{Response, Rest};
use crate::staff::Member;
use crate::{Country, certificates};

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
    /// Serial numbers whose revocation was acknowledged.
    pub revoked: Vec<String>,
    /// The CRLs that were served, in the order of each door.
    pub crls: Vec<ServedCrl>,
}

/// A CRL that somebody fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCrl {
    /// The door it came from.
    pub door: String,
    /// Its cRLNumber.
    pub number: u64,
    /// SHA-256 of its DER, hex.
    pub sha256: String,
}

/// One node, as clients reach it.
#[derive(Debug, Clone)]
pub struct Door {
    /// Asks for certificates.
    pub officer: Rest,
    /// Revokes some of them, where somebody may.
    pub administrator: Option<Rest>,
    /// Sees what is published to everybody.
    pub everybody: Option<Rest>,
}

impl Door {
    /// The door of this node of the country's installation.
    pub fn of(country: &Country, node: &Installation) -> Self {
        let at = |member: &Member| node.rest(&member.certificate, &member.key);
        let staff = &country.staff;
        let everybody = Some(Rest::new(&node.public_url(), &node.trust()));
        Self { officer: at(&staff.officer), administrator: Some(at(&staff.administrator)), everybody }
    }

    /// The issuing CA's CRL, DER; `None` when there is no server.
    pub fn crl(&self) -> Option<Vec<u8>> {
        let everybody = self.everybody.as_ref()?;
        let answer = everybody.try_get("/crl/issuing.crl").filter(|answer| answer.status == 200)?;
        Some(answer.body)
    }
}

/// Clients that ask until they are told to stop.
#[derive(Debug)]
pub struct Clients<'a> {
    doors: Vec<Door>,
    devices: &'a [String],
    folder: &'a Path,
    stop: AtomicBool,
    served: AtomicUsize,
    memory: Mutex<Memory>,
}

/// One certificate of so many is revoked by the client that was given it.
const REVOKED: usize = 4;

impl<'a> Clients<'a> {
    /// Clients that ask for these devices' certificates, do nothing else, and keep their keys in `folder`.
    pub fn new(rest: &Rest, devices: &'a [String], folder: &'a Path) -> Self {
        let door = Door { officer: rest.clone(), administrator: None, everybody: None };
        Self::at(vec![door], devices, folder)
    }

    /// Clients that ask at these doors, revoke some of what they are given, and watch the CRLs.
    pub fn at(doors: Vec<Door>, devices: &'a [String], folder: &'a Path) -> Self {
        let (stop, served, memory) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::default());
        Self { doors, devices, folder, stop, served, memory }
    }

    /// Lets `count` clients ask, spread over the doors, while `meanwhile` runs; what they remember when it is over.
    pub fn ask_while(self, count: usize, meanwhile: impl FnOnce(&Self)) -> Memory {
        std::thread::scope(|scope| {
            for door in self.doors.iter().cycle().take(count) {
                scope.spawn(|| self.ask_until_stopped(door));
            }
            for door in &self.doors {
                scope.spawn(|| self.watch_crls(door));
            }
            // Clients that are never told to stop would turn a failure into a hang.
            let done = catch_unwind(AssertUnwindSafe(|| meanwhile(&self)));
            self.stop.store(true, Ordering::Relaxed);
            done.unwrap_or_else(|failure| resume_unwind(failure));
        });
        self.memory.into_inner().unwrap()
    }

    /// Waits until this many certificates were given out, or for a minute: a server that serves nobody must fail the
    /// test, not hang it.
    pub fn wait_until_served(&self, certificates: usize) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while self.served() < certificates && Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a client has asked without being given anything, or for a minute.
    pub fn wait_until_refused(&self) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while self.memory.lock().unwrap().unanswered.is_empty() && Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many certificates were given out so far.
    pub fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }

    fn ask_until_stopped(&self, door: &Door) {
        while !self.stop.load(Ordering::Relaxed) {
            let attempt = self.attempt();
            match attempt.send(&door.officer) {
                Some(answer) => self.remember(door, attempt, &answer),
                None => self.memory.lock().unwrap().unanswered.push(attempt),
            }
        }
    }

    fn remember(&self, door: &Door, attempt: Attempt, answer: &Response) {
        // Anything but 201 under load (429, 503) promises nothing; the same attempt may be made again.
        if answer.status != 201 {
            return self.memory.lock().unwrap().unanswered.push(attempt);
        }
        let serial = crate::answers::text(&answer.json(201), "serial").to_owned();
        let number = self.served.fetch_add(1, Ordering::Relaxed);
        let shown = door.officer.try_get(&format!("/v1/certificates/{serial}"));
        let shown = shown.filter(|response| response.status == 200).map(|response| response.json(200));
        let pem = shown.map(|certificate| crate::answers::text(&certificate, "pem").to_owned());
        self.memory.lock().unwrap().told.push(Told { attempt, serial: serial.clone(), pem });
        if number.is_multiple_of(REVOKED) {
            self.revoke(door, serial);
        }
    }

    fn revoke(&self, door: &Door, serial: String) {
        let Some(administrator) = &door.administrator else { return };
        let path = format!("/v1/certificates/{serial}/revoke");
        let answer = administrator.try_post(&path, &json!({"reason": "superseded"}), &[]);
        if answer.is_some_and(|answer| answer.status == 200) {
            self.memory.lock().unwrap().revoked.push(serial);
        }
    }

    fn watch_crls(&self, door: &Door) {
        let Some(everybody) = &door.everybody else { return };
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(crl) = door.crl() {
                let (number, sha256) = (certificates::crl_number(&crl), certificates::sha256(&crl));
                let served = ServedCrl { door: everybody.base().to_owned(), number, sha256 };
                self.memory.lock().unwrap().crls.push(served);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
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
