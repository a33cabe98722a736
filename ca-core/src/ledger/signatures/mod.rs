//! Holds the journals of signatures against the ledger: each use of a CA's key must have its intent in the ledger, and
//! each certificate and CRL that the ledger calls signed must be in a journal.
//!
//! An intent (a reserved serial number, a prepared CRL or root) is committed before the key is used, the journal's entry
//! after the intent and before the use, the result last. So an entry without an intent, once the ledger was read to its
//! end after the entry was, is a signature that nobody in npki meant: DigiNotar's intruders made hundreds.
//!
//! Both sides are read side by side in the order of their times, so that memory holds what is under way and not all
//! history. Clocks decide only how much memory it takes, never what is found.

mod finding;
mod intent;
mod reconciliation;
mod seen;

use super::Action;

pub use finding::SignatureFinding;
pub use reconciliation::{Counted, Reach, Reconciliation, Scope};
pub use seen::{Seen, SeenDigests, Sighting};

/// A finding of the running service about its signatures. Each is written once.
pub const SIGNATURE_UNEXPLAINED: Action = Action::named("signature.unexplained");

/// A detail of [`SIGNATURE_UNEXPLAINED`]: which finding.
pub const FINDING: &str = "finding";

/// A detail of every event that precedes a signature: SHA-256 of what is to be signed.
pub(crate) const TO_BE_SIGNED: &str = "to-be-signed-sha256";

/// The CA that an event's subject belongs to: `certificate:CA/SERIAL`, `crl:CA`, `ca:CA`.
fn ca_of(subject: &str) -> Option<&str> {
    let (_, rest) = subject.split_once(':')?;
    rest.split('/').next()
}

#[cfg(test)]
mod tests;
