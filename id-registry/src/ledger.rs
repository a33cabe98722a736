//! Reading the ledger.

use ca_core::ledger::{Position, Recorded, read};

use crate::fault::Fault;
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadLedger};
use crate::registry::Registry;

impl Registry {
    /// Events in the order of the ledger, beginning with the one at `from`.
    ///
    /// # Errors
    /// The store failed.
    pub fn events(
        &self,
        _permit: &Permit<ReadLedger>,
        from: Position,
        size: PageSize,
    ) -> Result<Page<Recorded, Position>, Fault> {
        let mut items = read(self.store(), from, size.entries() + 1)?;
        let next = items.get(size.entries()).map(|recorded| recorded.position);
        items.truncate(size.entries());
        Ok(Page { items, next })
    }
}
