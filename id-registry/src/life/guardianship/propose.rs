//! Proposing a guardianship, and dropping what was proposed.

use ca_core::storage::{Change, Version};
use ca_core::vault::purpose_of_field;
use time::Date;

use super::{
    GUARDIANSHIP_DROPPED, GUARDIANSHIP_PROPOSALS, GUARDIANSHIP_PROPOSED, Guardianship, GuardianshipGround,
    GuardianshipReach, GuardianshipRefused, ProposedGuardianship,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{
    BirthDate, Details, IdentityError, IdentityRecord, IdentityStatus, demand_kind, reason_line,
};
use crate::life::LifeError;
use crate::permission::{ChangeIdentities, Permit};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};

/// A guardianship that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct GuardianshipAsked<'a> {
    /// A person, or an organisation that is guardian by office.
    pub guardian: IdentityId,
    /// On what it rests.
    pub ground: GuardianshipGround,
    /// What the guardian decides.
    pub reach: GuardianshipReach,
    /// The first day on which it does not count any more. A minority ends at full age without it.
    pub until: Option<Date>,
    /// What was shown: the order's number and court, the birth certificate, the deed.
    pub note: &'a str,
}

impl Registry {
    /// Proposes a guardianship over a person, or another in place of the one there is. Another officer confirms it.
    ///
    /// # Errors
    /// The ward is no person or closed, the guardian cannot be one, the ground does not fit the ward's age, one waits already, or
    /// the registry failed.
    pub fn propose_guardianship(
        &self,
        permit: &Permit<ChangeIdentities>,
        ward: IdentityId,
        asked: &GuardianshipAsked<'_>,
    ) -> Result<ProposedGuardianship, LifeError> {
        let note = reason_line("note", asked.note)?;
        until_settled(|| {
            let (record, _) = self.identity_record(ward)?;
            self.demand_disinterested(permit.staff(), ward, asked.guardian)?;
            self.demand_ward(&record)?;
            self.demand_guardian(ward, asked.guardian)?;
            let until = self.ends(record, asked)?;
            if let Some((waits, _)) = self.proposal_over(ward)? {
                let guardianship = waits.id;
                return Err(GuardianshipRefused::WaitsAlready { ward, guardianship }.into());
            }
            let event = self
                .event(&permit.actor(), GUARDIANSHIP_PROPOSED, format!("identity:{ward}"))?
                .with("ground", asked.ground.name())
                .with("reach", asked.reach.name());
            let (envelope, stands) = self.vault().for_writing(&reference(ward))?;
            let proposed = ProposedGuardianship {
                id: event.id,
                ward,
                guardian: asked.guardian,
                ground: asked.ground,
                reach: asked.reach,
                until,
                at: self.now(),
                by: permit.staff(),
                note: envelope.seal_text(&purpose(ward), &note)?,
            };
            let change = stands
                .insert(GUARDIANSHIP_PROPOSALS, ward.to_string(), encode(&proposed)?)
                .and(self.history_of(ward, &event, None, Some(&note))?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || proposed))
        })
    }

    /// Takes a guardianship that waits back, or rejects it.
    ///
    /// # Errors
    /// No such guardianship waits, or the registry failed.
    pub fn drop_guardianship(
        &self,
        permit: &Permit<ChangeIdentities>,
        ward: IdentityId,
        named: &str,
        note: &str,
    ) -> Result<ProposedGuardianship, LifeError> {
        let note = reason_line("note", note)?;
        until_settled(|| {
            let (proposed, version) = self.waiting_guardianship(ward, named)?;
            let event = self
                .event(&permit.actor(), GUARDIANSHIP_DROPPED, format!("identity:{ward}"))?
                .with("guardianship", proposed.id.to_string());
            let change = Change::new()
                .delete(GUARDIANSHIP_PROPOSALS, ward.to_string(), version)
                .and(self.history_of(ward, &event, None, Some(&note))?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || proposed))
        })
    }

    pub(super) fn demand_ward(&self, record: &IdentityRecord) -> Result<(), LifeError> {
        demand_kind(record.id, IdentityKind::Person)?;
        match record.status {
            IdentityStatus::Closed => Err(IdentityError::Closed(record.id).into()),
            IdentityStatus::Active | IdentityStatus::Suspended => Ok(()),
        }
    }

    /// Goes on only when somebody can be the guardian; the version of the record that says so.
    pub(super) fn demand_guardian(
        &self,
        ward: IdentityId,
        guardian: IdentityId,
    ) -> Result<Version, LifeError> {
        if guardian == ward {
            return Err(GuardianshipRefused::OwnGuardian(ward).into());
        }
        let kind = guardian.kind();
        if !matches!(kind, IdentityKind::Person | IdentityKind::Organisation) {
            return Err(GuardianshipRefused::NoGuardian { id: guardian, kind }.into());
        }
        let (record, version) = self.identity_record(guardian)?;
        if record.status != IdentityStatus::Active {
            let status = record.status;
            return Err(GuardianshipRefused::GuardianUnfit { id: guardian, status }.into());
        }
        // Who decides with assistance alone decides for themselves, and can for others, but for whoever assists.
        let decides = |own: &Guardianship| own.reach == GuardianshipReach::Assistance && own.guardian != ward;
        if record.guardianship.as_ref().is_some_and(|own| !decides(own)) {
            return Err(GuardianshipRefused::GuardianIsWard(guardian).into());
        }
        let today = self.now().date();
        let age = self.settings().full_age;
        if self.born(record)?.is_some_and(|born| born.is_over(age, today) == Some(false)) {
            return Err(GuardianshipRefused::GuardianIsMinor(guardian).into());
        }
        Ok(version)
    }

    /// The first day on which it does not count any more.
    fn ends(&self, ward: IdentityRecord, asked: &GuardianshipAsked<'_>) -> Result<Option<Date>, LifeError> {
        let (id, today) = (ward.id, self.now().date());
        let full_age = match asked.ground {
            GuardianshipGround::Minority => {
                let born = self.born(ward)?.ok_or(GuardianshipRefused::AgeUnknown(id))?;
                let full_age = born.comes_of_age(self.settings().full_age);
                if full_age <= today {
                    return Err(GuardianshipRefused::FullAge(id).into());
                }
                Some(full_age)
            }
            GuardianshipGround::CourtOrder | GuardianshipGround::OwnChoice => None,
        };
        match asked.until.or(full_age) {
            Some(until) if until <= today || full_age.is_some_and(|latest| until > latest) => {
                Err(GuardianshipRefused::Until(full_age).into())
            }
            until => Ok(until),
        }
    }

    fn born(&self, record: IdentityRecord) -> Result<Option<BirthDate>, Fault> {
        Ok(match self.with_details(record)?.details {
            Some(Details::Person { further, .. }) => further.born(),
            _ => None,
        })
    }

    pub(super) fn proposal_over(
        &self,
        ward: IdentityId,
    ) -> Result<Option<(ProposedGuardianship, Version)>, LifeError> {
        Ok(record::find(self.store(), GUARDIANSHIP_PROPOSALS, ward.to_string())?)
    }

    /// What waits, where it is the one that is meant: whoever decides decides on what they saw.
    pub(super) fn waiting_guardianship(
        &self,
        ward: IdentityId,
        named: &str,
    ) -> Result<(ProposedGuardianship, Version), LifeError> {
        let found = self.proposal_over(ward)?.filter(|(proposed, _)| proposed.id.to_string() == named);
        let named = named.chars().take(40).collect();
        Ok(found.ok_or(GuardianshipRefused::Unknown { ward, named })?)
    }
}

pub(super) fn purpose(ward: IdentityId) -> String {
    purpose_of_field(GUARDIANSHIP_PROPOSALS, ward, "note")
}
