//! What comes by itself: the time for an appeal has passed.

use ca_core::ledger::Actor;
use ca_core::storage::KeyRange;

use super::step::Word;
use super::{WITHDRAWALS_DUE, WithdrawalError};
use crate::id::WithdrawalId;
use crate::registry::Registry;
use crate::timed;

impl Registry {
    /// Carries out at most `most` of what is due; how many were done. Each is a commit of its own.
    ///
    /// # Errors
    /// The registry failed; what was done before stays so.
    pub fn carry_on_withdrawals(&self, most: usize) -> Result<usize, WithdrawalError> {
        let until = Some(timed::key("", self.now(), "").into_bytes());
        let due = self.store().scan(WITHDRAWALS_DUE, &KeyRange { from: None, until }, most)?;
        for (key, _) in &due {
            let id: WithdrawalId = timed::named(WITHDRAWALS_DUE, key)?;
            match self.take_withdrawal(id, Word::Expire, &Actor::system("identities"), None) {
                // An appeal of the last moment, or another node.
                Ok(_) | Err(WithdrawalError::Elsewhere { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(due.len())
    }
}
