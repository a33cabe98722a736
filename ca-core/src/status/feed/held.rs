//! The statuses that a responder holds of a feed, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use time::{Duration, OffsetDateTime};

use super::body::TakesBody;
use super::head::{Kind, Level};
use super::{FeedError, Place, VerifiedMessage};
use crate::certificate::{CaId, CertificatePlace};
use crate::clock::{Clock, in_words};
use crate::serial::SerialNumber;
use crate::status::serials::{Noted, NotedBy, Serials};
use crate::status::{Edition, Known, RevocationReason, SerialStatus, StatusSource};
use crate::storage::StorageError;
use crate::tlog::hash::Hash;

/// How far the feed's clock may be ahead of ours.
const CLOCKS_APART: Duration = Duration::minutes(5);

/// What a responder holds.
#[derive(Debug)]
pub struct HeldStatus {
    clock: Arc<dyn Clock>,
    /// For how long it speaks at most without having heard more.
    longest: Duration,
    held: RwLock<Held>,
    /// One message is taken at a time.
    taking: Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Held {
    /// `None` before the first snapshot.
    place: Option<Place>,
    level: Option<Level>,
    cas_digest: Option<Hash>,
    cas: BTreeMap<CaId, Arc<HeldCa>>,
    /// Counts the snapshots: their serial numbers begin to count changes anew.
    generation: u64,
}

#[derive(Debug, Default)]
struct HeldCa {
    certificate: Vec<u8>,
    serials: Serials,
}

/// Up to when what is held is known to be right, and for how long it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaking {
    /// Everything that was committed before this moment is held.
    pub as_of: OffsetDateTime,
    /// After this moment it is not told any more.
    pub until: OffsetDateTime,
}

/// Whether a snapshot must continue what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// Nothing older, and no certificate that was revoked for good comes back.
    Continuing,
    /// A person decided that the snapshot counts whatever was held, as after the installation was restored from a backup.
    Anew,
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Something changed, or may have.
    Changes,
    /// Nothing changed; it is known for longer.
    Heard,
}

impl HeldStatus {
    /// Nothing yet. It is told for at most this long after it was last known to be right.
    pub fn new(clock: Arc<dyn Clock>, longest: Duration) -> Self {
        Self { clock, longest, held: RwLock::default(), taking: Mutex::default() }
    }

    /// The place up to which changes are held; `None` before the first snapshot.
    pub fn place(&self) -> Option<Place> {
        self.held().place
    }

    /// Up to when what is held is right; `None` before the first snapshot.
    pub fn speaking(&self) -> Option<Speaking> {
        self.held().speaking(self.longest)
    }

    /// The CAs that are told of, and their certificates, DER.
    pub fn cas(&self) -> BTreeMap<CaId, Vec<u8>> {
        self.held().cas.iter().map(|(ca, held)| (ca.clone(), held.certificate.clone())).collect()
    }

    /// What is held of one CA's serial numbers.
    pub fn of(self: &Arc<Self>, ca: CaId) -> HeldCaStatus {
        HeldCaStatus { all: Arc::clone(self), ca }
    }

    /// Takes a message, whole or not at all.
    ///
    /// # Errors
    /// It does not continue what is held.
    pub fn take(&self, message: &VerifiedMessage<'_>, acceptance: Acceptance) -> Result<Taken, NotTaken> {
        let _one = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let head = message.head();
        let newest = head.level.map_or(head.made, |level| level.as_of.max(head.made));
        if newest > self.clock.now() + CLOCKS_APART {
            return Err(NotTaken::Future(newest));
        }
        // A copy of a few octets and shares: the statuses themselves are not copied.
        let held = self.held().clone();
        match head.kind {
            Kind::Snapshot => self.take_snapshot(message, &held, acceptance),
            Kind::Increment { after } => self.take_increment(message, &held, &after),
        }
    }

    fn take_increment(
        &self,
        message: &VerifiedMessage<'_>,
        held: &Held,
        after: &Place,
    ) -> Result<Taken, NotTaken> {
        let head = message.head();
        let at = held.place.ok_or(NotTaken::NoSnapshot)?;
        if held.cas_digest != Some(head.cas) {
            return Err(NotTaken::OtherCas);
        }
        // What it tells is held already. Then it says that nothing else has changed, if it is newer.
        if head.until == at {
            return self.hear(head.level, held);
        }
        if *after != at {
            let (begins, held) = (after.position, at.position);
            if head.until.position < held {
                return Err(NotTaken::Older { held });
            }
            if begins == held || head.until.position == held {
                return Err(NotTaken::OtherHistory(held));
            }
            if begins > held {
                return Err(NotTaken::Gap { begins, held });
            }
            // It begins before: what it tells includes all that came since, as it stands now. A file that was carried by hand may
            // well overlap with the one before.
        }
        held.may_be(head.level)?;
        let mut changes = Changes { held, ca: None, entries: Vec::new(), fault: None };
        message.read(&mut changes)?;
        if let Some(fault) = changes.fault {
            return Err(fault);
        }
        for (ca, serial, status) in changes.entries {
            ca.serials.note(&serial, &Noted { status, after: head.until.position, by: NotedBy::Issuance });
        }
        // After the entries: whoever reads this and then an entry finds it at least as new.
        let mut now_held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        now_held.place = Some(head.until);
        now_held.level = head.level.or(now_held.level);
        Ok(Taken::Changes)
    }

    fn take_snapshot(
        &self,
        message: &VerifiedMessage<'_>,
        held: &Held,
        acceptance: Acceptance,
    ) -> Result<Taken, NotTaken> {
        let head = message.head();
        if let (Some(at), Acceptance::Continuing) = (held.place, acceptance) {
            if head.until == at && held.cas_digest == Some(head.cas) {
                return self.hear(head.level, held);
            }
            if head.until.position < at.position {
                return Err(NotTaken::Older { held: at.position });
            }
            if head.until.position == at.position && head.until.digest != at.digest {
                return Err(NotTaken::OtherHistory(at.position));
            }
            held.may_be(head.level)?;
        }
        let mut fresh = Fresh { after: head.until.position, cas: BTreeMap::new(), ca: None };
        message.read(&mut fresh)?;
        let cas = fresh.finish();
        if acceptance == Acceptance::Continuing {
            held.must_stay_revoked(&cas)?;
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held {
            place: Some(head.until),
            level: head.level,
            cas_digest: Some(head.cas),
            cas,
            generation: held.generation + 1,
        };
        Ok(Taken::Changes)
    }

    /// Takes note that what is held is known to be right for longer.
    fn hear(&self, level: Option<Level>, held: &Held) -> Result<Taken, NotTaken> {
        held.may_be(level)?;
        let mut now_held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        now_held.level = level.or(now_held.level);
        Ok(Taken::Heard)
    }

    fn held(&self) -> std::sync::RwLockReadGuard<'_, Held> {
        // Nothing panics while it holds the lock.
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn speaking(&self, longest: Duration) -> Option<Speaking> {
        let Level { as_of, expires } = self.level?;
        Some(Speaking { as_of, until: expires.min(as_of.saturating_add(longest)) })
    }

    /// A message is not of before what was heard: somebody sends an old one again.
    fn may_be(&self, level: Option<Level>) -> Result<(), NotTaken> {
        let position = self.place.map(|place| place.position).unwrap_or_default();
        match (level, self.level) {
            (Some(fresh), Some(heard)) if fresh.as_of <= heard.as_of => {
                Err(NotTaken::Older { held: position })
            }
            _ => Ok(()),
        }
    }

    /// Nothing that was revoked for good may come back: only a hold is released (RFC 5280 section 5.3.1).
    fn must_stay_revoked(&self, fresh: &BTreeMap<CaId, Arc<HeldCa>>) -> Result<(), NotTaken> {
        for (ca, before) in &self.cas {
            let mut forgotten = None;
            before.serials.each(&mut |serial, status| {
                let Ok(serial) = SerialNumber::from_der_content(serial) else { return };
                let now = fresh.get(ca).and_then(|now| now.serials.find(&serial));
                if is_for_good(status) && !now.as_ref().is_some_and(is_for_good) {
                    forgotten = Some(CertificatePlace::new(ca.clone(), serial));
                }
            });
            if let Some(place) = forgotten {
                return Err(NotTaken::Forgets(place));
            }
        }
        Ok(())
    }
}

fn is_for_good(status: &SerialStatus) -> bool {
    matches!(status, SerialStatus::Revoked(revocation) if revocation.reason != RevocationReason::CertificateHold)
}

/// The entries of an increment.
struct Changes<'a> {
    held: &'a Held,
    ca: Option<(CaId, &'a HeldCa)>,
    entries: Vec<(&'a HeldCa, SerialNumber, SerialStatus)>,
    fault: Option<NotTaken>,
}

impl TakesBody for Changes<'_> {
    fn ca(&mut self, ca: CaId, _: &[u8]) {
        self.ca = self.held.cas.get(&ca).map(|held| (ca, held.as_ref()));
        if self.ca.is_none() {
            self.fault = Some(NotTaken::OtherCas);
        }
    }

    fn entry(&mut self, serial: &SerialNumber, status: SerialStatus) {
        let Some((ca, held)) = &self.ca else { return };
        if held.serials.find(serial).as_ref().is_some_and(is_for_good) && !is_for_good(&status) {
            self.fault = Some(NotTaken::Forgets(CertificatePlace::new(ca.clone(), serial.clone())));
        }
        self.entries.push((held, serial.clone(), status));
    }
}

/// What a snapshot tells.
struct Fresh {
    after: u64,
    cas: BTreeMap<CaId, Arc<HeldCa>>,
    ca: Option<(CaId, HeldCa)>,
}

impl Fresh {
    fn finish(mut self) -> BTreeMap<CaId, Arc<HeldCa>> {
        self.close();
        self.cas
    }

    fn close(&mut self) {
        if let Some((ca, held)) = self.ca.take() {
            self.cas.insert(ca, Arc::new(held));
        }
    }
}

impl TakesBody for Fresh {
    fn ca(&mut self, ca: CaId, certificate: &[u8]) {
        self.close();
        self.ca = Some((ca, HeldCa { certificate: certificate.to_vec(), serials: Serials::default() }));
    }

    fn entry(&mut self, serial: &SerialNumber, status: SerialStatus) {
        if let Some((_, held)) = &self.ca {
            held.serials.note(serial, &Noted { status, after: self.after, by: NotedBy::Issuance });
        }
    }
}

/// What is held of one CA's serial numbers.
#[derive(Debug)]
pub struct HeldCaStatus {
    all: Arc<HeldStatus>,
    ca: CaId,
}

impl HeldCaStatus {
    /// What may be told now: of when it is, the CA's numbers, and the count of snapshots.
    fn now(&self) -> Result<(Speaking, Arc<HeldCa>, u64), Silent> {
        let held = self.all.held();
        let speaking = held.speaking(self.all.longest).ok_or(Silent::Nothing)?;
        if self.all.clock.now() > speaking.until {
            return Err(Silent::Since(speaking.as_of));
        }
        let ca = held.cas.get(&self.ca).ok_or(Silent::Nothing)?;
        Ok((speaking, Arc::clone(ca), held.generation))
    }
}

impl StatusSource for HeldCaStatus {
    fn status(&self, serial: &SerialNumber) -> Result<SerialStatus, StorageError> {
        Ok(self.known(serial)?.status)
    }

    fn known(&self, serial: &SerialNumber) -> Result<Known, StorageError> {
        let (speaking, ca, generation) = self.now()?;
        // Before the status: it is then at least as new as the edition says.
        let edition = edition(&ca, serial, generation);
        let status = ca.serials.find(serial).unwrap_or(SerialStatus::Unknown);
        let as_of = match &status {
            SerialStatus::Revoked(revocation) => speaking.as_of.max(revocation.at),
            SerialStatus::Good | SerialStatus::Unknown => speaking.as_of,
        };
        Ok(Known { status, as_of: Some(as_of), edition, until: Some(speaking.until) })
    }

    /// All that is held is held in memory.
    fn at_hand(&self, serial: &SerialNumber) -> Option<Known> {
        self.known(serial).ok()
    }

    fn edition(&self, serial: &SerialNumber) -> Option<Edition> {
        let (_, ca, generation) = self.now().ok()?;
        edition(&ca, serial, generation)
    }
}

/// Changes with each change of a serial number's status, and with each snapshot.
fn edition(ca: &HeldCa, serial: &SerialNumber, generation: u64) -> Option<Edition> {
    let Edition(changes) = ca.serials.edition(serial)?;
    Some(Edition::after(generation.wrapping_shl(40).wrapping_add(changes)))
}

/// Nothing may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Silent {
    #[error("no status of certificates is held here yet")]
    Nothing,
    #[error("nothing was heard from the feed since {}: what is held is too old to be told", in_words(*.0))]
    Since(OffsetDateTime),
}

impl From<Silent> for StorageError {
    fn from(silent: Silent) -> Self {
        Self(silent.to_string())
    }
}

/// A message does not continue what is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// An increment came first.
    #[error("nothing is held yet, and this is an increment: a snapshot comes first")]
    NoSnapshot,
    /// Older than what is held, or the same again.
    #[error("the message is not newer than what is held, which goes to event {held}")]
    Older {
        /// How many events what is held covers.
        held: u64,
    },
    /// There is a gap.
    #[error(
        "the increment begins after event {begins}, and what is held goes to event {held}: something is missing between"
    )]
    Gap {
        /// Where it begins.
        begins: u64,
        /// How many events what is held covers.
        held: u64,
    },
    /// The ledger was another one at this place.
    #[error(
        "the installation's ledger has another event {0} than it had: an old copy of its store was put back, or the message is another's"
    )]
    OtherHistory(u64),
    /// A CA came or went.
    #[error("the installation's CAs are others than those that are held: a snapshot tells of them")]
    OtherCas,
    /// What was revoked for good is not.
    #[error("certificate {0} was revoked for good, and the message says otherwise")]
    Forgets(CertificatePlace),
    /// A clock is wrong.
    #[error("the message is of {}, which is not yet: compare the clocks of both machines", in_words(*.0))]
    Future(OffsetDateTime),
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] FeedError),
}
