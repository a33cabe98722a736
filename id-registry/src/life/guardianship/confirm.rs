//! Confirming a guardianship, by another officer: one commit.

use ca_core::certificate::CertificateRecord;
use ca_core::storage::{Change, Expect};

use super::{
    GUARDIANSHIP_BEGUN, GUARDIANSHIP_PROPOSALS, Guardianship, GuardianshipReach, GuardianshipRefused,
    ProposedGuardianship, relisted,
};
use crate::fault::{Attempt, until_settled};
use crate::id::{IdentityId, StaffId};
use crate::identity::{IDENTITIES, IdentityError, IdentityRecord, reason_line};
use crate::life::cascade::Cascade;
use crate::life::{LifeError, Outcome};
use crate::permission::{ChangeIdentities, Permit};
use crate::record::encode;
use crate::registry::Registry;

impl Registry {
    /// Confirms a guardianship that another officer proposed: from now on it counts, in place of one that there was, and what
    /// it takes from the ward is on hold.
    ///
    /// # Errors
    /// No such guardianship waits, the same officer proposed it or would be the guardian, the guardian or the day does not fit
    /// any more, or the registry failed.
    pub fn confirm_guardianship(
        &self,
        permit: &Permit<ChangeIdentities>,
        ward: IdentityId,
        named: &str,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        let note = reason_line("note", note)?;
        let confirmed = until_settled(|| self.begin_guardianship(permit, ward, named, &note));
        if confirmed.as_ref().is_err_and(LifeError::takes_a_colleague) {
            self.record_refused("ConfirmGuardianship", ward, &permit.actor())?;
        }
        confirmed
    }

    fn begin_guardianship(
        &self,
        permit: &Permit<ChangeIdentities>,
        ward: IdentityId,
        named: &str,
        note: &str,
    ) -> Result<Attempt<Outcome, LifeError>, LifeError> {
        let (mut record, version) = self.identity_record(ward)?;
        let (proposed, waits) = self.waiting_guardianship(ward, named)?;
        if proposed.by == permit.staff() {
            return Err(GuardianshipRefused::Own(ward).into());
        }
        self.demand_disinterested(permit.staff(), ward, proposed.guardian)?;
        self.demand_ward(&record)?;
        if proposed.until.is_some_and(|until| until <= self.now().date()) {
            return Err(GuardianshipRefused::Until(None).into());
        }
        let guardian_stands = self.demand_guardian(ward, proposed.guardian)?;
        let actor = permit.actor();
        let mut cascade = Cascade::begun(&actor, Some(note));
        let none_missed = self.latest_issuance_stands(ward)?;
        let moved = self.placed_under(&mut record, &proposed, permit.staff(), &mut cascade)?;
        if proposed.reach != GuardianshipReach::Assistance {
            // Whoever does not decide for themselves does not for others.
            self.leave_wards(ward, &mut cascade)?;
        }
        let event = self
            .event(&actor, GUARDIANSHIP_BEGUN, format!("identity:{ward}"))?
            .with("guardianship", proposed.id.to_string())
            .with("ground", proposed.ground.name())
            .with("reach", proposed.reach.name());
        let written = moved
            .and(none_missed)
            .replace(IDENTITIES, ward.to_string(), version, encode(&record)?)
            .check(IDENTITIES, proposed.guardian.to_string(), Expect::Version(guardian_stands))
            .delete(GUARDIANSHIP_PROPOSALS, ward.to_string(), waits)
            .and(self.history_of(ward, &event, None, Some(note))?);
        cascade.add(written.explained_by(&event));
        let Cascade { change, touched, .. } = cascade;
        Ok(Attempt::of(self.commit(change), || Outcome { record, touched }))
    }

    /// Puts the guardianship into the ward's record, in place of one that there was, and what it takes from the ward on hold.
    fn placed_under(
        &self,
        record: &mut IdentityRecord,
        proposed: &ProposedGuardianship,
        by: StaffId,
        cascade: &mut Cascade<'_>,
    ) -> Result<Change, LifeError> {
        let ward = record.id;
        let because = format!("{} of identity {ward}", GUARDIANSHIP_BEGUN.as_str());
        let within = self.within_reach(ward, proposed.reach)?;
        let held = self.hold_also(record, &within, &because, cascade)?;
        let begun = Guardianship {
            id: proposed.id,
            guardian: proposed.guardian,
            ground: proposed.ground,
            reach: proposed.reach,
            until: proposed.until,
            since: self.now(),
            by: [proposed.by, by],
            vacant_since: None,
            held,
        };
        let former = record.guardianship.take();
        let moved = relisted(ward, former.as_ref(), Some(&begun));
        record.guardianship = Some(begun);
        self.release_held(record, &former.map(|former| former.held).unwrap_or_default(), &because, cascade)?;
        Ok(moved)
    }

    /// The ward's certificates that a guardianship takes.
    fn within_reach(
        &self,
        ward: IdentityId,
        reach: GuardianshipReach,
    ) -> Result<Vec<CertificateRecord>, LifeError> {
        let mut within = Vec::new();
        for record in self.living(ward)? {
            let taken = match self.profile_of(&record)? {
                Some(profile) => reach.takes(&profile),
                // Of what nobody can say what it is for, the ward does not sign with either.
                None => reach != GuardianshipReach::Assistance,
            };
            if taken {
                within.push(record);
            }
        }
        Ok(within)
    }

    /// Goes on only when a member of staff is neither ward nor guardian, nor a relative of theirs.
    pub(super) fn demand_disinterested(
        &self,
        staff: StaffId,
        ward: IdentityId,
        guardian: IdentityId,
    ) -> Result<(), LifeError> {
        self.demand_not_own(staff, ward)?;
        self.demand_not_own(staff, guardian).map_err(|error| match error {
            IdentityError::Own(_) | IdentityError::Related(_) => GuardianshipRefused::Interested(ward).into(),
            error => LifeError::from(error),
        })
    }
}
