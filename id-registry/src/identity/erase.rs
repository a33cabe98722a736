//! Erasing identities: what is personal becomes unreadable for good, in every table; what was done stays on record.
//!
//! First the identity is closed, then it is looked at again, then it is erased. A certificate that is issued at the same
//! moment demands that the identity is still open: it is either seen by the second look, or never issued.

use ca_core::ledger::Actor;
use ca_core::storage::{AuditedChange, Change, CommitError};
use ca_core::vault::VaultError;

use super::register::Number;
use super::{
    CLOSED, ERASED, IDENTITIES, IDENTITIES_BY_ORGANISATION, IDENTITIES_BY_SPONSOR, IDENTITY_NUMBERS,
    Identity, IdentityError, IdentityRecord, IdentityStatus, reason_line,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::permission::{EraseIdentities, Permit};
use crate::record::encode;
use crate::registry::{Registry, reference};

impl Registry {
    /// Erases an identity for good: nothing personal of it can be read any more, in no table and by nobody. Its record,
    /// the status of its certificates and the ledger stay. Its number may be registered anew, as another identity.
    ///
    /// # Errors
    /// It was erased before; it has certificates that count, or others depend on it; or the registry failed. When a
    /// certificate was issued at this very moment, the identity is left closed: revoke it, and erase again.
    pub fn erase_identity(
        &self,
        permit: &Permit<EraseIdentities>,
        id: IdentityId,
        reason: &str,
    ) -> Result<Identity, IdentityError> {
        let reason = reason_line("reason", reason)?;
        self.close_for_erasure(permit, id, &reason)?;
        self.demand_unused(id)?;
        let actor = permit.actor();
        until_settled(|| self.erase_closed(&actor, id, &reason, &AuditedChange::nothing()))?;
        Ok(self.with_details(self.identity_record(id)?.0)?)
    }

    fn close_for_erasure(
        &self,
        permit: &Permit<EraseIdentities>,
        id: IdentityId,
        reason: &str,
    ) -> Result<(), IdentityError> {
        until_settled(|| {
            let (record, version) = self.identity_record(id)?;
            if self.vault().is_erased(&reference(id))? {
                return Err(IdentityError::Erased(id));
            }
            if record.status == IdentityStatus::Closed {
                return Ok(Attempt::Settled(Ok(())));
            }
            self.demand_unused(id)?;
            let closed = IdentityRecord { status: IdentityStatus::Closed, standing: None, ..record };
            let event = self.event(&permit.actor(), CLOSED, format!("identity:{id}"))?.because(reason);
            let change = Change::new().replace(IDENTITIES, id.to_string(), version, encode(&closed)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || ()))
        })
    }

    /// The numbers are given free in the commit that erases: until then, whoever has them is known. `also` is committed with it.
    pub(crate) fn erase_closed(
        &self,
        actor: &Actor,
        id: IdentityId,
        reason: &str,
        also: &AuditedChange,
    ) -> Result<Attempt<(), IdentityError>, IdentityError> {
        let identity = self.with_details(self.identity_record(id)?.0)?;
        let numbers = Number::all_of(identity.known()?, identity.record.owner);
        let moved = self.blocks_moved(id, Some(identity.known()?), None)?;
        let mut change = self.without_waiting_change(id)?.and(self.without_guardianship(id)?).and(moved);
        for number in numbers {
            let key = self.number_key(&number)?;
            if let Some(entry) = self.store().get(IDENTITY_NUMBERS, &key)?
                && entry.value == id.to_string().as_bytes()
            {
                change = change.delete(IDENTITY_NUMBERS, key, entry.version);
            }
        }
        let event = self.event(actor, ERASED, format!("identity:{id}"))?.because(reason);
        let change = change.explained_by(&event).and(also.clone());
        match self.vault().erase(&reference(id), actor, reason, &change) {
            Ok(()) => Ok(Attempt::Settled(Ok(()))),
            Err(VaultError::Commit(conflict @ CommitError::Conflict { .. })) => {
                Ok(Attempt::Overtaken(conflict))
            }
            Err(VaultError::Erased(_)) => Err(IdentityError::Erased(id)),
            Err(error) => Err(Fault::from(error).into()),
        }
    }

    /// Nothing that counts may be left behind without anybody it belongs to.
    pub(crate) fn demand_unused(&self, id: IdentityId) -> Result<(), IdentityError> {
        self.demand_no_certificates(id)?;
        if let Some(dependant) = self.living_ward(id)? {
            return Err(IdentityError::AnswersFor { id, dependant });
        }
        let index = match id.kind() {
            IdentityKind::Organisation => IDENTITIES_BY_ORGANISATION,
            IdentityKind::Person => IDENTITIES_BY_SPONSOR,
            IdentityKind::Device | IdentityKind::Application | IdentityKind::Agent => return Ok(()),
        };
        let dependants = self.dependants(index, id)?;
        let open = |record: &IdentityRecord| record.id != id && record.status != IdentityStatus::Closed;
        match dependants.into_iter().find(|(record, _)| open(record)) {
            Some((dependant, _)) => Err(IdentityError::AnswersFor { id, dependant: dependant.id }),
            None => Ok(()),
        }
    }

    fn demand_no_certificates(&self, id: IdentityId) -> Result<(), IdentityError> {
        match self.living(id)?.into_iter().next() {
            Some(record) => Err(IdentityError::HasCertificate { id, serial: record.serial }),
            None => Ok(()),
        }
    }
}
