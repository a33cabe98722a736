//! Which positions of the ledger were seen: as runs, which are one where a store exports its events in order.

use std::collections::BTreeMap;

/// The most runs kept: a bound on memory that no export in any reasonable order reaches.
const MOST_RUNS: usize = 100_000;

/// Positions seen so far, as runs from their first position to the one after their last.
#[derive(Debug, Default)]
pub(super) struct Positions(BTreeMap<u64, u64>);

impl Positions {
    /// Takes a position; one may come more than once.
    ///
    /// # Errors
    /// The positions are scattered beyond what is kept, or there is none after this one.
    pub(super) fn insert(&mut self, position: u64) -> Result<(), String> {
        let next = position.checked_add(1).ok_or("an event has the last position there could be")?;
        let before = self.0.range(..=position).next_back().map(|(start, end)| (*start, *end));
        let (start, end) = match before {
            Some((_, end)) if end > position => return Ok(()),
            Some((start, end)) if end == position => (start, next),
            _ => (position, next),
        };
        let end = self.0.remove(&end).unwrap_or(end);
        self.0.insert(start, end);
        if self.0.len() > MOST_RUNS {
            return Err("its events come in no order".to_owned());
        }
        Ok(())
    }

    /// Demands the positions from 0 to `size`, that one left out, and no others.
    ///
    /// # Errors
    /// What is missing or too many.
    pub(super) fn demand_all(&self, size: u64) -> Result<(), String> {
        let mut expected = 0;
        for (start, end) in &self.0 {
            if *start != expected {
                break;
            }
            expected = *end;
        }
        let beyond = self.0.last_key_value().is_some_and(|(_, end)| *end > size);
        match (expected == size, beyond) {
            (true, false) => Ok(()),
            (false, _) if expected < size => Err(format!("event {expected} of {size} is missing")),
            _ => Err(format!("there is an event beyond the ledger's end at {size}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{MOST_RUNS, Positions};

    fn after(positions: impl IntoIterator<Item = u64>) -> Positions {
        let mut seen = Positions::default();
        positions.into_iter().for_each(|position| seen.insert(position).unwrap());
        seen
    }

    #[test]
    fn every_order_is_the_same() {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [2, 0, 3, 1], [1, 3, 0, 2]] {
            let seen = after(order.into_iter().chain([2]));
            assert_eq!(seen.0.len(), 1, "{order:?}");
            assert_eq!(seen.demand_all(4), Ok(()));
        }
        assert_eq!(after([]).demand_all(0), Ok(()));
    }

    #[test]
    fn what_is_missing_or_too_many_is_named() {
        assert!(after([0, 1, 3]).demand_all(4).unwrap_err().contains("event 2 of 4"));
        assert!(after([1]).demand_all(2).unwrap_err().contains("event 0 of 2"));
        assert!(after([0, 1, 2]).demand_all(2).unwrap_err().contains("beyond"));
        assert!(after([0, 1, 9]).demand_all(2).unwrap_err().contains("beyond"));
        assert!(after([]).demand_all(1).unwrap_err().contains("event 0 of 1"));
        assert!(Positions::default().insert(u64::MAX).is_err());
    }

    #[test]
    fn disorder_does_not_fill_the_memory() {
        let mut seen = Positions::default();
        let refused = (0..u64::MAX).step_by(2).position(|position| seen.insert(position).is_err());
        assert_eq!(refused, Some(MOST_RUNS));
    }
}
