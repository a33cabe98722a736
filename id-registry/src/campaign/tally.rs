//! How many members stand how.

use std::collections::BTreeMap;

use ca_core::storage::StorageError;
use serde::{Deserialize, Serialize};

use super::MemberState;

/// How many members are in each state. It stands in the campaign's record and changes in the same commit as they do, so that
/// nobody has to count them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<MemberState, u64>);

impl Tally {
    /// How many are in a state.
    pub fn of(&self, state: MemberState) -> u64 {
        self.0.get(&state).copied().unwrap_or(0)
    }

    /// Each state that a member is in, and how many are.
    pub fn iter(&self) -> impl Iterator<Item = (MemberState, u64)> + '_ {
        self.0.iter().map(|(state, count)| (*state, *count))
    }

    /// How many members there are.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (state, count) in other.iter() {
            *self.0.entry(state).or_insert(0) += count;
        }
        self
    }

    /// Counts a new member.
    pub(super) fn enter(&mut self, state: MemberState) {
        *self.0.entry(state).or_insert(0) += 1;
    }

    /// Moves a member from one state to another.
    pub(super) fn shift(&mut self, from: MemberState, to: MemberState) -> Result<(), StorageError> {
        let damaged = || StorageError("a campaign's tally does not fit its members".to_owned());
        let count = self.0.get_mut(&from).ok_or_else(damaged)?;
        *count = count.checked_sub(1).ok_or_else(damaged)?;
        if *count == 0 {
            self.0.remove(&from);
        }
        self.enter(to);
        Ok(())
    }
}
