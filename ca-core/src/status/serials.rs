//! The serial numbers that one CA has issued and what became of each, in little more memory than the numbers take.
//!
//! Most certificates are never revoked: of these nothing is kept but the serial number. Octets for each certificate, at the
//! worst, which is just after a table has grown (a test counts them): 39 of one that was never touched, 67 of one that was.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use time::OffsetDateTime;

use super::{Edition, Revocation, RevocationReason, SerialStatus};
use crate::serial::{ISSUED_LENGTH, SerialNumber};

/// Into how many parts the numbers are divided: a part that grows keeps nobody waiting who asks about another, and few
/// for long who ask about it.
const SHELVES: usize = 64;
/// How many counts of changes a part has: a change makes one in [`SHELVES`] times this many kept answers void for nothing.
const EDITIONS: usize = 16;

/// A serial number as npki draws it.
type Drawn = [u8; ISSUED_LENGTH];

/// A status that is taken note of.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    pub(super) status: SerialStatus,
    /// After how many events of the ledger it stood so. Changes that are noted out of order do not undo each other.
    pub(super) after: u64,
    pub(super) by: NotedBy,
}

/// What made somebody take note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotedBy {
    /// The certificate was issued, or was found to be there.
    Issuance,
    /// Its status changed. That it is good again is remembered with its place: the change that is undone by it may be noted
    /// later.
    Change,
}

/// What a CA has issued.
#[derive(Debug)]
pub(super) struct Serials {
    shelves: Vec<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    entries: RwLock<Entries>,
    editions: [AtomicU64; EDITIONS],
}

#[derive(Debug, Default)]
struct Entries {
    /// Issued, and nothing else ever since.
    untouched: HashSet<Drawn>,
    /// Revoked, on hold, or released.
    touched: HashMap<Drawn, Entry>,
    /// Serial numbers of another length than npki draws.
    others: HashMap<SerialNumber, Entry>,
}

/// What became of a certificate, in twelve octets: with fields of eight, a bucket of the tables would be half as long again.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Seconds,
    after: Place,
    state: State,
}

/// Seconds since 1970, as a big-endian number of forty bits: all of the years that a [`OffsetDateTime`] can tell, ±9999.
#[derive(Debug, Clone, Copy)]
struct Seconds([u8; 5]);

/// As [`Noted::after`], as a big-endian number of 48 bits: a billion events a day for seven hundred years. What is beyond
/// counts as the last of them, and of two such the one that is noted later counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place([u8; 6]);

#[derive(Debug, Clone, Copy)]
enum State {
    Good,
    Revoked(RevocationReason),
    Unknown,
}

impl Seconds {
    const fn of(moment: OffsetDateTime) -> Self {
        let [_, _, _, lowest @ ..] = moment.unix_timestamp().to_be_bytes();
        Self(lowest)
    }

    fn moment(self) -> Option<OffsetDateTime> {
        let mut octets = [0; 8];
        octets[..5].copy_from_slice(&self.0);
        // Down again, with the sign.
        OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(octets) >> 24).ok()
    }
}

impl Place {
    const LAST: u64 = (1 << 48) - 1;

    const fn of(after: u64) -> Self {
        let after = if after < Self::LAST { after } else { Self::LAST };
        let [_, _, lowest @ ..] = after.to_be_bytes();
        Self(lowest)
    }
}

impl Entry {
    const fn of(noted: &Noted) -> Self {
        let (at, state) = match &noted.status {
            SerialStatus::Good => (OffsetDateTime::UNIX_EPOCH, State::Good),
            SerialStatus::Revoked(revocation) => (revocation.at, State::Revoked(revocation.reason)),
            SerialStatus::Unknown => (OffsetDateTime::UNIX_EPOCH, State::Unknown),
        };
        Self { at: Seconds::of(at), after: Place::of(noted.after), state }
    }

    /// `None` of what is not there.
    fn status(self) -> Option<SerialStatus> {
        match self.state {
            State::Good => Some(SerialStatus::Good),
            State::Unknown => None,
            State::Revoked(reason) => {
                let at = self.at.moment()?;
                Some(SerialStatus::Revoked(Revocation { at, reason, invalid_since: None }))
            }
        }
    }
}

impl Default for Serials {
    fn default() -> Self {
        Self { shelves: std::iter::repeat_with(Shelf::default).take(SHELVES).collect() }
    }
}

impl Serials {
    /// What is known of a serial number. Nothing is said of what is not there: another node may have just issued it.
    pub(super) fn find(&self, serial: &SerialNumber) -> Option<SerialStatus> {
        let entries = self.shelf(serial)?.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.find(serial)
    }

    /// Takes note of a status.
    pub(super) fn note(&self, serial: &SerialNumber, noted: &Noted) {
        let Some(shelf) = self.shelf(serial) else { return };
        shelf.entries.write().unwrap_or_else(PoisonError::into_inner).note(serial, noted);
        // After the entry, and before anybody is told that the change is made: an answer that was made of what stood
        // before has the edition of before.
        if let Some(edition) = shelf.edition(serial) {
            edition.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Gives every serial number that is known, in no order, and its status to `take`. What changes meanwhile may be given as
    /// it was or as it is.
    pub(super) fn each(&self, take: &mut dyn FnMut(&[u8], &SerialStatus)) {
        for shelf in &self.shelves {
            shelf.entries.read().unwrap_or_else(PoisonError::into_inner).each(take);
        }
    }

    /// Changes with every change of this serial number's status.
    pub(super) fn edition(&self, serial: &SerialNumber) -> Option<Edition> {
        let edition = self.shelf(serial)?.edition(serial)?;
        Some(Edition::after(edition.load(Ordering::Acquire)))
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        for shelf in &self.shelves {
            *shelf.entries.write().unwrap_or_else(PoisonError::into_inner) = Entries::default();
            for edition in &shelf.editions {
                edition.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Serial numbers are random: the last octet divides them evenly.
    fn shelf(&self, serial: &SerialNumber) -> Option<&Shelf> {
        let last = serial.as_bytes().last().copied().unwrap_or_default();
        self.shelves.get(usize::from(last) % SHELVES)
    }

    /// About how many octets of memory the tables take.
    #[cfg(test)]
    fn octets(&self) -> usize {
        let shelf = |shelf: &Shelf| shelf.entries.read().unwrap_or_else(PoisonError::into_inner).octets();
        self.shelves.iter().map(shelf).sum()
    }
}

impl Shelf {
    fn edition(&self, serial: &SerialNumber) -> Option<&AtomicU64> {
        let octet = serial.as_bytes().iter().rev().nth(1).copied().unwrap_or_default();
        self.editions.get(usize::from(octet) % EDITIONS)
    }
}

impl Entries {
    fn find(&self, serial: &SerialNumber) -> Option<SerialStatus> {
        let Ok(drawn) = Drawn::try_from(serial.as_bytes()) else {
            return self.others.get(serial).copied().and_then(Entry::status);
        };
        if self.untouched.contains(&drawn) {
            return Some(SerialStatus::Good);
        }
        self.touched.get(&drawn).copied().and_then(Entry::status)
    }

    fn each(&self, take: &mut dyn FnMut(&[u8], &SerialStatus)) {
        self.untouched.iter().for_each(|serial| take(serial, &SerialStatus::Good));
        let touched = self.touched.iter().map(|(serial, entry)| (serial.as_slice(), entry));
        let others = self.others.iter().map(|(serial, entry)| (serial.as_bytes(), entry));
        for (serial, entry) in touched.chain(others) {
            if let Some(status) = entry.status() {
                take(serial, &status);
            }
        }
    }

    fn note(&mut self, serial: &SerialNumber, noted: &Noted) {
        let fresh = Entry::of(noted);
        let Ok(drawn) = Drawn::try_from(serial.as_bytes()) else {
            self.others.entry(serial.clone()).or_insert(fresh).renew(fresh);
            return;
        };
        if let Some(known) = self.touched.get_mut(&drawn) {
            known.renew(fresh);
        } else if noted.status == SerialStatus::Good && noted.by == NotedBy::Issuance {
            self.untouched.insert(drawn);
        } else {
            self.untouched.remove(&drawn);
            self.touched.insert(drawn, fresh);
        }
    }

    /// As hashbrown, which the standard library's tables are, lays them out: buckets by powers of two, seven of eight
    /// of them used at most, an octet of its own for each.
    #[cfg(test)]
    fn octets(&self) -> usize {
        const fn table(capacity: usize, entry: usize) -> usize {
            capacity.div_ceil(7) * 8 * (entry + 1)
        }
        table(self.untouched.capacity(), size_of::<Drawn>())
            + table(self.touched.capacity(), size_of::<(Drawn, Entry)>())
            + table(self.others.capacity(), size_of::<(SerialNumber, Entry)>())
    }
}

impl Entry {
    /// Takes the newer one.
    fn renew(&mut self, fresh: Self) {
        if self.after <= fresh.after {
            *self = fresh;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;
    use crate::clock::SystemEntropy;

    const AT: OffsetDateTime = datetime!(2026-11-30 2:12:05 UTC);

    fn drawn() -> SerialNumber {
        SerialNumber::draw(&SystemEntropy).unwrap()
    }

    const fn revoked(reason: RevocationReason) -> SerialStatus {
        SerialStatus::Revoked(Revocation { at: AT, reason, invalid_since: None })
    }

    const fn issued(after: u64) -> Noted {
        Noted { status: SerialStatus::Good, after, by: NotedBy::Issuance }
    }

    const fn changed(status: SerialStatus, after: u64) -> Noted {
        Noted { status, after, by: NotedBy::Change }
    }

    #[test]
    fn what_was_not_issued_is_never_good() {
        let serials = Serials::default();
        let (known, never) = (drawn(), drawn());
        serials.note(&known, &issued(1));
        assert_eq!((serials.find(&known), serials.find(&never)), (Some(SerialStatus::Good), None));
        serials.forget();
        assert_eq!(serials.find(&known), None);
    }

    #[test]
    fn serial_numbers_of_any_length_are_told_apart() {
        let serials = Serials::default();
        let all =
            ["01", "0100", "41", "410000000000000000000000000000", "4100000000000000000000000000000a00"];
        for (after, serial) in (1..).zip(all) {
            let serial: SerialNumber = serial.parse().unwrap();
            assert_eq!(serials.find(&serial), None, "{serial}");
            serials.note(&serial, &issued(after));
            assert_eq!(serials.find(&serial), Some(SerialStatus::Good), "{serial}");
        }
    }

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let moments = [
            datetime!(-9999-01-01 0:00 UTC),
            datetime!(1969-12-31 23:59:59 UTC),
            OffsetDateTime::UNIX_EPOCH,
            AT,
            datetime!(9999-12-31 23:59:59 UTC),
        ];
        for moment in moments {
            assert_eq!(Seconds::of(moment).moment(), Some(moment));
        }
        let places = [0, 1, 255, 256, 1 << 40, Place::LAST - 1, Place::LAST].map(Place::of);
        assert!(places.is_sorted_by(|one, next| one < next));
        assert_eq!(Place::of(u64::MAX), Place::of(Place::LAST));
        assert_eq!(size_of::<Entry>(), 12);
    }

    #[test]
    fn every_change_is_another_edition() {
        let serials = Serials::default();
        let serial = drawn();
        let mut editions = vec![serials.edition(&serial)];
        let hold = revoked(RevocationReason::CertificateHold);
        for noted in [issued(1), changed(hold, 2), changed(SerialStatus::Good, 3)] {
            serials.note(&serial, &noted);
            editions.push(serials.edition(&serial));
        }
        serials.forget();
        editions.push(serials.edition(&serial));
        let mut different = editions.clone();
        different.dedup();
        assert_eq!(different, editions);
    }

    proptest! {
        /// Those who commit, and whoever follows the ledger, take note in any order, and more than once.
        #[test]
        fn the_last_change_counts_in_whatever_order_changes_are_noted(
            changes in proptest::collection::vec((0..4_usize, 0..3_u8), 0..12),
            shuffled in any::<u64>(),
        ) {
            let serials = ["4100000000000000000000000000000a", "4100000000000000000000000000004a", "07", "4a"]
                .map(|serial| serial.parse::<SerialNumber>().unwrap());
            let mut history: Vec<(usize, Noted)> = (0..4).map(|which| (which, issued(which as u64 + 1))).collect();
            for (after, (which, kind)) in (5..).zip(&changes) {
                let status = match kind {
                    0 => SerialStatus::Good,
                    1 => revoked(RevocationReason::CertificateHold),
                    _ => revoked(RevocationReason::KeyCompromise),
                };
                history.push((*which, changed(status, after)));
            }
            let mut order: Vec<usize> = (0..history.len()).chain(0..history.len()).collect();
            order.sort_by_key(|place| (*place as u64 + 1).wrapping_mul(shuffled | 1).rotate_left(17));
            let index = Serials::default();
            for place in order {
                let (which, noted) = &history[place];
                index.note(&serials[*which], noted);
            }
            for (which, serial) in serials.iter().enumerate() {
                let last = history.iter().rfind(|noted| noted.0 == which).map(|noted| noted.1.status.clone());
                prop_assert_eq!(index.find(serial), last);
            }
        }
    }

    /// The goals are 64 octets of an issued certificate and 128 of a revoked one. It is most just after the tables have
    /// grown, so it is looked at again and again on the way.
    #[test]
    fn a_certificate_takes_few_octets() {
        let (untouched, touched) = (Serials::default(), Serials::default());
        let (fresh, gone) = (issued(1), changed(revoked(RevocationReason::Superseded), 1));
        let (mut most_untouched, mut most_touched) = (0, 0);
        let mut octets = [0x41; ISSUED_LENGTH];
        for count in 1..=200_000_u32 {
            octets[8..12].copy_from_slice(&count.to_be_bytes());
            // Over all shelves, as random ones are.
            octets[15] = count.to_le_bytes()[0];
            let serial = SerialNumber::from_der_content(&octets).unwrap();
            untouched.note(&serial, &fresh);
            touched.note(&serial, &gone);
            if count >= 50_000 && count % 64 == 0 {
                let count = usize::try_from(count).unwrap();
                most_untouched = most_untouched.max(untouched.octets().div_ceil(count));
                most_touched = most_touched.max(touched.octets().div_ceil(count));
            }
        }
        assert!((17..=64).contains(&most_untouched), "{most_untouched}");
        assert!((29..=128).contains(&most_touched), "{most_touched}");
    }
}
