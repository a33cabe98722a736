//! Answers that are kept for those who ask the same.
//!
//! What is kept is bounded by its octets. Each shelf has two tables: what is asked for is in the young one, or comes back
//! into it; when that is full, it becomes the old one, and what was in the old one and not asked for since is gone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ca_core::serial::SerialNumber;
use ca_core::status::Edition;
use time::OffsetDateTime;

use super::answer::Answer;
use super::cert_id::CertIdHash;

/// Into how many parts the answers are divided, so that those who ask do not wait for each other.
const SHELVES: usize = 16;
/// About how many octets an answer takes besides its own.
const OVERHEAD: usize = 320;

/// What the same answer is given to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) hash: CertIdHash,
    /// Whether the CertID has NULL for the digest's parameters: an answer repeats it as it came.
    pub(super) null: bool,
    pub(super) serial: SerialNumber,
}

/// The answers of one responder certificate.
#[derive(Debug)]
pub(super) struct KeptAnswers {
    shelves: Vec<Mutex<Shelf>>,
    /// Octets that each of a shelf's tables may hold.
    room: usize,
}

#[derive(Debug, Default)]
struct Shelf {
    young: HashMap<Question, Kept>,
    old: HashMap<Question, Kept>,
    /// What the young ones take.
    octets: usize,
}

/// An answer, and as long as what it may be given.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) answer: Answer,
    /// The edition of the status that it tells.
    pub(super) edition: Edition,
    pub(super) from: OffsetDateTime,
    /// Not any more from this moment on.
    pub(super) until: OffsetDateTime,
}

impl Kept {
    fn holds(&self, edition: Edition, now: OffsetDateTime) -> bool {
        self.edition == edition && (self.from..self.until).contains(&now)
    }

    fn octets(&self) -> usize {
        self.answer.der().len() + OVERHEAD
    }
}

impl KeptAnswers {
    /// None yet; never more than so many octets.
    pub(super) fn within(octets: usize) -> Self {
        let shelves = std::iter::repeat_with(Mutex::default).take(SHELVES).collect();
        Self { shelves, room: octets / SHELVES / 2 }
    }

    /// The answer to this, if it still holds at this moment and the status is of this edition.
    pub(super) fn find(&self, question: &Question, edition: Edition, now: OffsetDateTime) -> Option<Answer> {
        let mut shelf = self.shelf(question)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = shelf.young.get(question) {
            return kept.holds(edition, now).then(|| kept.answer.clone());
        }
        let kept = shelf.old.remove(question).filter(|kept| kept.holds(edition, now))?;
        let answer = kept.answer.clone();
        shelf.put(question.clone(), kept, self.room);
        Some(answer)
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, question: Question, kept: Kept) {
        let Some(shelf) = self.shelf(&question) else { return };
        shelf.lock().unwrap_or_else(PoisonError::into_inner).put(question, kept, self.room);
    }

    /// Serial numbers are random: the last octet divides them evenly.
    fn shelf(&self, question: &Question) -> Option<&Mutex<Shelf>> {
        let last = question.serial.as_bytes().last().copied().unwrap_or_default();
        self.shelves.get(usize::from(last) % SHELVES)
    }
}

impl Shelf {
    fn put(&mut self, question: Question, kept: Kept, room: usize) {
        let octets = kept.octets();
        if octets > room {
            return;
        }
        self.old.remove(&question);
        if let Some(before) = self.young.remove(&question) {
            self.octets -= before.octets();
        }
        if self.octets + octets > room {
            self.old = std::mem::take(&mut self.young);
            self.octets = 0;
        }
        self.octets += octets;
        self.young.insert(question, kept);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const ROOM: usize = 64 * 1024;

    fn question(number: u32) -> Question {
        let serial = SerialNumber::from_der_content(&number.to_be_bytes()).unwrap();
        Question { hash: CertIdHash::Sha1, null: true, serial }
    }

    fn kept(octets: usize) -> Kept {
        let answer = Answer::signed(vec![0; octets], None);
        let from = OffsetDateTime::UNIX_EPOCH;
        Kept { answer, edition: Edition::after(0), from, until: from + time::Duration::HOUR }
    }

    fn is_there(answers: &KeptAnswers, number: u32) -> bool {
        answers.find(&question(number), Edition::after(0), OffsetDateTime::UNIX_EPOCH).is_some()
    }

    fn octets(answers: &KeptAnswers) -> usize {
        let all = |shelf: &Mutex<Shelf>| {
            let shelf = shelf.lock().unwrap();
            shelf.young.values().chain(shelf.old.values()).map(Kept::octets).sum::<usize>()
        };
        answers.shelves.iter().map(all).sum()
    }

    #[test]
    fn there_is_never_more_than_there_is_room_for() {
        let answers = KeptAnswers::within(ROOM);
        for number in 0..5_000 {
            answers.keep(question(number), kept(usize::try_from(number % 700).unwrap()));
            // Kept again, it counts once.
            answers.keep(question(number), kept(500));
            assert!(octets(&answers) <= ROOM, "{number}");
        }
        assert!(octets(&answers) > ROOM / 4);
        answers.keep(question(7), kept(ROOM));
        assert!(octets(&answers) <= ROOM);
    }

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_goes() {
        let answers = KeptAnswers::within(ROOM);
        for number in 0..5_000 {
            answers.keep(question(number), kept(500));
            assert!(is_there(&answers, 0), "{number}");
        }
        assert!(!is_there(&answers, 1));
    }
}
