//! A clock that notices that it was set back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};

use super::{Clock, in_words};

/// By how much a clock may be set back unnoticed: several machines write to one store, and theirs differ by seconds.
pub const TOLERANCE: Duration = Duration::minutes(2);

/// The clock shows an earlier time than one that was recorded before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this machine's clock shows {}, and something was recorded at {} already", in_words(*.now), in_words(*.newest))]
pub struct ClockSetBack {
    /// What the clock shows.
    pub now: OffsetDateTime,
    /// The newest moment known.
    pub newest: OffsetDateTime,
}

/// A clock that knows the newest moment it was seen at, or that was recorded before it started.
#[derive(Debug)]
pub struct SteadyClock {
    clock: Arc<dyn Clock>,
    /// Seconds since 1970.
    newest: AtomicI64,
}

impl SteadyClock {
    /// Over `clock`, where `newest` is the newest moment on record.
    pub fn new(clock: Arc<dyn Clock>, newest: Option<OffsetDateTime>) -> Self {
        let newest = newest.map_or(i64::MIN, OffsetDateTime::unix_timestamp);
        Self { clock, newest: AtomicI64::new(newest) }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> OffsetDateTime {
        let now = self.clock.now();
        self.newest.fetch_max(now.unix_timestamp(), Ordering::Relaxed);
        now
    }

    fn steady(&self) -> Result<OffsetDateTime, ClockSetBack> {
        let now = self.now();
        match OffsetDateTime::from_unix_timestamp(self.newest.load(Ordering::Relaxed)) {
            Ok(newest) if now + TOLERANCE < newest => Err(ClockSetBack { now, newest }),
            _ => Ok(now),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::clock::SetClock;

    const NOON: OffsetDateTime = time::macros::datetime!(2027-01-01 12:00 UTC);

    #[test]
    fn a_clock_that_is_set_back_is_noticed_and_one_that_is_right_again_is_believed() {
        let inner = Arc::new(SetClock::at(NOON));
        let clock = SteadyClock::new(inner.clone(), None);
        assert_eq!(clock.steady().unwrap(), NOON);
        inner.set(NOON - TOLERANCE);
        assert_eq!(clock.steady().unwrap(), NOON - TOLERANCE, "within what machines differ by");
        let back = NOON - TOLERANCE - Duration::SECOND;
        inner.set(back);
        assert_eq!(clock.steady().unwrap_err(), ClockSetBack { now: back, newest: NOON });
        inner.set(NOON + Duration::HOUR);
        assert_eq!(clock.steady().unwrap(), NOON + Duration::HOUR);
    }

    #[test]
    fn what_was_recorded_before_the_start_counts() {
        let clock = SteadyClock::new(Arc::new(SetClock::at(NOON)), Some(NOON + Duration::DAY));
        let told = clock.steady().unwrap_err().to_string();
        assert!(
            told.contains("2027-01-01 12:00:00 UTC") && told.contains("2027-01-02 12:00:00 UTC"),
            "{told}"
        );
        assert_eq!(clock.now(), NOON, "what must go on, such as revocation, goes on");
    }
}
