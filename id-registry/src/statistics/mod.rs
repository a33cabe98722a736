//! Statistics: how many there are of what, with nothing told of the few.
//!
//! The service counts by itself, a page at a time ([`Registry::carry_on_statistics`]), so that nobody waits for it and no call
//! costs more than a page: a nation of two million is counted in a good hour beside all other work. What was counted is kept as
//! it is published; small numbers never reach the store. Reading it is one look.

use ca_core::ledger::{Action, Actor};
use ca_core::storage::{Change, StorageError, Table};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::fault::{Attempt, Fault, until_settled};
use crate::permission::{Permit, ReadStatistics};
use crate::record::{self, encode};
use crate::registry::Registry;

mod count;
mod suppress;

pub use count::Counting;
pub use suppress::{Group, LEAST_THRESHOLD};

/// The newest statistics, under one key, as published.
pub const STATISTICS: Table = Table::records("statistics");

/// Statistics were counted.
pub const COUNTED: Action = Action::named("statistics.counted");

const NEWEST: &str = "newest";

/// How statistics are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsSettings {
    /// Numbers below it, and above nothing, are not told.
    pub threshold: u64,
    /// How long after a count began the next begins.
    pub every: Duration,
}

impl Default for StatisticsSettings {
    fn default() -> Self {
        Self { threshold: 10, every: Duration::days(1) }
    }
}

/// Statistics, as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statistics {
    /// When the count began, UTC: what came later may be in it.
    #[serde(with = "time::serde::rfc3339")]
    pub begun_at: OffsetDateTime,
    /// When it ended, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub ended_at: OffsetDateTime,
    /// Numbers below it, and above nothing, are not told.
    pub threshold: u64,
    /// The numbers.
    pub groups: Vec<Group>,
}

/// Nothing was counted yet.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    /// The first count is under way.
    #[error("the service is counting for the first time")]
    NotYet,
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

crate::fault::by_fault!(StatisticsError: StorageError);

impl Registry {
    /// The newest statistics.
    ///
    /// # Errors
    /// Nothing was counted yet, or the store failed.
    pub fn statistics(&self, _permit: &Permit<ReadStatistics>) -> Result<Statistics, StatisticsError> {
        self.newest_statistics()?.ok_or(StatisticsError::NotYet)
    }

    /// Counts on, where it is time: a page of at most `most` entries; how many were looked at.
    ///
    /// # Errors
    /// Store or vault failed: the count begins anew at the next call.
    pub fn carry_on_statistics(&self, counting: &mut Counting, most: usize) -> Result<usize, Fault> {
        let every = self.settings().statistics.every;
        if counting.is_idle() {
            let newest = self.newest_statistics()?;
            if newest.is_some_and(|newest| self.now() < newest.begun_at + every) {
                return Ok(0);
            }
        }
        let (seen, groups) = self.count_on(counting, most)?;
        if let Some((begun_at, groups)) = groups {
            self.keep_statistics(begun_at, &groups)?;
        }
        Ok(seen)
    }

    fn keep_statistics(&self, begun_at: OffsetDateTime, groups: &[Group]) -> Result<(), Fault> {
        until_settled(|| {
            let (ended_at, threshold) = (self.now(), self.settings().statistics.threshold);
            let counted = Statistics { begun_at, ended_at, threshold, groups: groups.to_vec() };
            let event = self.event(&Actor::system("statistics"), COUNTED, "statistics:newest")?;
            let change = Change::new().put(STATISTICS, NEWEST, encode(&counted)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || ()))
        })
    }

    fn newest_statistics(&self) -> Result<Option<Statistics>, StorageError> {
        Ok(record::find(self.store(), STATISTICS, NEWEST)?.map(|(newest, _)| newest))
    }
}
