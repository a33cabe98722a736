//! The guardian has died, was dissolved, or needs a guardian: the guardianship is vacant, and the ward loses nothing by it.

use ca_core::ledger::Action;
use ca_core::storage::KeyRange;

use super::{GUARDIAN_BACK, GUARDIAN_GONE, GUARDIANSHIPS, Guardianship, relisted};
use crate::fault::Fault;
use crate::id::IdentityId;
use crate::identity::{IDENTITIES, IdentityRecord, IdentityStatus};
use crate::life::LifeError;
use crate::life::cascade::Cascade;
use crate::page::PageSize;
use crate::record::encode;
use crate::registry::Registry;
use crate::timed;

impl Registry {
    /// Whoever was a guardian is one no more: their wards are listed until a court has found another.
    pub(in crate::life) fn leave_wards(
        &self,
        guardian: IdentityId,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        for ward in self.wards(guardian)? {
            self.vacancy(ward, (guardian, true), GUARDIAN_GONE, cascade)?;
        }
        Ok(())
    }

    /// A guardian has come back, and is one again of those for whom nobody else was found.
    pub(in crate::life) fn take_wards_back(
        &self,
        guardian: IdentityId,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        for ward in self.wards(guardian)? {
            self.vacancy(ward, (guardian, false), GUARDIAN_BACK, cascade)?;
        }
        Ok(())
    }

    fn vacancy(
        &self,
        ward: IdentityId,
        (guardian, gone): (IdentityId, bool),
        action: Action,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        let (mut record, version) = self.identity_record(ward)?;
        let Some(was) = record.guardianship.clone() else { return Ok(()) };
        if was.guardian != guardian || was.vacant_since.is_some() == gone {
            return Ok(());
        }
        let is = Guardianship { vacant_since: gone.then(|| self.now()), ..was.clone() };
        let event = self
            .event(cascade.by, action, format!("identity:{ward}"))?
            .with("guardianship", is.id.to_string());
        let listed = relisted(ward, Some(&was), Some(&is));
        record.guardianship = Some(is);
        let written = listed
            .replace(IDENTITIES, ward.to_string(), version, encode(&record)?)
            .and(self.history_if_known(ward, &event, cascade.note)?);
        cascade.add(written.explained_by(&event));
        Ok(())
    }

    /// Whose guardian somebody is.
    pub(super) fn wards(&self, guardian: IdentityId) -> Result<Vec<IdentityId>, Fault> {
        let mut range = KeyRange::prefix(format!("of/{guardian}/").as_bytes());
        let mut wards = Vec::new();
        loop {
            let page = self.store().scan(GUARDIANSHIPS, &range, PageSize::MOST)?;
            let Some((last, _)) = page.last() else { return Ok(wards) };
            range = range.after(last);
            for (key, _) in &page {
                wards.push(timed::named(GUARDIANSHIPS, key)?);
            }
        }
    }

    /// A ward who counts, of a guardian who is to be erased.
    pub(crate) fn living_ward(&self, guardian: IdentityId) -> Result<Option<IdentityId>, Fault> {
        let wards = self.wards(guardian)?;
        let records = self.identity_records(wards.into_iter().collect())?;
        let counts = |record: &IdentityRecord| record.status != IdentityStatus::Closed;
        Ok(records.into_values().map(|(record, _)| record).find(counts).map(|record| record.id))
    }

    /// Whether one of two persons is the other's guardian.
    pub(crate) fn are_ward_and_guardian(
        &self,
        one: Option<IdentityId>,
        other: IdentityId,
    ) -> Result<bool, Fault> {
        let Some(one) = one else { return Ok(false) };
        let records = self.identity_records([one, other].into())?;
        let is = |ward, guardian| {
            let found = records.get(&ward).and_then(|(record, _)| record.guardianship.as_ref());
            found.is_some_and(|guardianship| guardianship.guardian == guardian)
        };
        Ok(is(one, other) || is(other, one))
    }
}
