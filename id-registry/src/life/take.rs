//! Taking steps: each is one commit, with what it does to the certificates and to everything that depends on the identity.

use ca_core::ledger::Actor;
use ca_core::serial::SerialNumber;
use ca_core::storage::{AuditedChange, Change};

use super::cascade::{Cascade, Status};
use super::step::Step;
use super::{Cause, ClosureCause, DeathSource, LifeError, STEP_REFUSED, SuspensionCause};
use crate::fault::{Attempt, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{IdentityRecord, IdentityStatus, reason_line};
use crate::permission::{ChangeIdentities, CloseIdentities, Permit, staff_of};
use crate::registry::Registry;

/// What a step did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The identity, as it stands now.
    pub record: IdentityRecord,
    /// What else it touched.
    pub touched: Touched,
}

/// How much a step touched, of the identity itself and of what depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Certificates put on hold.
    pub held: usize,
    /// Certificates released from hold.
    pub released: usize,
    /// Certificates revoked.
    pub revoked: usize,
    /// Devices and applications that were suspended, resumed, closed, reopened, handed over or left without a sponsor.
    pub things: usize,
    /// Certificates of CAs whose keys are elsewhere: they are to be revoked there.
    pub beyond_reach: Vec<SerialNumber>,
}

impl Touched {
    pub(super) const fn count(&mut self, status: Status) {
        match status {
            Status::Held => self.held += 1,
            Status::Released => self.released += 1,
            Status::Revoked(_) => self.revoked += 1,
        }
    }
}

impl Registry {
    /// Suspends an identity: nothing is issued to it, its certificates are on hold, and an organisation's devices and
    /// applications are suspended with it.
    ///
    /// # Errors
    /// It is not active, or the registry failed.
    pub fn suspend_identity(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        cause: SuspensionCause,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::Suspend(cause), id, &permit.actor(), note, None)
    }

    /// Resumes what an officer suspended; another officer does. What was put on hold for it is released.
    ///
    /// # Errors
    /// It is not suspended, the same officer suspended it, or the registry failed.
    pub fn resume_identity(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::Resume, id, &permit.actor(), note, None)
    }

    /// Enters word that a person has died: the person is suspended at once. Nothing is final until it is confirmed.
    ///
    /// # Errors
    /// No person, closed already, this source has said so already, or the registry failed.
    pub fn report_death(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        source: DeathSource,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::ReportDeath(source), id, &permit.actor(), note, None)
    }

    /// Confirms a person's death, by an officer who did not report it: every certificate is revoked. What the person answers
    /// for goes to the successor; without one, a successor must be found within the days of grace.
    ///
    /// # Errors
    /// Nobody or too few have reported it, the officer did, the successor does not fit, or the registry failed.
    pub fn confirm_death(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        successor: Option<IdentityId>,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::ConfirmDeath, id, &permit.actor(), note, successor)
    }

    /// Undoes a report or a confirmation of death, by an officer who took part in neither. What was revoked stays revoked.
    ///
    /// # Errors
    /// The person is neither, the officer took part, or the registry failed.
    pub fn find_alive(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::FindAlive, id, &permit.actor(), note, None)
    }

    /// Closes an identity: every certificate is revoked, and an organisation's devices, applications and agents are closed with it.
    /// What a person answers for goes to the successor, or must find one.
    ///
    /// # Errors
    /// It is closed, the cause is not for its kind, the successor does not fit, or the registry failed.
    pub fn close_identity(
        &self,
        permit: &Permit<CloseIdentities>,
        id: IdentityId,
        cause: ClosureCause,
        successor: Option<IdentityId>,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::Close(cause), id, &permit.actor(), note, successor)
    }

    /// Reopens what was closed by mistake; another administrator does. What was revoked stays revoked.
    ///
    /// # Errors
    /// It is not closed, it was erased or died, the same administrator closed it, or the registry failed.
    pub fn reopen_identity(
        &self,
        permit: &Permit<CloseIdentities>,
        id: IdentityId,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        self.take(Step::Reopen, id, &permit.actor(), note, None)
    }

    fn take(
        &self,
        step: Step,
        id: IdentityId,
        by: &Actor,
        note: &str,
        successor: Option<IdentityId>,
    ) -> Result<Outcome, LifeError> {
        let note = reason_line("note", note)?;
        if successor == Some(id) {
            return Err(LifeError::OwnSuccessor(id));
        }
        let taken = until_settled(|| {
            if let Some(staff) = staff_of(by) {
                self.demand_not_own(staff, id)?;
            }
            let (outcome, change) = self.taking(step, id, by, &note, successor)?;
            Ok(Attempt::of(self.commit(change), || outcome))
        });
        if taken.as_ref().is_err_and(LifeError::takes_a_colleague) {
            self.record_refused(&format!("{step:?}"), id, by)?;
        }
        taken
    }

    /// What a step changes, to be committed by the caller, and what it comes to.
    pub(crate) fn taking(
        &self,
        step: Step,
        id: IdentityId,
        by: &Actor,
        note: &str,
        successor: Option<IdentityId>,
    ) -> Result<(Outcome, AuditedChange), LifeError> {
        let found = self.identity_record(id)?;
        let was = found.0.status;
        let mut cascade = Cascade::begun(by, Some(note));
        let record = self.step_of(step, found, Change::new(), &mut cascade)?;
        self.step_of_dependants(step, (id, was), successor, &mut cascade)?;
        let Cascade { change, touched, .. } = cascade;
        Ok((Outcome { record, touched }, change))
    }

    /// What the step of an owner, or of a sponsor, does to its devices, applications and agents, and that of a guardian to wards. `was` is where it stood before.
    fn step_of_dependants(
        &self,
        step: Step,
        (id, was): (IdentityId, IdentityStatus),
        successor: Option<IdentityId>,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        match (id.kind(), step) {
            (IdentityKind::Organisation, Step::Suspend(_)) => {
                self.things_step(id, Step::WithOwner(Cause::OwnerSuspended), cascade)
            }
            (IdentityKind::Organisation, Step::Resume) => {
                self.things_step(id, Step::BackWithOwner(Cause::OwnerSuspended), cascade)
            }
            (IdentityKind::Organisation, Step::Close(_)) => {
                self.leave_wards(id, cascade)?;
                self.things_step(id, Step::WithOwner(Cause::OwnerClosed), cascade)
            }
            (IdentityKind::Organisation, Step::Reopen) => {
                self.take_wards_back(id, cascade)?;
                self.things_step(id, Step::BackWithOwner(Cause::OwnerClosed), cascade)
            }
            (IdentityKind::Person, Step::ConfirmDeath | Step::Close(_)) => {
                self.leave_wards(id, cascade)?;
                self.leave_things(id, successor, cascade)
            }
            (IdentityKind::Person, Step::FindAlive | Step::Reopen) if was == IdentityStatus::Closed => {
                self.take_wards_back(id, cascade)?;
                self.take_things_back(id, cascade)
            }
            _ => Ok(()),
        }
    }

    /// An owner's step, taken by those of its devices, applications and agents that it reaches.
    fn things_step(&self, owner: IdentityId, step: Step, cascade: &mut Cascade<'_>) -> Result<(), LifeError> {
        for thing in self.things_of_organisation(owner)? {
            if step.from(&thing.0, cascade.by).is_ok() {
                self.step_of(step, thing, Change::new(), cascade)?;
                cascade.touched.things += 1;
            }
        }
        Ok(())
    }

    /// An attempt to get around the second officer is for the auditor to see.
    pub(super) fn record_refused(&self, step: &str, id: IdentityId, by: &Actor) -> Result<(), LifeError> {
        let event = self.event(by, STEP_REFUSED, format!("identity:{id}"))?.because(step);
        self.commit(Change::new().explained_by(&event.refused())).map_err(crate::fault::Fault::from)?;
        Ok(())
    }
}
