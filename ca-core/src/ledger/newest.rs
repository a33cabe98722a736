//! The newest moment that the ledger knows: a clock that shows less was set back.

use time::OffsetDateTime;

use super::{Action, Position, events};
use crate::storage::{StorageError, Store};

/// An operator says that the clock is right, although the ledger knows a later moment.
pub const CLOCK_ACCEPTED: Action = Action::named("clock.accepted");

/// How many of the last events are looked at: enough that those which a wrong clock has stamped do not push the right ones
/// out of sight.
const LOOK_BACK: usize = 1_000;

/// The newest moment of the last events; of those only that follow the last [`CLOCK_ACCEPTED`], it included. `None`
/// while there are none.
///
/// # Errors
/// The store failed, or holds events that cannot be read.
pub fn newest_moment(store: &dyn Store) -> Result<Option<OffsetDateTime>, StorageError> {
    let from = Position(store.ledger_size()?.saturating_sub(LOOK_BACK as u64));
    let last = events(store, from, LOOK_BACK)?;
    Ok(last.iter().fold(None, |newest, event| match event.action == CLOCK_ACCEPTED {
        true => Some(event.at),
        false => newest.max(Some(event.at)),
    }))
}
