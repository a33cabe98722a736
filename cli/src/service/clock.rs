//! The machine's clock against the ledger: what `npki clock` tells and accepts.

use std::path::Path;
use std::sync::Arc;

use ca_core::clock::{Clock, SteadyClock, SystemClock, SystemEntropy};
use ca_core::ledger::newest::{CLOCK_ACCEPTED, newest_moment};
use ca_core::ledger::{Actor, Ledger};
use ca_core::storage::Change;
use time::OffsetDateTime;

use super::ServiceError;
use super::ledger::open_signed;
use super::settings::Settings;

/// How the clock stands to the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockState {
    /// What the clock shows.
    pub(crate) now: OffsetDateTime,
    /// The newest moment of the ledger.
    pub(crate) newest: Option<OffsetDateTime>,
    /// Whether certificates are issued at this time.
    pub(crate) trusted: bool,
}

/// Compares the machine's clock with the ledger of the installation in `data`. On an embedded store the service must
/// not run.
///
/// # Errors
/// There is no installation, or another npki holds its store.
pub(crate) fn clock_state(data: &Path) -> Result<ClockState, ServiceError> {
    let store = open_signed(&Settings::load(data)?)?;
    let newest = newest_moment(store.as_ref())?;
    let now = SystemClock.now();
    let trusted = SteadyClock::new(Arc::new(SystemClock), newest).steady().is_ok();
    Ok(ClockState { now, newest, trusted })
}

/// Writes to the ledger that the clock is right. The service trusts it from its next start on.
///
/// # Errors
/// As [`clock_state`]; or the ledger cannot be written.
pub(crate) fn accept_clock(data: &Path, reason: &str) -> Result<ClockState, ServiceError> {
    let store = open_signed(&Settings::load(data)?)?;
    let newest = newest_moment(store.as_ref())?;
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let newest = newest.map_or_else(|| "none".to_owned(), ca_core::clock::in_words);
    let event = ledger
        .event(&Actor::system("clock"), CLOCK_ACCEPTED, "clock")?
        .because(reason)
        .with("newest-before", newest);
    store.commit(Change::new().explained_by(&event))?;
    Ok(ClockState { trusted: true, newest: Some(event.at), now: event.at })
}
