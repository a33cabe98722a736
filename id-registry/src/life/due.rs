//! What is due of identities, carried out by the service itself: a date does not wait for somebody to type.

use ca_core::ledger::Actor;
use ca_core::storage::KeyRange;

use super::{IDENTITY_DUE, LifeError, change, guardianship};
use crate::id::IdentityId;
use crate::registry::Registry;
use crate::timed;

impl Registry {
    /// Carries out at most `most` of what is due; how many were done. Each is a commit of its own.
    ///
    /// # Errors
    /// One of them failed: the first failure. The others are carried out all the same.
    pub fn carry_on_lives(&self, most: usize) -> Result<usize, LifeError> {
        let now = self.now() + time::Duration::seconds(1);
        let until = Some(timed::key("", now, "").into_bytes());
        let due = self.store().scan(IDENTITY_DUE, &KeyRange { from: None, until }, most)?;
        // What fails does not keep the others waiting.
        let failures = due.iter().filter_map(|(key, _)| self.carry_out_due(key).err());
        match failures.collect::<Vec<_>>().into_iter().next() {
            Some(error) => Err(error),
            None => Ok(due.len()),
        }
    }

    fn carry_out_due(&self, key: &[u8]) -> Result<(), LifeError> {
        let id: IdentityId = timed::named(IDENTITY_DUE, key)?;
        let by = Actor::system("identities");
        // What stands between time and identity says what is due; nothing does of a sponsor.
        match key.split(|octet| *octet == b'/').nth(1) {
            Some(mark) if mark == change::MARK.as_bytes() => self.end_replaced(id, key, &by),
            Some(mark) if mark == guardianship::MARK.as_bytes() => self.end_guardianship_due(id, key, &by),
            _ => self.lose_sponsor(id, &by),
        }
    }
}
