//! Reading the ledger: events, and receipts that prove them.

use ca_core::ledger::heads::{LEDGER_COSIGNATURES, LEDGER_HEADS, latest};
use ca_core::ledger::index::{Query, one};
use ca_core::ledger::receipt::{Receipt, ReceiptError};
use ca_core::ledger::{Position, Recorded};
use ca_core::serial::SerialNumber;
use ca_core::storage::StorageError;
use ca_core::tlog::checkpoint::VerifiedCheckpoint;

use crate::certificates::CertificateError;
use crate::enrolment::RequestError;
use crate::fault::{Fault, by_fault};
use crate::id::RequestId;
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadLedger, ReadRegistry};
use crate::registry::Registry;

/// The most events that one certificate or request is given receipts for: it has a handful.
const RECEIPTS: usize = 100;

/// How far the ledger is, and how far it is signed.
#[derive(Debug, Clone)]
pub struct LedgerState {
    /// Events in the ledger.
    pub size: u64,
    /// The latest head that the log signed.
    pub signed: Option<VerifiedCheckpoint>,
    /// The latest head that enough witnesses have cosigned.
    pub cosigned: Option<VerifiedCheckpoint>,
}

impl Registry {
    /// Events that fit `query`, in the order of the ledger, beginning with the one at `from`. A page may be empty and
    /// have a successor: one call looks at a bounded number of events.
    ///
    /// # Errors
    /// The store failed.
    pub fn events(
        &self,
        _permit: &Permit<ReadLedger>,
        query: &Query,
        from: Position,
        size: PageSize,
    ) -> Result<Page<Recorded, Position>, Fault> {
        let found = query.run(self.store(), from, size.entries())?;
        Ok(Page { items: found.items, next: found.next })
    }

    /// One event with its receipt; without, while it is not sealed yet.
    ///
    /// # Errors
    /// There is no such event, or the store failed.
    pub fn event_at(
        &self,
        _permit: &Permit<ReadLedger>,
        position: Position,
    ) -> Result<(Recorded, Option<Receipt>), LedgerError> {
        if position.0 >= self.store().ledger_size()? {
            return Err(LedgerError::Unknown(position));
        }
        let receipt = match Receipt::of(self.store(), &self.parts.log, position) {
            Err(ReceiptError::NotSealed(_)) => None,
            other => Some(other?),
        };
        Ok((one(self.store(), position)?, receipt))
    }

    /// How far the ledger is, and how far it is signed.
    ///
    /// # Errors
    /// The store failed.
    pub fn ledger_state(&self, _permit: &Permit<ReadLedger>) -> Result<LedgerState, Fault> {
        let head = |table| Ok::<_, StorageError>(latest(self.store(), table, &self.parts.log)?.0);
        Ok(LedgerState {
            size: self.store().ledger_size()?,
            signed: head(LEDGER_HEADS)?,
            cosigned: head(LEDGER_COSIGNATURES)?,
        })
    }

    /// Receipts for all that happened to a certificate: issuance, revocation, hold, release.
    ///
    /// # Errors
    /// No such certificate, it is another organisation's, an event is not sealed yet, or the store failed.
    pub fn certificate_receipts(
        &self,
        permit: &Permit<ReadRegistry>,
        serial: &SerialNumber,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let record = self.certificate_within(permit, serial)?;
        self.receipts(format!("certificate:{}/{serial}", record.issuer))
    }

    /// Receipts for all that happened to a request: submission, approvals, rejection.
    ///
    /// # Errors
    /// No such request, it is another organisation's, an event is not sealed yet, or the store failed.
    pub fn request_receipts(
        &self,
        permit: &Permit<ReadRegistry>,
        id: RequestId,
    ) -> Result<Vec<Receipt>, LedgerError> {
        self.request(permit, id)?;
        self.receipts(format!("request:{id}"))
    }

    fn receipts(&self, about: String) -> Result<Vec<Receipt>, LedgerError> {
        let query = Query { about: Some(about), ..Query::default() };
        let mut receipts = Vec::new();
        let mut from = Some(Position(0));
        while let Some(place) = from.filter(|_| receipts.len() < RECEIPTS) {
            let found = query.run(self.store(), place, RECEIPTS)?;
            for recorded in found.items {
                receipts.push(Receipt::of(self.store(), &self.parts.log, recorded.position)?);
            }
            from = found.next;
        }
        Ok(receipts)
    }
}

/// The ledger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no such event.
    #[error("the ledger has no event {0} yet")]
    Unknown(Position),
    /// There is no receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The certificate is not there or somebody else's.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The request is not there or somebody else's.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(LedgerError: StorageError);
