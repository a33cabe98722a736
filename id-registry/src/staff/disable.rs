//! Disabling staff: the record, the roster and the certificate change together.

use ca_core::authority::RevokeError;
use ca_core::status::RevocationReason;
use ca_core::storage::{AuditedChange, Change, CommitError, StorageError};

use super::{ADMINISTRATORS, DISABLED, Disabled, ROSTER, STAFF, StaffError, StaffRecord, seal};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::StaffId;
use crate::identity::reason_line;
use crate::permission::{ManageStaff, Permit};
use crate::principal::Role;
use crate::record::encode;
use crate::registry::{Registry, reference};

impl Registry {
    /// Disables a member of staff for good and revokes the member's certificate in the same change.
    ///
    /// # Errors
    /// No such member, disabled already, the last administrator, no reason, or the registry failed.
    pub fn disable_staff(
        &self,
        permit: &Permit<ManageStaff>,
        id: StaffId,
        reason: &str,
    ) -> Result<StaffRecord, StaffError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let (record, version) = self.staff_record(id)?.ok_or(StaffError::Unknown(id))?;
            if record.disabled.is_some() {
                return Err(StaffError::AlreadyDisabled(id));
            }
            let disabled = Disabled { at: self.now(), by: permit.staff(), reason: reason.clone() };
            let record = StaffRecord { disabled: Some(disabled), ..record };
            let event = self.event(&permit.actor(), DISABLED, format!("staff:{id}"))?.because(reason.clone());
            let (envelope, key_stands) = self.vault().for_writing(&reference(id)).map_err(Fault::from)?;
            let sealed = seal(&envelope, &record).map_err(Fault::from)?;
            let change = self
                .roster_without(&record)?
                .replace(STAFF, id.to_string(), version, sealed)
                .and(key_stands)
                .explained_by(&event);
            let outcome = self.revoke_with(permit, &record, change)?;
            Ok(Attempt::of(outcome, || record))
        })
    }

    fn revoke_with(
        &self,
        permit: &Permit<ManageStaff>,
        record: &StaffRecord,
        change: AuditedChange,
    ) -> Result<Result<(), CommitError>, StaffError> {
        let reason = RevocationReason::PrivilegeWithdrawn;
        let lost = || StorageError(format!("{}'s certificate leads nowhere", record.id));
        let certificate = self.authorities().find(&record.serial)?.ok_or_else(lost)?;
        match self.authorities().revoke(&certificate, reason, &permit.actor(), change.clone()) {
            Ok(_) => Ok(Ok(())),
            // Revoked by itself before: what remains is the member.
            Err(RevokeError::AlreadyRevoked { .. }) => Ok(self.commit(change).map(|_| ())),
            Err(RevokeError::Commit(error)) => Ok(Err(error)),
            Err(RevokeError::Entropy(error)) => Err(Fault::from(error).into()),
            Err(error) => Err(StorageError(error.to_string()).into()),
        }
    }

    fn roster_without(&self, leaving: &StaffRecord) -> Result<Change, StaffError> {
        if leaving.role != Role::Administrator {
            return Ok(Change::new());
        }
        let Some((mut administrators, version)) = self.administrators()? else {
            return Err(StaffError::LastAdministrator(leaving.id));
        };
        administrators.retain(|id| *id != leaving.id);
        if administrators.is_empty() {
            return Err(StaffError::LastAdministrator(leaving.id));
        }
        Ok(Change::new().replace(ADMINISTRATORS, ROSTER, version, encode(&administrators)?))
    }
}
