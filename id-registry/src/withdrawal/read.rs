//! Reading withdrawals. What was written is opened for whoever works on them.

use ca_core::serial::SerialNumber;
use ca_core::storage::StorageError;

use super::take::purpose;
use super::{Stage, WITHDRAWALS, WITHDRAWALS_BY_IDENTITY, WITHDRAWALS_OPEN, Withdrawal, WithdrawalError};
use crate::id::{IdentityId, WithdrawalId};
use crate::look::Work;
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permit, ReadRegistry, Scope};
use crate::record;
use crate::registry::{Registry, reference};
use crate::timed;

/// A withdrawal, and what was written in each of its steps; `None` also for who was erased.
#[derive(Clone)]
pub struct Told {
    /// The withdrawal.
    pub withdrawal: Withdrawal,
    /// What was written, step by step.
    pub texts: Vec<Option<String>>,
}

impl std::fmt::Debug for Told {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("withdrawal", &self.withdrawal.id).finish_non_exhaustive()
    }
}

impl Registry {
    /// One withdrawal with what was written. It is a look at the person's record.
    ///
    /// # Errors
    /// No such withdrawal, or it is beyond the permit's reach.
    pub fn withdrawal(
        &self,
        permit: &Permit<ReadRegistry>,
        id: WithdrawalId,
    ) -> Result<Told, WithdrawalError> {
        let (withdrawal, _) = self.withdrawal_record(id)?;
        self.identity_record(withdrawal.identity)?.0.within(permit.scope())?;
        let envelope = self.vault().for_reading(&reference(withdrawal.identity))?;
        let mut texts = Vec::new();
        for (place, said) in withdrawal.said.iter().enumerate() {
            let sealed = said.text.as_ref().zip(envelope.as_ref());
            let text = sealed.map(|(text, envelope)| envelope.open_text(&purpose(id, place), text));
            texts.push(text.transpose()?);
        }
        self.record_looks(permit, [withdrawal.identity], &Work::on("withdrawal", id))?;
        Ok(Told { withdrawal, texts })
    }

    /// Withdrawals in the order of their identifiers, open ones or all, beginning after `after`. No names in them.
    ///
    /// # Errors
    /// The store failed.
    pub fn withdrawals(
        &self,
        permit: &Permit<ReadRegistry>,
        identity: Option<IdentityId>,
        open: bool,
        after: Option<WithdrawalId>,
        size: PageSize,
    ) -> Result<Page<Withdrawal, WithdrawalId>, WithdrawalError> {
        // Persons belong to no organisation.
        let reached = permit.scope() == Scope::Country;
        let wanted = |one: &Withdrawal| reached && (!open || one.stage.is_open());
        let list = |after: Option<&WithdrawalId>, limit| match identity {
            Some(identity) => self.withdrawals_of(identity, after.copied(), limit),
            None => self.all_withdrawals(after.copied(), limit),
        };
        Ok(collect(after, size, list, wanted)?)
    }

    /// Whether a withdrawal of a person's certificates is open.
    pub(crate) fn has_open_withdrawal(&self, identity: IdentityId) -> Result<bool, StorageError> {
        let all = self.withdrawals_of(identity, None, PageSize::MOST)?;
        Ok(all.iter().any(|(_, withdrawal)| withdrawal.stage.is_open()))
    }

    /// The withdrawal that keeps a certificate on hold, whatever else ends.
    pub(crate) fn holding_withdrawal(
        &self,
        serial: &SerialNumber,
    ) -> Result<Option<WithdrawalId>, StorageError> {
        let open = record::find::<WithdrawalId>(self.store(), WITHDRAWALS_OPEN, serial.to_string())?;
        let Some((id, _)) = open else { return Ok(None) };
        let found = record::find::<Withdrawal>(self.store(), WITHDRAWALS, id.to_string())?;
        let holds = |stage| matches!(stage, Stage::Upheld | Stage::Appealed);
        Ok(found.filter(|(withdrawal, _)| holds(withdrawal.stage)).map(|_| id))
    }

    fn withdrawals_of(
        &self,
        identity: IdentityId,
        after: Option<WithdrawalId>,
        limit: usize,
    ) -> Result<Vec<(WithdrawalId, Withdrawal)>, StorageError> {
        let prefix = format!("{identity}/");
        let range = timed::range(&prefix, after.map(|id| format!("{prefix}{id}")));
        let found = self.store().scan(WITHDRAWALS_BY_IDENTITY, &range, limit)?;
        let read = |key: &[u8]| {
            let id: WithdrawalId = timed::named(WITHDRAWALS_BY_IDENTITY, key)?;
            let lost = || StorageError(format!("withdrawal {id} is lost"));
            let (withdrawal, _) =
                record::find(self.store(), WITHDRAWALS, id.to_string())?.ok_or_else(lost)?;
            Ok((id, withdrawal))
        };
        found.iter().map(|(key, _)| read(key)).collect()
    }

    fn all_withdrawals(
        &self,
        after: Option<WithdrawalId>,
        limit: usize,
    ) -> Result<Vec<(WithdrawalId, Withdrawal)>, StorageError> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(WITHDRAWALS, &range, limit)?;
        found
            .iter()
            .map(|(_, entry)| record::decode::<Withdrawal>(WITHDRAWALS, entry).map(|one| (one.id, one)))
            .collect()
    }
}
