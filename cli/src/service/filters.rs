//! Makes the compact filters anew, every so often, for each CA that has a responder: out of the status index, on a thread of its
//! own, since millions of certificates take seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use ca_core::authority::BACKDATE;
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SystemEntropy};
use ocsp_responder::filter::{FilterMaker, Unmade};
use ocsp_responder::publication::Filters;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::responding::Appointed;
use super::serve::Foundation;
use super::settings::bounded;

/// How often it is looked whether a filter is due.
const TICK: StdDuration = StdDuration::from_secs(1);
/// By how much the clocks of an installation's nodes may differ.
const CLOCKS: Duration = Duration::minutes(5);

/// `[filter]` of `npki.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseFilters {
    minutes: u32,
    days: u32,
}

impl Default for LooseFilters {
    fn default() -> Self {
        Self { minutes: 60, days: 7 }
    }
}

impl LooseFilters {
    pub(super) fn check(&self) -> Result<FilterSettings, String> {
        let minutes = bounded(self.minutes, 0, 10_080, "filter.minutes")?;
        let days = bounded(self.days, 1, 92, "filter.days")?;
        Ok(FilterSettings { every: Duration::minutes(minutes.into()), validity: Duration::days(days.into()) })
    }
}

/// How filters are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilterSettings {
    /// How often; zero: never.
    every: Duration,
    /// For how long each may be used.
    validity: Duration,
}

/// Makes filters.
#[derive(Debug)]
pub(super) struct FilterKeeper {
    maker: FilterMaker,
    clock: Arc<dyn Clock>,
    appointed: Appointed,
    filters: Arc<Filters>,
    every: Duration,
    made: BTreeMap<CaId, OffsetDateTime>,
    /// Of these it was said that none could be made.
    failing: BTreeMap<CaId, OffsetDateTime>,
}

impl FilterKeeper {
    pub(super) fn new(
        settings: FilterSettings,
        foundation: &Foundation,
        appointed: &Appointed,
        filters: &Arc<Filters>,
    ) -> Self {
        let maker = FilterMaker {
            index: Arc::clone(&foundation.status),
            entropy: Arc::new(SystemEntropy),
            backdate: BACKDATE + CLOCKS,
            validity: settings.validity,
        };
        let (made, failing) = (BTreeMap::new(), BTreeMap::new());
        Self {
            maker,
            clock: Arc::clone(&foundation.clock),
            appointed: appointed.clone(),
            filters: Arc::clone(filters),
            every: settings.every,
            made,
            failing,
        }
    }

    /// Works until `stop` says so or is dropped.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            if !self.every.is_zero() {
                self.make_due();
            }
        }
    }

    fn make_due(&mut self) {
        for (ca, responder) in self.appointed.all() {
            let now = self.clock.now();
            if self.made.get(&ca).is_some_and(|made| now - *made < self.every) {
                continue;
            }
            match self.maker.make(&ca, &responder) {
                Ok(filter) => {
                    self.filters.publish(ca.clone(), filter, now);
                    self.failing.remove(&ca);
                    self.made.insert(ca, now);
                }
                // The index is not filled yet.
                Err(Unmade::Unknown) => {}
                // Once an hour, and not each second.
                Err(error) if self.failing.get(&ca).is_none_or(|told| now - *told > Duration::HOUR) => {
                    tracing::error!(%ca, %error, "no filter was made; it is tried again");
                    self.failing.insert(ca, now);
                }
                Err(_) => {}
            }
        }
    }
}
