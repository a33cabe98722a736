//! Watches the CRLs of CAs whose keys are offline. Nobody here can make the next one: people must be told in time.

use ca_core::certificate::CaId;
use ca_core::crl::{self, CrlName, Freshness};
use ca_core::storage::{StorageError, Store};
use time::{Duration, OffsetDateTime};

/// How often it is said again.
const AGAIN: Duration = Duration::hours(6);

/// The offline CAs, and when they are looked at next.
#[derive(Debug)]
pub(crate) struct OfflineCrls {
    cas: Vec<CaId>,
    look_at: OffsetDateTime,
}

impl OfflineCrls {
    /// These CAs; looked at for the first time at once.
    pub(crate) fn of(cas: impl Iterator<Item = CaId>) -> Self {
        Self { cas: cas.collect(), look_at: OffsetDateTime::UNIX_EPOCH }
    }

    /// Says in the log whose CRL ends soon, or has ended, or was never brought over.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn look(&mut self, store: &dyn Store, now: OffsetDateTime) -> Result<(), StorageError> {
        if now < self.look_at {
            return Ok(());
        }
        self.look_at = now + AGAIN;
        for ca in &self.cas {
            let what = "hold a root-crl ceremony, then: npki ca crl install FILE";
            match crl::find(store, &CrlName::first(ca.clone()))? {
                None => tracing::warn!(%ca, "the offline CA has no CRL here; {what}"),
                Some(newest) => match newest.freshness(now) {
                    Freshness::Fresh => {}
                    Freshness::Ending => {
                        tracing::warn!(%ca, next_update = %newest.next_update, "THE CRL OF THE OFFLINE CA ENDS SOON; {what}");
                    }
                    Freshness::Ended => {
                        tracing::error!(%ca, next_update = %newest.next_update, "THE CRL OF THE OFFLINE CA HAS ENDED; {what}");
                    }
                },
            }
        }
        Ok(())
    }
}
