//! Hides from readers what is applied to the tree but not yet durable.
//!
//! sled shows a write to every reader at once; a crash may still take it back. An OCSP answer or a second change built
//! on such a write would outlive it. So while a batch is being made durable, readers see the state before it; they are
//! shown the batch, all of it at once, when it is on disk. Nobody waits for a flush to read.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::storage::{StorageError, Versioned};

/// The state before the batch, of every key of the tree that the batch writes.
pub(super) type Before = BTreeMap<Vec<u8>, Option<Versioned>>;

/// What readers look through.
#[derive(Debug, Default)]
pub(super) struct Veil(RwLock<Hidden>);

#[derive(Debug, Default)]
struct Hidden {
    before: Before,
    /// Set when the batch beneath was neither made durable nor taken back: nobody knows what a restart will find.
    lost: bool,
}

impl Veil {
    /// Draws the veil: readers see `before` until [`Drawn::lift`]. Apply the batch only while it is drawn.
    pub(super) fn draw(&self, before: Before) -> Drawn<'_> {
        let mut hidden = self.0.write().unwrap_or_else(PoisonError::into_inner);
        hidden.before = before;
        Drawn(self)
    }

    /// Looks at the tree through the veil, which neither falls nor rises meanwhile.
    pub(super) fn look(&self) -> Look<'_> {
        Look(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A drawn veil. Dropped without being lifted, it marks what it hides as lost.
#[must_use]
pub(super) struct Drawn<'a>(&'a Veil);

impl Drawn<'_> {
    /// Shows the batch: it is durable.
    pub(super) fn lift(self) {
        self.0.0.write().unwrap_or_else(PoisonError::into_inner).before.clear();
    }
}

impl Drop for Drawn<'_> {
    fn drop(&mut self) {
        let mut hidden = self.0.0.write().unwrap_or_else(PoisonError::into_inner);
        hidden.lost = !hidden.before.is_empty();
    }
}

/// A reader's look through the veil.
pub(super) struct Look<'a>(RwLockReadGuard<'a, Hidden>);

impl Look<'_> {
    /// What the veil says of a key: `None`, nothing, so that the tree counts; `Some(state)`, the state to be seen.
    ///
    /// # Errors
    /// The key was part of a batch whose fate is not known.
    pub(super) fn at(&self, key: &[u8]) -> Result<Option<Option<Versioned>>, StorageError> {
        match self.0.before.get(key) {
            None => Ok(None),
            Some(_) if self.0.lost => Err(lost()),
            Some(state) => Ok(Some(state.clone())),
        }
    }

    /// The keys of `[from, until)` that the veil speaks of, and what stands there to be seen, in order.
    ///
    /// # Errors
    /// Some of them were part of a batch whose fate is not known.
    pub(super) fn within<'k>(
        &'k self,
        from: &[u8],
        until: &[u8],
    ) -> Result<impl Iterator<Item = (&'k Vec<u8>, &'k Option<Versioned>)> + 'k, StorageError> {
        use std::ops::Bound::{Excluded, Included};
        let mut keys = self.0.before.range::<[u8], _>((Included(from), Excluded(until))).peekable();
        if self.0.lost && keys.peek().is_some() { Err(lost()) } else { Ok(keys) }
    }
}

fn lost() -> StorageError {
    StorageError(
        "a write to this record failed half way; restart npki to find out whether it was kept".to_owned(),
    )
}
