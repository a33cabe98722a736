//! A clock that is watched: a token says what time it was, so a time that may be wrong is not told.
//!
//! Three things are held against the machine's clock: the newest moment that a token was ever given at or that was noted
//! while the unit ran; an even count of time that nobody sets; and, where there is one, a reference elsewhere. ETSI EN 319
//! 421 clause 7.7.2 asks that a unit notices when its clock leaves what it claims, and then gives no tokens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use ca_core::clock::{Clock, in_words};
use time::{Duration, OffsetDateTime};

/// Time since some moment, counted evenly: setting the clock does not change it.
pub trait Ticks: Send + Sync + std::fmt::Debug {
    /// How much went by.
    fn elapsed(&self) -> StdDuration;
}

/// How far the clock may be off before it is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockBounds {
    /// By how much it may move against the even count between two looks.
    pub step: Duration,
    /// By how much it may differ from a reference; and how long a comparison with one counts. `None`: there is none.
    pub reference: Option<ReferenceBounds>,
}

/// What is asked of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceBounds {
    /// By how much the clock may differ from it.
    pub offset: Duration,
    /// How long a comparison counts.
    pub age: StdDuration,
}

/// Why the clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockDoubt {
    /// It shows a moment before one that was noted.
    #[error("the clock shows {}, and {} was noted before", in_words(*.now), in_words(*.newest))]
    SetBack {
        /// What it shows.
        now: OffsetDateTime,
        /// What was noted.
        newest: OffsetDateTime,
    },
    /// It was moved while the unit ran.
    #[error("the clock was moved by {:.3} s while the unit ran", .0.as_seconds_f64())]
    Stepped(Duration),
    /// It differs from the reference.
    #[error("the clock differs from the reference by {:.3} s", .0.as_seconds_f64())]
    Off(Duration),
    /// It was not compared with the reference for too long, or never.
    #[error("no reference was reached to compare the clock with")]
    Unchecked,
}

/// The watched clock of one unit.
#[derive(Debug)]
pub struct WatchedClock {
    clock: Arc<dyn Clock>,
    ticks: Arc<dyn Ticks>,
    bounds: ClockBounds,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    now: OffsetDateTime,
    ticks: StdDuration,
    newest: OffsetDateTime,
    stepped: Option<Duration>,
    /// The last comparison: by how much the clock differed, and when on the even count that was.
    compared: Option<(Duration, StdDuration)>,
}

impl WatchedClock {
    /// Over `clock`, where `newest` is the newest moment that was noted before.
    pub fn new(
        clock: Arc<dyn Clock>,
        ticks: Arc<dyn Ticks>,
        bounds: ClockBounds,
        newest: OffsetDateTime,
    ) -> Self {
        let seen = Seen { now: clock.now(), ticks: ticks.elapsed(), newest, stepped: None, compared: None };
        Self { clock, ticks, bounds, seen: Mutex::new(seen) }
    }

    /// The time, when it can be believed. To be called every second, too: the oftener it is looked at, the smaller is
    /// the change that a look can tell from a clock that is merely being corrected.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn moment(&self) -> Result<OffsetDateTime, ClockDoubt> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, ticks) = (self.clock.now(), self.ticks.elapsed());
        let even = Duration::try_from(ticks.saturating_sub(seen.ticks)).unwrap_or(Duration::MAX);
        let step = (now - seen.now) - even;
        (seen.now, seen.ticks) = (now, ticks);
        if step.abs() > self.bounds.step {
            seen.stepped = Some(seen.stepped.unwrap_or_default() + step);
            // What was compared before is of another clock.
            seen.compared = None;
        }
        if now < seen.newest {
            return Err(ClockDoubt::SetBack { now, newest: seen.newest });
        }
        self.referred(&seen)?;
        if let Some(step) = seen.stepped {
            return Err(ClockDoubt::Stepped(step));
        }
        seen.newest = now;
        Ok(now)
    }

    fn referred(&self, seen: &Seen) -> Result<(), ClockDoubt> {
        let Some(bounds) = self.bounds.reference else { return Ok(()) };
        match seen.compared {
            Some((offset, at)) if seen.ticks.saturating_sub(at) <= bounds.age => {
                if offset.abs() > bounds.offset { Err(ClockDoubt::Off(offset)) } else { Ok(()) }
            }
            _ => Err(ClockDoubt::Unchecked),
        }
    }

    /// Takes in that a reference was asked, and by how much the clock differed from it. A clock that was moved and agrees
    /// with the reference again is believed.
    pub fn compared(&self, offset: Duration) {
        // A step of before this comparison is seen first, so that it is judged by it.
        let _ = self.moment();
        let Some(bounds) = self.bounds.reference else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.compared = Some((offset, seen.ticks));
        if offset.abs() <= bounds.offset {
            seen.stepped = None;
        }
    }

    /// The newest moment that was believed: what is to be noted durably.
    pub fn newest(&self) -> OffsetDateTime {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).newest
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::clock::SetClock;

    use super::*;

    pub(in super::super) const NOON: OffsetDateTime = time::macros::datetime!(2027-01-01 12:00 UTC);

    /// Ticks that a test counts.
    #[derive(Debug, Default)]
    pub(in super::super) struct SetTicks(Mutex<StdDuration>);

    impl SetTicks {
        pub(in super::super) fn pass(&self, seconds: u64) {
            *self.0.lock().unwrap() += StdDuration::from_secs(seconds);
        }
    }

    impl Ticks for SetTicks {
        fn elapsed(&self) -> StdDuration {
            *self.0.lock().unwrap()
        }
    }

    fn watched(
        reference: Option<ReferenceBounds>,
        newest: OffsetDateTime,
    ) -> (Arc<SetClock>, Arc<SetTicks>, WatchedClock) {
        let (clock, ticks) = (Arc::new(SetClock::at(NOON)), Arc::new(SetTicks::default()));
        let bounds = ClockBounds { step: Duration::milliseconds(500), reference };
        let watched = WatchedClock::new(clock.clone(), ticks.clone(), bounds, newest);
        (clock, ticks, watched)
    }

    #[test]
    fn a_clock_before_what_was_noted_is_not_believed_until_it_is_past_it() {
        let (clock, ticks, watched) = watched(None, NOON + Duration::minutes(1));
        let newest = NOON + Duration::minutes(1);
        assert_eq!(watched.moment(), Err(ClockDoubt::SetBack { now: NOON, newest }));
        clock.set(newest);
        ticks.pass(60);
        assert_eq!(watched.moment(), Ok(newest));
    }

    #[test]
    fn a_clock_that_is_moved_while_it_is_watched_is_not_believed_any_more() {
        for moved in [Duration::HOUR, -Duration::HOUR, Duration::seconds(1)] {
            let (clock, ticks, watched) = watched(None, OffsetDateTime::UNIX_EPOCH);
            clock.set(NOON + Duration::seconds(10));
            ticks.pass(10);
            assert_eq!(watched.moment(), Ok(NOON + Duration::seconds(10)));
            clock.set(NOON + Duration::seconds(10) + moved);
            assert!(watched.moment().is_err(), "{moved}");
            // Nor when it goes on evenly; back where it was, it is still one that somebody moves.
            clock.set(NOON + Duration::seconds(20));
            ticks.pass(10);
            assert_eq!(watched.moment(), Err(ClockDoubt::Stepped(Duration::ZERO)), "{moved}");
            assert_eq!(watched.newest(), NOON + Duration::seconds(10));
        }
        // What a clock is corrected by in a second is no step.
        let (clock, ticks, watched) = watched(None, OffsetDateTime::UNIX_EPOCH);
        clock.set(NOON + Duration::milliseconds(1_400));
        ticks.pass(1);
        assert!(watched.moment().is_ok());
    }

    #[test]
    fn with_a_reference_its_word_is_needed_and_settles_steps() {
        let bounds =
            ReferenceBounds { offset: Duration::milliseconds(500), age: StdDuration::from_secs(600) };
        let (clock, ticks, watched) = watched(Some(bounds), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(watched.moment(), Err(ClockDoubt::Unchecked));
        watched.compared(Duration::milliseconds(20));
        assert_eq!(watched.moment(), Ok(NOON));
        watched.compared(Duration::seconds(-2));
        assert_eq!(watched.moment(), Err(ClockDoubt::Off(Duration::seconds(-2))));
        clock.set(NOON + Duration::seconds(2));
        assert_eq!(watched.moment(), Err(ClockDoubt::Unchecked), "of the clock before");
        watched.compared(Duration::ZERO);
        assert_eq!(watched.moment(), Ok(NOON + Duration::seconds(2)));
        ticks.pass(601);
        clock.set(NOON + Duration::seconds(603));
        assert_eq!(watched.moment(), Err(ClockDoubt::Unchecked));
    }
}
