//! Serial numbers are reserved durably before anything is signed, so that a crash between the two leaves a trace and
//! a serial number is never used twice (CA/Browser Forum BR section 7.1; the intent stands before the act).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::certificate::CaId;
use crate::ledger::{Action, Actor, Ledger};
use crate::serial::SerialNumber;
use crate::storage::{Change, CommitError, KeyRange, StorageError, Store, Table};
use crate::subject::IdentityRef;

/// Serial numbers reserved for a certificate that is not issued: `ca/serial`. Issuance removes the entry; one that a
/// crash left behind becomes abandoned, and stays, so that the serial number is never drawn again.
pub(crate) const RESERVATIONS: Table = Table::records("reservations");

pub(crate) const RESERVED: Action = Action::named("serial.reserved");
pub(crate) const ABANDONED: Action = Action::named("serial.abandoned");

/// What a serial number was reserved for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reservation {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) identity: IdentityRef,
    /// SHA-256 of the to-be-signed bytes, hex: tells a signature found later apart from a forged one.
    pub(crate) to_be_signed_sha256: String,
    #[serde(default)]
    pub(crate) abandoned: bool,
}

/// How many reservations one pass of [`abandon_open`] reads at a time.
const PAGE: usize = 500;

/// Marks every reservation left open since before `made_before` as abandoned, one event each. Returns how many there
/// were. Whoever still works on such a certificate finds its reservation changed, and cannot commit.
pub(crate) fn abandon_open(
    store: &dyn Store,
    ledger: &Ledger,
    ca: &CaId,
    made_before: OffsetDateTime,
) -> Result<usize, AbandonError> {
    let mut range = KeyRange::prefix(&ca.prefix());
    let mut count = 0;
    loop {
        let page = store.scan(RESERVATIONS, &range, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(count) };
        range = range.after(last);
        for (key, entry) in page {
            let reservation: Reservation = serde_json::from_slice(&entry.value)
                .map_err(|error| StorageError(format!("a reservation cannot be read: {error}")))?;
            if reservation.abandoned || reservation.at > made_before {
                continue;
            }
            let closed = serde_json::to_vec(&Reservation { abandoned: true, ..reservation })
                .map_err(|error| StorageError(error.to_string()))?;
            let serial = key.get(ca.prefix().len()..).unwrap_or_default();
            let serial = SerialNumber::from_der_content(serial)
                .map_err(|_| StorageError("a reservation's key is damaged".to_owned()))?;
            let event = ledger
                .event(&Actor::system("reservations"), ABANDONED, format!("certificate:{ca}/{serial}"))?
                .because("npki stopped between reserving the serial number and committing the certificate");
            let change = Change::new().replace(RESERVATIONS, key, entry.version, closed);
            match store.commit(change.explained_by(&event)) {
                Ok(_) => count += 1,
                // Issued at this very moment, or abandoned by another node.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Open reservations could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum AbandonError {
    /// The store failed or was changed by another process.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] crate::clock::EntropyError),
}

impl From<StorageError> for AbandonError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
