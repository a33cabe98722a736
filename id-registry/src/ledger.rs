//! Reading the ledger.

use ca_core::ledger::{Event, EventId, read};

use crate::fault::Fault;
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadLedger};
use crate::registry::Registry;

impl Registry {
    /// Events in the order in which they happened, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn events(
        &self,
        _permit: &Permit<ReadLedger>,
        after: Option<EventId>,
        size: PageSize,
    ) -> Result<Page<Event, EventId>, Fault> {
        let mut items = read(self.store(), after, size.entries() + 1)?;
        let more = items.len() > size.entries();
        items.truncate(size.entries());
        let next = if more { items.last().map(|event| event.id) } else { None };
        Ok(Page { items, next })
    }
}
