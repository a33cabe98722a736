//! Everybody in the room agrees to the script before anything happens.

use super::session::{Session, facts};
use crate::ceremony::CeremonyError;
use crate::ceremony::room::{Question, Seen};

/// How often somebody may type it wrong.
const TRIES: usize = 3;
/// How many digits of the fingerprint are typed.
const DIGITS: usize = 8;

impl Session<'_> {
    /// Each person compares the script's fingerprint with the printed one and types how it begins.
    pub(super) fn agreed(&mut self) -> Result<(), CeremonyError> {
        let words = self.script.words();
        let officer = (self.script.officer.clone(), "officer");
        let witnesses = self.script.witnesses.iter().map(|witness| (witness.name.clone(), "witness"));
        let people: Vec<(String, &str)> = std::iter::once(officer).chain(witnesses).collect();
        let mut told = false;
        for (number, (person, role)) in (1..).zip(people) {
            let step = format!("agreed-{number}");
            if self.journal.find(&step).is_some() {
                continue;
            }
            if !told {
                self.room.tell(&words)?;
                told = true;
            }
            self.step(&step, |session| {
                session.confirm(number, &person)?;
                Ok(facts([("person", person), ("role", role.to_owned())]))
            })?;
        }
        Ok(())
    }

    fn confirm(&mut self, number: usize, person: &str) -> Result<(), CeremonyError> {
        let sha256 = self.script.sha256();
        let expected = sha256.get(..DIGITS).unwrap_or_default();
        let question = Question {
            key: format!("agree.{number}"),
            text: format!("{person}: the first {DIGITS} digits of the script's SHA-256, as printed:"),
            answer: Seen::Openly,
        };
        for _ in 0..TRIES {
            let typed = self.room.ask(&question)?;
            if typed.trim().eq_ignore_ascii_case(expected) {
                return Ok(());
            }
            self.room.tell(&["That is not how it begins. Compare again.".to_owned()])?;
        }
        Err(CeremonyError::NotConfirmed(person.to_owned()))
    }
}
