//! The status feed between an installation and a responder that has neither its CA nor its store.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::{Clock, SetClock};
use ca_core::keys::software::SoftwareKey;
use ca_core::serial::SerialNumber;
use ca_core::status::feed::{
    Acceptance, FeedError, FeedFault, FeedMessage, FeedPublisher, FeedSource, HeldStatus, Increment, Kind,
    MessageReader, NotTaken, Place, Taken,
};
use ca_core::status::{
    FollowedStore, Progress, RevocationReason, SerialStatus, StatusFollower, StatusIndex, StatusSource,
};
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{AuditedChange, Store};
use ca_core::tlog::note::{NoteSigner, VerifierKey};
use time::Duration;

use super::authority::{Ca, actor};
use super::new_key;

/// A CA whose feed is published.
struct Site {
    ca: Ca<FollowedStore>,
    clock: Arc<SetClock>,
    follower: StatusFollower,
    feed: FeedPublisher,
}

fn signer() -> NoteSigner {
    let key = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
    NoteSigner::new("pki.example.org/status".parse().unwrap(), Arc::new(key)).unwrap()
}

impl Site {
    fn founded() -> Self {
        Self::with_key(signer())
    }

    fn with_key(signer: NoteSigner) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = Arc::new(SetClock::at(time::OffsetDateTime::now_utc()));
        let index = Arc::new(StatusIndex::new(clock.clone()));
        let ca = Ca::founded_on(FollowedStore::new(store.clone(), index.clone()));
        let follower = StatusFollower::new(ca.store.clone(), clock.clone(), index.clone());
        let cas = BTreeMap::from([(ca.issuing.id().clone(), ca.issuing.certificate().to_vec())]);
        let (lasts, source_clock) = (Duration::hours(24), clock.clone());
        let source = FeedSource { store, index, clock: source_clock, signer, cas, lasts };
        let mut site = Self { ca, clock, follower, feed: FeedPublisher::new(source) };
        site.level();
        site
    }

    /// As the service does it all the time.
    fn level(&mut self) {
        while self.follower.step().unwrap() == Progress::Behind {}
    }

    fn wait(&mut self, duration: Duration) {
        self.clock.set(self.clock.now() + duration);
        self.level();
    }

    fn issue(&self) -> SerialNumber {
        self.ca.issue("device", new_key()).unwrap().record.serial
    }

    fn revoke(&self, serial: &SerialNumber, reason: RevocationReason) {
        self.ca.issuing.revoke(serial, reason, &actor(), AuditedChange::nothing()).unwrap();
    }

    fn snapshot(&self) -> Vec<u8> {
        self.feed.snapshot().unwrap().to_vec()
    }

    fn after(&self, place: &Place) -> Vec<u8> {
        match self.feed.after(place).unwrap() {
            Increment::Message(octets) => octets,
            Increment::OtherHistory => panic!("{place} is known"),
        }
    }

    fn keys(&self) -> Vec<VerifierKey> {
        vec![self.feed.key().clone()]
    }
}

/// A responder's side.
struct Follower {
    clock: Arc<SetClock>,
    held: Arc<HeldStatus>,
    keys: Vec<VerifierKey>,
}

impl Follower {
    fn of(site: &Site) -> Self {
        let clock = Arc::new(SetClock::at(site.clock.now()));
        let held = Arc::new(HeldStatus::new(clock.clone(), Duration::hours(24)));
        Self { clock, held, keys: site.keys() }
    }

    fn take(&self, octets: &[u8]) -> Result<Taken, NotTaken> {
        self.take_as(octets, Acceptance::Continuing)
    }

    fn take_as(&self, octets: &[u8], acceptance: Acceptance) -> Result<Taken, NotTaken> {
        let (message, rest) = FeedMessage::split(octets)?;
        assert!(rest.is_empty());
        self.held.take(&message.verify(&self.keys)?, acceptance)
    }

    fn place(&self) -> Place {
        self.held.place().unwrap()
    }

    fn source(&self, site: &Site) -> impl StatusSource + use<> {
        self.held.of(site.ca.issuing.id().clone())
    }

    fn status(&self, site: &Site, serial: &SerialNumber) -> SerialStatus {
        self.source(site).status(serial).unwrap()
    }
}

fn is_revoked(status: &SerialStatus) -> bool {
    matches!(status, SerialStatus::Revoked(_))
}

fn never() -> SerialNumber {
    "4100000000000000000000000000000a".parse().unwrap()
}

#[test]
fn what_is_issued_revoked_held_and_released_is_known_without_the_store() {
    let mut site = Site::founded();
    let (good, gone) = (site.issue(), site.issue());
    site.revoke(&gone, RevocationReason::KeyCompromise);
    site.level();
    let follower = Follower::of(&site);
    assert_eq!(follower.take(&site.snapshot()), Ok(Taken::Changes));
    assert_eq!(follower.status(&site, &good), SerialStatus::Good);
    assert_eq!(follower.status(&site, &gone), site.ca.issuing.certificates().status(&gone).unwrap());
    assert_eq!(follower.status(&site, &never()), SerialStatus::Unknown);

    let late = site.issue();
    assert_eq!(follower.status(&site, &late), SerialStatus::Unknown, "nobody told it yet");
    for (reason, released) in
        [(RevocationReason::CertificateHold, true), (RevocationReason::Superseded, false)]
    {
        let edition = follower.source(&site).edition(&good);
        site.revoke(&good, reason);
        site.wait(Duration::seconds(2));
        assert_eq!(follower.take(&site.after(&follower.place())), Ok(Taken::Changes));
        assert!(is_revoked(&follower.status(&site, &good)));
        assert_ne!(follower.source(&site).edition(&good), edition, "a kept answer would be given still");
        if released {
            site.ca.issuing.release(&good, &actor(), AuditedChange::nothing()).unwrap();
            site.wait(Duration::seconds(2));
            assert_eq!(follower.take(&site.after(&follower.place())), Ok(Taken::Changes));
            assert_eq!(follower.status(&site, &good), SerialStatus::Good);
        }
    }
    assert_eq!(follower.status(&site, &late), SerialStatus::Good);
}

#[test]
fn answers_are_as_old_as_what_was_heard_and_end_with_it() {
    let mut site = Site::founded();
    let serial = site.issue();
    site.level();
    let follower = Follower::of(&site);
    follower.take(&site.snapshot()).unwrap();
    let heard = |follower: &Follower| follower.held.speaking().unwrap();
    let first = heard(&follower).as_of;
    site.wait(Duration::minutes(7));
    follower.clock.set(site.clock.now());
    // Nothing changed: a few hundred octets say so.
    let heartbeat = site.after(&follower.place());
    assert!(heartbeat.len() < 800, "{}", heartbeat.len());
    assert_eq!(follower.take(&heartbeat), Ok(Taken::Heard));
    assert_eq!(heard(&follower).as_of - first, Duration::minutes(7));
    let known = follower.source(&site).known(&serial).unwrap();
    assert_eq!(known.as_of, Some(heard(&follower).as_of));

    follower.clock.set(heard(&follower).until);
    assert_eq!(follower.status(&site, &serial), SerialStatus::Good);
    follower.clock.set(heard(&follower).until + Duration::seconds(1));
    let source = follower.source(&site);
    let refused = source.known(&serial).unwrap_err();
    assert!(refused.0.contains("too old to be told"), "{refused}");
    assert_eq!(source.edition(&serial), None, "a kept answer would be given still");
    // It goes on when it hears again.
    site.clock.set(follower.clock.now());
    follower.take(&site.after(&follower.place())).unwrap();
    assert_eq!(follower.status(&site, &serial), SerialStatus::Good);
}

#[test]
fn old_messages_gaps_and_other_histories_are_refused_and_change_nothing() {
    let mut site = Site::founded();
    let serial = site.issue();
    site.level();
    let follower = Follower::of(&site);
    let beginning = site.after(&Place::BEGINNING);
    assert_eq!(follower.take(&beginning), Err(NotTaken::NoSnapshot));
    let old_snapshot = site.snapshot();
    follower.take(&old_snapshot).unwrap();
    let first = follower.place();
    site.wait(Duration::seconds(2));
    let heartbeat = site.after(&first);
    follower.take(&heartbeat).unwrap();
    assert!(matches!(follower.take(&heartbeat), Err(NotTaken::Older { .. })), "replayed");
    site.revoke(&serial, RevocationReason::KeyCompromise);
    site.wait(Duration::seconds(2));
    let revoking = site.after(&first);
    follower.take(&revoking).unwrap();
    let second = follower.place();
    for old in [&old_snapshot, &heartbeat, &revoking, &beginning] {
        let refused = follower.take(old);
        assert!(matches!(refused, Err(NotTaken::Older { .. })), "{refused:?}");
        assert_eq!(follower.place(), second);
        assert!(is_revoked(&follower.status(&site, &serial)));
    }
    // What came between is missing.
    site.issue();
    let third = Place::after(site.ca.store.as_ref(), site.ca.store.ledger_size().unwrap()).unwrap().unwrap();
    site.issue();
    site.wait(Duration::seconds(2));
    let refused = follower.take(&site.after(&third));
    assert!(matches!(refused, Err(NotTaken::Gap { .. })), "{refused:?}");
    assert_eq!(follower.place(), second);
    // The installation itself says when somebody follows another history.
    let elsewhere = Place { digest: first.digest, ..second };
    assert!(matches!(site.feed.after(&elsewhere).unwrap(), Increment::OtherHistory));
    let beyond = Place { position: 1_000_000, ..second };
    assert!(matches!(site.feed.after(&beyond).unwrap(), Increment::OtherHistory));
    // What begins before, as files do that are carried by hand, tells what came since, too.
    follower.take(&site.after(&first)).unwrap();
    assert_ne!(follower.place(), second);
    assert!(is_revoked(&follower.status(&site, &serial)));
    site.wait(Duration::seconds(2));
    follower.take(&site.after(&follower.place())).unwrap();
}

#[test]
fn a_revocation_for_good_is_never_taken_back() {
    let signer = signer();
    let mut site = Site::with_key(signer.clone());
    let serial = site.issue();
    site.revoke(&serial, RevocationReason::KeyCompromise);
    site.level();
    let follower = Follower::of(&site);
    follower.take(&site.snapshot()).unwrap();
    // Another installation of the same key, with a longer ledger and without that certificate: as if history was rewritten.
    let mut other = Site::with_key(signer);
    for _ in 0..20 {
        other.issue();
    }
    other.wait(Duration::minutes(1));
    let rewritten = other.snapshot();
    let refused = follower.take(&rewritten);
    assert!(matches!(refused, Err(NotTaken::Forgets(_))), "{refused:?}");
    assert!(is_revoked(&follower.status(&site, &serial)));
    // Unless a person decides.
    assert_eq!(follower.take_as(&rewritten, Acceptance::Anew), Ok(Taken::Changes));
    assert_eq!(follower.status(&site, &serial), SerialStatus::Unknown);
}

#[test]
fn a_message_of_the_future_is_refused() {
    let mut site = Site::founded();
    let follower = Follower::of(&site);
    site.wait(Duration::minutes(6));
    assert!(matches!(follower.take(&site.snapshot()), Err(NotTaken::Future(_))));
    assert_eq!(follower.held.place(), None);
}

#[test]
fn no_altered_cut_or_foreign_message_is_taken() {
    let mut site = Site::founded();
    let serial = site.issue();
    site.revoke(&serial, RevocationReason::CertificateHold);
    site.level();
    let follower = Follower::of(&site);
    let snapshot = site.snapshot();
    for length in 0..snapshot.len() {
        let cut = FeedMessage::split(&snapshot[..length]).map(|_| ());
        assert_eq!(cut, Err(FeedError::CutOff), "{length}");
    }
    for place in 0..snapshot.len() {
        let mut altered = snapshot.clone();
        altered[place] ^= 1;
        let taken =
            FeedMessage::split(&altered).and_then(|(message, _)| message.verify(&site.keys()).map(|_| ()));
        assert!(taken.is_err(), "octet {place}");
    }
    let foreign = Site::founded();
    let refused = follower.take(&foreign.snapshot());
    assert!(matches!(refused, Err(NotTaken::Unreadable(FeedError::Signature(_)))), "{refused:?}");
    assert!(matches!(FeedMessage::split(b"-----BEGIN X509 CRL-----"), Err(FeedError::NotAFeed)));
    assert_eq!(follower.held.place(), None);
}

#[test]
fn a_long_way_is_gone_in_steps_and_a_file_holds_them_all() {
    let mut site = Site::founded();
    let follower = Follower::of(&site);
    follower.take(&site.snapshot()).unwrap();
    let mut last = never();
    for _ in 0..2_100 {
        last = site.issue();
    }
    site.revoke(&last, RevocationReason::Superseded);
    site.wait(Duration::seconds(1));
    let (mut file, mut at, mut steps) = (Vec::new(), follower.place(), 0);
    loop {
        let octets = site.after(&at);
        let message = FeedMessage::split(&octets).unwrap().0.verify(&site.keys()).unwrap();
        assert_eq!(message.head().kind, Kind::Increment { after: at });
        (at, steps) = (message.head().until, steps + 1);
        let level = message.head().level.is_some();
        file.extend_from_slice(&octets);
        if level {
            break;
        }
    }
    assert!(steps > 1, "{steps}");
    for message in MessageReader::new(&file) {
        let message = message.unwrap().verify(&site.keys()).unwrap();
        follower.held.take(&message, Acceptance::Continuing).unwrap();
    }
    assert_eq!(follower.place(), at);
    assert!(is_revoked(&follower.status(&site, &last)));
}

#[test]
fn nothing_is_published_before_everything_is_known() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let clock = Arc::new(SetClock::at(time::OffsetDateTime::now_utc()));
    let index = Arc::new(StatusIndex::new(clock.clone()));
    let (cas, lasts) = (BTreeMap::new(), Duration::hours(24));
    let feed = FeedPublisher::new(FeedSource { store, index, clock, signer: signer(), cas, lasts });
    assert!(matches!(feed.snapshot(), Err(FeedFault::NotReady)));
}
