//! The end of a guardianship: by an officer, or on its day.

use ca_core::ledger::Actor;
use ca_core::storage::{Change, Version};
use time::Date;

use super::{
    GUARDIANSHIP_ENDED, GUARDIANSHIP_PROPOSALS, GuardianshipRefused, ProposedGuardianship, relisted,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::IdentityId;
use crate::identity::{IDENTITIES, IdentityRecord, reason_line};
use crate::life::cascade::Cascade;
use crate::life::{IDENTITY_DUE, LifeError, Outcome};
use crate::permission::{ChangeIdentities, Permit};
use crate::record::{self, encode};
use crate::registry::Registry;
use crate::timed;

/// What the key of a day on which a guardianship ends has between time and ward, among what is due.
pub(in crate::life) const MARK: &str = "guardianship";

/// The key of such a day. Days begin at midnight UTC.
pub(super) fn due(until: Date, ward: IdentityId) -> String {
    timed::key("", until.midnight().assume_utc(), format_args!("{MARK}/{ward}"))
}

impl Registry {
    /// Ends a guardianship, by an officer who took part in none of it: what was on hold for it is released.
    ///
    /// # Errors
    /// The person has no guardian, the officer took part or is one of the two, or the registry failed.
    pub fn end_guardianship(
        &self,
        permit: &Permit<ChangeIdentities>,
        ward: IdentityId,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        let note = reason_line("note", note)?;
        let by = permit.actor();
        let ended = until_settled(|| {
            let found = self.identity_record(ward)?;
            let Some(guardianship) = &found.0.guardianship else {
                return Err(GuardianshipRefused::None(ward).into());
            };
            if guardianship.by.contains(&permit.staff()) {
                return Err(GuardianshipRefused::TookPart(ward).into());
            }
            self.demand_disinterested(permit.staff(), ward, guardianship.guardian)?;
            self.ended(found, Cascade::begun(&by, Some(&note)))
        });
        if ended.as_ref().is_err_and(LifeError::takes_a_colleague) {
            self.record_refused("EndGuardianship", ward, &by)?;
        }
        ended
    }

    /// Ends a guardianship whose day has come.
    pub(in crate::life) fn end_guardianship_due(
        &self,
        ward: IdentityId,
        key: &[u8],
        by: &Actor,
    ) -> Result<(), LifeError> {
        until_settled(|| {
            // Another node may have been faster.
            if self.store().get(IDENTITY_DUE, key)?.is_none() {
                return Ok(Attempt::Settled(Ok(())));
            }
            Ok(match self.ended(self.identity_record(ward)?, Cascade::begun(by, None))? {
                Attempt::Settled(settled) => Attempt::Settled(settled.map(drop)),
                Attempt::Overtaken(conflict) => Attempt::Overtaken(conflict),
            })
        })
    }

    fn ended(
        &self,
        (mut record, version): (IdentityRecord, Version),
        mut cascade: Cascade<'_>,
    ) -> Result<Attempt<Outcome, LifeError>, LifeError> {
        let ward = record.id;
        let ended = record.guardianship.take().ok_or(GuardianshipRefused::None(ward))?;
        let because = format!("{} of identity {ward}", GUARDIANSHIP_ENDED.as_str());
        self.release_held(&mut record, &ended.held, &because, &mut cascade)?;
        let event = self
            .event(cascade.by, GUARDIANSHIP_ENDED, format!("identity:{ward}"))?
            .with("guardianship", ended.id.to_string());
        let written = relisted(ward, Some(&ended), None)
            .replace(IDENTITIES, ward.to_string(), version, encode(&record)?)
            .and(self.history_if_known(ward, &event, cascade.note)?);
        cascade.add(written.explained_by(&event));
        let Cascade { change, touched, .. } = cascade;
        Ok(Attempt::of(self.commit(change), || Outcome { record, touched }))
    }

    /// Takes away the guardianship over somebody who is erased, and one that waits.
    pub(crate) fn without_guardianship(&self, id: IdentityId) -> Result<Change, Fault> {
        let waits =
            record::find::<ProposedGuardianship>(self.store(), GUARDIANSHIP_PROPOSALS, id.to_string())?;
        let change = match waits {
            Some((_, version)) => Change::new().delete(GUARDIANSHIP_PROPOSALS, id.to_string(), version),
            None => Change::new(),
        };
        let found = record::find::<IdentityRecord>(self.store(), IDENTITIES, id.to_string())?;
        let Some((mut record, version)) = found else { return Ok(change) };
        let Some(guardianship) = record.guardianship.take() else { return Ok(change) };
        let unlisted = change.and(relisted(id, Some(&guardianship), None));
        Ok(unlisted.replace(IDENTITIES, id.to_string(), version, encode(&record)?))
    }
}
