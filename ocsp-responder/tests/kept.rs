//! Answers that are kept: who is given one, and that nobody is given one that is not true any more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixture;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::{Clock, SetClock, SystemEntropy};
use ca_core::keys::{KeyError, Signer};
use ca_core::status::{RevocationReason, SerialStatus};
use fixture::{GOOD, HELD, Pki, REVOKED, Statuses, UNKNOWN, revoked};
use ocsp_responder::ocsp::client::{CertificateStatus, Nonce, Query, SignedBy, Tolerance, VerifiedStatus};
use ocsp_responder::ocsp::{
    Answer, AnswerPolicy, CertIdHash, Heard, Responder, ResponderParts, Responders, ResponseStatus,
};
use time::{Duration, OffsetDateTime};

/// Counts what it signs.
#[derive(Debug)]
struct Counting {
    key: Arc<dyn Signer>,
    signed: AtomicUsize,
    /// As a token on a network is.
    slow: AtomicBool,
}

impl Signer for Counting {
    fn algorithm(&self) -> KeyAlgorithm {
        self.key.algorithm()
    }

    fn public_key_info(&self) -> &[u8] {
        self.key.public_key_info()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signed.fetch_add(1, Ordering::SeqCst);
        self.key.sign(message)
    }

    fn signs_at_once(&self) -> bool {
        !self.slow.load(Ordering::SeqCst)
    }
}

/// A responder whose signatures are counted, with a clock and statuses that can be set.
struct Desk {
    pki: Pki,
    clock: Arc<SetClock>,
    statuses: Arc<Statuses>,
    key: Arc<Counting>,
    responder: Arc<Responder>,
    responders: Responders,
}

impl Desk {
    fn open() -> Self {
        Self::with(AnswerPolicy::default())
    }

    fn with(policy: AnswerPolicy) -> Self {
        let pki = Pki::new();
        let clock = Arc::new(SetClock::at(OffsetDateTime::now_utc() + Duration::seconds(5)));
        let statuses = Arc::new(Statuses::default());
        let key = Arc::new(Counting {
            key: pki.signer("responder"),
            signed: AtomicUsize::new(0),
            slow: AtomicBool::new(false),
        });
        let parts = pki.parts("responder", "ca");
        let (signer, status) = (key.clone(), statuses.clone());
        let responder =
            Responder::new(ResponderParts { signer, status, clock: clock.clone(), policy, ..parts }).unwrap();
        let responder = Arc::new(responder);
        let responders = Responders::new().with(responder.clone());
        Self { pki, clock, statuses, key, responder, responders }
    }

    fn about(&self, serial: &str, hash: CertIdHash, nonce: Option<Nonce>) -> Query {
        Query::about_serial(&serial.parse().unwrap(), &self.pki.read("ca.der"), hash, nonce).unwrap()
    }

    fn ask(&self, serial: &str) -> Answer {
        self.responders.respond(self.about(serial, CertIdHash::Sha1, None).der())
    }

    fn told(&self, serial: &str) -> VerifiedStatus {
        let query = self.about(serial, CertIdHash::Sha1, None);
        let answer = self.responders.respond(query.der());
        query.verify(answer.der(), self.clock.now(), Tolerance::default()).unwrap()
    }

    fn signed(&self) -> usize {
        self.key.signed.load(Ordering::SeqCst)
    }

    fn wait(&self, duration: Duration) {
        self.clock.set(self.clock.now() + duration);
    }
}

#[test]
fn the_same_question_is_signed_for_once() {
    let desk = Desk::open();
    let first = desk.ask(GOOD);
    let query = desk.about(GOOD, CertIdHash::Sha1, None);
    let Heard::Answered(again) = desk.responders.hear(query.der()) else { panic!("it was not kept") };
    assert_eq!((first.der(), first.sha256()), (again.der(), again.sha256()));
    assert_eq!(desk.responder.respond(query.der()).der(), first.der());
    assert_eq!(desk.signed(), 1);
    for hash in [CertIdHash::Sha256, CertIdHash::Sha512] {
        let query = desk.about(GOOD, hash, None);
        for _ in 0..2 {
            let answer = desk.responders.respond(query.der());
            query.verify(answer.der(), desk.clock.now(), Tolerance::default()).unwrap();
        }
    }
    assert_eq!(desk.signed(), 3);
    let _ = (desk.ask(REVOKED), desk.ask(REVOKED), desk.ask(HELD));
    assert_eq!(desk.signed(), 5);
}

#[test]
fn a_certid_without_parameters_has_an_answer_of_its_own() {
    let desk = Desk::open();
    let with_null = desk.about(GOOD, CertIdHash::Sha1, None).der().to_vec();
    // The AlgorithmIdentifier without its NULL, and the five lengths around it.
    let at = with_null.windows(2).position(|pair| pair == [0x05, 0x00]).unwrap();
    let mut without = with_null.clone();
    without.drain(at..at + 2);
    for length in [1, 3, 5, 7, 9, 11] {
        without[length] -= 2;
    }
    for request in [&with_null, &without, &with_null, &without] {
        let answer = desk.responders.respond(request);
        // The CertID comes back octet for octet.
        let id = &request[8..];
        assert!(answer.der().windows(id.len()).any(|part| part == id));
    }
    assert_eq!(desk.signed(), 2);
}

#[test]
fn nonces_several_certificates_and_unknown_ones_are_signed_for_each_time() {
    let desk = Desk::open();
    let pki = &desk.pki;
    pki.openssl("ocsp -issuer ca.pem -cert good.pem -cert held.pem -no_nonce -reqout two.req");
    let nonce = Nonce::draw(&SystemEntropy).unwrap();
    let asked = [
        desk.about(GOOD, CertIdHash::Sha1, Some(nonce)).der().to_vec(),
        pki.read("two.req"),
        desk.about(UNKNOWN, CertIdHash::Sha1, None).der().to_vec(),
    ];
    for request in &asked {
        let before = desk.signed();
        let _ = (desk.responders.respond(request), desk.responders.respond(request));
        assert_eq!(desk.signed(), before + 2);
    }
    // One that was just issued is not unknown for as long as an answer is kept.
    desk.statuses.set(UNKNOWN, SerialStatus::Good);
    assert_eq!(desk.told(UNKNOWN).status, CertificateStatus::Good);
    // Nobody would notice a change: nothing is kept, and nothing that was kept is given.
    let _ = desk.ask(GOOD);
    desk.statuses.forgetful.store(true, Ordering::SeqCst);
    let before = desk.signed();
    let _ = (desk.ask(GOOD), desk.ask(GOOD));
    assert_eq!(desk.signed(), before + 2);
}

#[test]
fn only_what_needs_no_waiting_is_signed_at_once() {
    let desk = Desk::open();
    let at_once = |serial: &str, nonce| {
        let query = desk.about(serial, CertIdHash::Sha1, nonce);
        let Heard::ToSign(unsigned) = desk.responders.hear(query.der()) else { panic!("it was kept") };
        let answer = unsigned.answer_at_once()?;
        Some(query.verify(answer.der(), desk.clock.now(), Tolerance::default()).unwrap().status)
    };
    let nonce = || Some(Nonce::draw(&SystemEntropy).unwrap());
    assert_eq!(at_once(GOOD, nonce()), Some(CertificateStatus::Good));
    assert!(matches!(at_once(REVOKED, nonce()), Some(CertificateStatus::Revoked { .. })));
    // What the index has not, the store may have.
    assert_eq!(at_once(UNKNOWN, nonce()), None);
    desk.statuses.far.store(true, Ordering::SeqCst);
    assert_eq!(at_once(GOOD, nonce()), None);
    desk.statuses.far.store(false, Ordering::SeqCst);
    desk.key.slow.store(true, Ordering::SeqCst);
    assert_eq!(at_once(GOOD, nonce()), None);
    assert_eq!(desk.signed(), 2);
}

#[test]
fn a_change_is_told_at_once() {
    let desk = Desk::open();
    let hold = || revoked(RevocationReason::CertificateHold);
    assert_eq!(desk.told(GOOD).status, CertificateStatus::Good);
    for (status, is_good) in [(hold(), false), (SerialStatus::Good, true), (hold(), false)] {
        desk.statuses.set(GOOD, status);
        for _ in 0..2 {
            assert_eq!(desk.told(GOOD).status == CertificateStatus::Good, is_good);
        }
    }
    assert_eq!(desk.signed(), 4);
    // A broken store is no reason not to give what is known to stand.
    desk.statuses.broken.store(true, Ordering::SeqCst);
    assert!(matches!(desk.told(GOOD).status, CertificateStatus::Revoked { .. }));
    assert_eq!(desk.ask(HELD).status(), ResponseStatus::TryLater);
}

#[test]
fn another_responder_certificate_signs_anew() {
    let desk = Desk::open();
    desk.pki.issue("second", "ca", "responder", "05");
    let subject = || match desk.told(GOOD).responder {
        SignedBy::Delegate { subject, .. } => subject,
        SignedBy::Issuer => panic!("signed by the CA"),
    };
    assert!(subject().contains("CN=responder"));
    desk.responder.rotate(&desk.pki.read("second.der"), desk.pki.signer("second")).unwrap();
    assert!(subject().contains("CN=second"));
    assert_eq!(desk.signed(), 1);
}

#[test]
fn no_answer_is_older_than_half_an_hour_or_near_its_end() {
    for validity in [2, 60, 10_080].map(Duration::minutes) {
        let desk = Desk::with(AnswerPolicy { validity, ..AnswerPolicy::default() });
        for _ in 0..200 {
            let told = desk.told(GOOD);
            let age = desk.clock.now() - told.this_update;
            assert!(age < Duration::minutes(26) && age >= Duration::ZERO, "{age}");
            assert!(told.next_update.unwrap() - desk.clock.now() >= validity / 2 - Duration::seconds(1));
            desk.wait(Duration::seconds(17));
        }
        assert!((3..=60).contains(&desk.signed()), "{}", desk.signed());
        // A clock that is set back makes no answers of the future.
        desk.wait(-Duration::minutes(1));
        assert!(desk.told(GOOD).this_update <= desk.clock.now());
    }
}

#[test]
fn an_answer_says_as_of_when_the_status_was_known() {
    let desk = Desk::with(AnswerPolicy { validity: Duration::minutes(10), ..AnswerPolicy::default() });
    let known = desk.clock.now();
    *desk.statuses.as_of.lock().unwrap() = Some(known);
    desk.wait(Duration::minutes(4));
    let told = desk.told(GOOD);
    let seconds = |moment: OffsetDateTime| moment.unix_timestamp();
    assert_eq!(seconds(told.this_update), seconds(known));
    assert_eq!(told.next_update, Some(told.this_update + Duration::minutes(10)));
    assert_eq!(seconds(told.produced_at), seconds(desk.clock.now()));
    // What would have run out before it is signed is not signed.
    desk.wait(Duration::minutes(6));
    assert_eq!(desk.ask(GOOD).status(), ResponseStatus::TryLater);
    // A source whose clock is ahead makes no answers of the future.
    *desk.statuses.as_of.lock().unwrap() = Some(desk.clock.now() + Duration::minutes(1));
    assert!(desk.told(GOOD).this_update <= desk.clock.now());
}

#[test]
fn nothing_is_kept_where_there_is_no_room() {
    let desk = Desk::with(AnswerPolicy { kept_octets: 0, ..AnswerPolicy::default() });
    let _ = (desk.ask(GOOD), desk.ask(GOOD));
    assert_eq!(desk.signed(), 2);
}

/// One revokes and releases, others ask all the time: once a change is made, nobody is told the contrary.
#[test]
fn nobody_is_told_what_was_so_before() {
    let desk = Desk::open();
    let queries: Vec<Query> = (0..4).map(|_| desk.about(GOOD, CertIdHash::Sha1, None)).collect();
    let told = |query: &Query| {
        let answer = desk.responders.respond(query.der());
        query.verify(answer.der(), desk.clock.now(), Tolerance::default()).unwrap().status
    };
    std::thread::scope(|scope| {
        let asking: Vec<_> = queries
            .iter()
            .skip(1)
            .map(|query| {
                scope.spawn(move || {
                    for _ in 0..400 {
                        let _ = told(query);
                    }
                })
            })
            .collect();
        let mut wrong = 0;
        for round in 0..200 {
            let good = round % 2 == 1;
            let status = if good { SerialStatus::Good } else { revoked(RevocationReason::CertificateHold) };
            desk.statuses.set(GOOD, status);
            wrong += usize::from((told(&queries[0]) == CertificateStatus::Good) != good);
        }
        asking.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(wrong, 0);
    });
}
