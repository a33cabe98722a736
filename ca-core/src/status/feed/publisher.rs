//! Makes the feed's messages, out of the store and the status index. Keeps nothing that another node would not know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use time::{Duration, OffsetDateTime};

use super::body::BodyWriter;
use super::head::{Head, Kind, Level, whole_milliseconds};
use super::message::{sha256, sign};
use super::{MAX_BODY, Place};
use crate::certificate::{CERTIFICATES, CaId, CertificatePlace};
use crate::clock::Clock;
use crate::ledger::{self, Glimpse, Position};
use crate::status::followed::status;
use crate::status::{SerialStatus, StatusIndex};
use crate::storage::{StorageError, Store};
use crate::tlog::hash::Hash;
use crate::tlog::note::{NoteSigner, SignError, VerifierKey};

/// How many events one increment covers at most: it bounds what one request costs.
const EVENTS_AT_ONCE: u64 = 4_096;
/// For how long those who come while a snapshot is being fetched are given the same one.
const SNAPSHOT_SHARED: Duration = Duration::minutes(1);

/// What a [`FeedPublisher`] is put together from.
#[derive(Debug)]
pub struct FeedSource {
    /// Where the ledger and the certificates are.
    pub store: Arc<dyn Store>,
    /// Follows that store.
    pub index: Arc<StatusIndex>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The feed's key. It signs nothing else.
    pub signer: NoteSigner,
    /// The CAs that are told of, and their certificates, DER.
    pub cas: BTreeMap<CaId, Vec<u8>>,
    /// For how long responders may go on without having heard more.
    pub lasts: Duration,
}

/// Publishes the status feed.
#[derive(Debug)]
pub struct FeedPublisher {
    source: FeedSource,
    cas: Hash,
    snapshot: Mutex<Option<(OffsetDateTime, Weak<Vec<u8>>)>>,
}

/// What there is after a place.
#[derive(Debug)]
pub enum Increment {
    /// An increment.
    Message(Vec<u8>),
    /// The ledger has no such place: its reader follows another history, and needs a snapshot.
    OtherHistory,
}

/// A message could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FeedFault {
    /// The status index is being filled, or does not follow the store.
    #[error("the status of certificates is not known here at present")]
    NotReady,
    /// There are too many certificates for one snapshot.
    #[error("a snapshot of all certificates would be longer than {MAX_BODY} octets")]
    TooLarge,
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It could not be signed.
    #[error(transparent)]
    Signing(#[from] SignError),
}

impl FeedPublisher {
    /// Publishes what this says.
    pub fn new(source: FeedSource) -> Self {
        Self { cas: digest_of(&source.cas), source, snapshot: Mutex::default() }
    }

    /// The key that verifies the feed.
    pub const fn key(&self) -> &VerifierKey {
        self.source.signer.verifier_key()
    }

    /// The status of every certificate. Those who come at the same time share one.
    ///
    /// # Errors
    /// The status index cannot speak, storage failed, or it could not be signed.
    pub fn snapshot(&self) -> Result<Arc<Vec<u8>>, FeedFault> {
        // Held while one is made: whoever waits gets it too, and nobody makes a second.
        let mut shared = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.source.clock.now();
        let recent = shared.as_ref().filter(|(made, _)| (now - *made).abs() < SNAPSHOT_SHARED);
        if let Some(snapshot) = recent.and_then(|(_, snapshot)| snapshot.upgrade()) {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(self.make_snapshot(now)?);
        *shared = Some((now, Arc::downgrade(&snapshot)));
        Ok(snapshot)
    }

    fn make_snapshot(&self, now: OffsetDateTime) -> Result<Vec<u8>, FeedFault> {
        let FeedSource { store, index, cas, signer, .. } = &self.source;
        // In this order: what is read of the index afterwards is at least as new as both.
        let as_of = index.known_until().ok_or(FeedFault::NotReady)?;
        let position = index.next();
        let until = Place::after(store.as_ref(), position)?.ok_or(FeedFault::NotReady)?;
        let mut body = BodyWriter::new();
        for (ca, certificate) in cas {
            body.ca(ca, certificate);
            index.each(ca, &mut |serial, status| body.entry(serial, status));
        }
        if body.len() > MAX_BODY {
            return Err(FeedFault::TooLarge);
        }
        let level = Some(self.level(as_of.min(now)));
        Ok(sign(self.head(Kind::Snapshot, until, now, level), body, signer)?)
    }

    /// What changed after a place, or as much of it as goes into one message.
    ///
    /// # Errors
    /// Storage failed, or it could not be signed.
    pub fn after(&self, after: &Place) -> Result<Increment, FeedFault> {
        let FeedSource { store, clock, signer, .. } = &self.source;
        // In this order: the ledger's size is of this moment or later, and so are the statuses that are read.
        let now = clock.now();
        let size = store.ledger_size()?;
        if after.position > size || Place::after(store.as_ref(), after.position)? != Some(*after) {
            return Ok(Increment::OtherHistory);
        }
        let end = size.min(after.position.saturating_add(EVENTS_AT_ONCE));
        let (body, until) = match end == after.position {
            true => (BodyWriter::new(), *after),
            false => self.changes(after.position, end)?,
        };
        let level = (end == size).then(|| self.level(now));
        let head = self.head(Kind::Increment { after: *after }, until, now, level);
        Ok(Increment::Message(sign(head, body, signer)?))
    }

    /// The certificates that these events changed, as they stand now, and the place after the last of them.
    fn changes(&self, from: u64, end: u64) -> Result<(BodyWriter, Place), FeedFault> {
        let store = self.source.store.as_ref();
        let limit = usize::try_from(end - from).unwrap_or(usize::MAX);
        let events = ledger::read(store, Position(from), limit)?;
        let missing = || StorageError(format!("the ledger does not show the events from {from} to {end}"));
        let last = events.last().filter(|last| last.position.0 + 1 == end).ok_or_else(missing)?;
        let until = Place { position: end, digest: ledger::tree::leaf(&last.octets) };
        let mut changed: BTreeMap<CaId, BTreeMap<Vec<u8>, CertificatePlace>> = BTreeMap::new();
        for recorded in &events {
            for key in Glimpse::of(recorded)?.touched(CERTIFICATES) {
                let key = key?;
                let place = CertificatePlace::from_key(&key).filter(|place| self.tells_of(place.ca()));
                if let Some(place) = place {
                    changed.entry(place.ca().clone()).or_default().insert(key, place);
                }
            }
        }
        let mut body = BodyWriter::new();
        for (ca, places) in changed {
            body.ca(&ca, &[]);
            let keys: Vec<Vec<u8>> = places.keys().cloned().collect();
            for (place, found) in places.values().zip(store.get_many(CERTIFICATES, &keys)?) {
                let status = found.map_or(Ok(SerialStatus::Unknown), |entry| status(&entry.value))?;
                body.entry(place.serial().as_bytes(), &status);
            }
        }
        Ok((body, until))
    }

    fn tells_of(&self, ca: &CaId) -> bool {
        self.source.cas.contains_key(ca)
    }

    fn level(&self, as_of: OffsetDateTime) -> Level {
        let as_of = whole_milliseconds(as_of);
        Level { as_of, expires: as_of + self.source.lasts }
    }

    fn head(&self, kind: Kind, until: Place, now: OffsetDateTime, level: Option<Level>) -> Head {
        let made = whole_milliseconds(now);
        Head { kind, until, made, level, cas: self.cas, body_length: 0, body_sha256: Hash::new([0; 32]) }
    }
}

/// The digest of CAs and their certificates.
fn digest_of(cas: &BTreeMap<CaId, Vec<u8>>) -> Hash {
    let mut body = BodyWriter::new();
    cas.iter().for_each(|(ca, certificate)| body.ca(ca, certificate));
    sha256(&body.finish())
}
