//! Time and randomness are parameters: nothing in npki asks the machine for them behind its caller's back.

use std::fmt::Debug;
use std::sync::Mutex;

use time::OffsetDateTime;

mod steady;

pub use steady::{ClockSetBack, SteadyClock, TOLERANCE};

/// Where the time comes from.
pub trait Clock: Send + Sync + Debug {
    /// The present moment, in UTC.
    fn now(&self) -> OffsetDateTime;

    /// The present moment for what cannot be undone, such as a certificate's period.
    ///
    /// # Errors
    /// The clock was set back. Only a [`SteadyClock`] can tell.
    fn steady(&self) -> Result<OffsetDateTime, ClockSetBack> {
        Ok(self.now())
    }
}

/// A moment as people read it: `2026-11-24 04:47:52 UTC`.
pub fn in_words(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    let (date, time) = (utc.date(), utc.time());
    format!("{date} {:02}:{:02}:{:02} UTC", time.hour(), time.minute(), time.second())
}

/// A moment without fractions of a second: records and journals keep whole ones, and X.509 times have no fractions (RFC 5280
/// sections 4.1.2.5.1 and 4.1.2.5.2).
pub fn whole_seconds(moment: OffsetDateTime) -> OffsetDateTime {
    moment.replace_nanosecond(0).unwrap_or(moment)
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that stands still until it is told otherwise: for tests and for answers "as of" a past moment.
#[derive(Debug)]
pub struct SetClock(Mutex<OffsetDateTime>);

impl SetClock {
    /// A clock standing at `moment`.
    pub const fn at(moment: OffsetDateTime) -> Self {
        Self(Mutex::new(moment))
    }

    /// Moves the clock to `moment`.
    pub fn set(&self, moment: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = moment;
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Where randomness comes from.
pub trait Entropy: Send + Sync + Debug {
    /// Fills `bytes` with randomness fit for keys and serial numbers.
    ///
    /// # Errors
    /// The source gave none; the caller must not go on.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source of randomness failed.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct EntropyError;

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}
