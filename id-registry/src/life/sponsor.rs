//! The person who answers for a device or application: handed over, gone, found again.

use ca_core::ledger::Actor;
use ca_core::storage::{Change, Expect, Operation, Version};

use super::cascade::Cascade;
use super::step::Step;
use super::{Cause, HANDED_OVER, IDENTITY_DUE, LAPSED, LifeError, ORPHANED, Outcome, SPONSOR_BACK};
use crate::fault::{Attempt, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{
    IDENTITIES, IDENTITIES_BY_ORGANISATION, IDENTITIES_BY_SPONSOR, IdentityRecord, IdentityStatus, Owner,
    reason_line,
};
use crate::permission::{ChangeIdentities, Permit};
use crate::record::encode;
use crate::registry::Registry;
use crate::timed;

/// An identity's record and the version it stands at.
type Found = (IdentityRecord, Version);

impl Registry {
    /// Hands a device or application to another sponsor. If it was suspended because nobody answered for it, it is resumed.
    ///
    /// # Errors
    /// It is no device or application, or closed, the sponsor is no active person, or the registry failed.
    pub fn hand_over(
        &self,
        permit: &Permit<ChangeIdentities>,
        thing: IdentityId,
        sponsor: IdentityId,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        let note = reason_line("note", note)?;
        let by = permit.actor();
        until_settled(|| {
            let found = self.identity_record(thing)?;
            if found.0.status == IdentityStatus::Closed {
                return Err(crate::identity::IdentityError::Closed(thing).into());
            }
            let mut cascade = Cascade::begun(&by, Some(&note));
            let record = self.handed_over(found, sponsor, &mut cascade)?;
            let Cascade { change, touched, .. } = cascade;
            Ok(Attempt::of(self.commit(change), || Outcome { record, touched }))
        })
    }

    fn handed_over(
        &self,
        (mut record, version): Found,
        sponsor: IdentityId,
        cascade: &mut Cascade<'_>,
    ) -> Result<IdentityRecord, LifeError> {
        let id = record.id;
        let wanted = "devices, applications and agents";
        let owner = record.owner.ok_or(LifeError::WrongKind { id, wanted })?;
        let stands = self.active(sponsor, IdentityKind::Person)?;
        let entry = |person: IdentityId| format!("{person}/{id}");
        let mut also = Change::new()
            .check(IDENTITIES, sponsor.to_string(), Expect::Version(stands))
            .and(found_again(&record));
        if owner.sponsor != sponsor {
            also = also
                .write(IDENTITIES_BY_SPONSOR, entry(owner.sponsor), Expect::Anything, Operation::Delete)
                .put(IDENTITIES_BY_SPONSOR, entry(sponsor), []);
        }
        record.owner = Some(Owner { sponsor, ..owner });
        record.orphaned_until = None;
        let event = self
            .event(cascade.by, HANDED_OVER, format!("identity:{id}"))?
            .with("from", owner.sponsor.to_string())
            .with("to", sponsor.to_string());
        also = also.and(self.history_of(id, &event, None, cascade.note)?);
        cascade.touched.things += 1;
        if record.cause() == Some(Cause::SponsorGone) {
            // Whoever owns it must be there as well.
            let organisation = self.active(owner.organisation, IdentityKind::Organisation)?;
            let owned = Expect::Version(organisation);
            also = also.check(IDENTITIES, owner.organisation.to_string(), owned);
            cascade.add(Change::new().explained_by(&event));
            return self.step_of(Step::RegainSponsor, (record, version), also, cascade);
        }
        also = also.replace(IDENTITIES, id.to_string(), version, encode(&record)?);
        cascade.add(also.explained_by(&event));
        Ok(record)
    }

    /// What a person answered for goes to the successor, or must find one within the days of grace.
    pub(super) fn leave_things(
        &self,
        person: IdentityId,
        successor: Option<IdentityId>,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        for thing in self.dependants(IDENTITIES_BY_SPONSOR, person)? {
            match successor {
                _ if thing.0.status == IdentityStatus::Closed => {}
                Some(successor) => drop(self.handed_over(thing, successor, cascade)?),
                None if thing.0.orphaned_until.is_none() => self.orphan(thing, cascade)?,
                None => {}
            }
        }
        Ok(())
    }

    fn orphan(&self, (mut record, version): Found, cascade: &mut Cascade<'_>) -> Result<(), LifeError> {
        let until = self.now() + self.settings().sponsor_grace;
        record.orphaned_until = Some(until);
        let entered = Change::new().put(IDENTITY_DUE, timed::key("", until, record.id), []);
        self.sponsor_change(ORPHANED, &record, version, entered, cascade)
    }

    /// A person who has come back answers again for what nobody else took.
    pub(super) fn take_things_back(
        &self,
        person: IdentityId,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        for (mut record, version) in self.dependants(IDENTITIES_BY_SPONSOR, person)? {
            let also = found_again(&record);
            if record.cause() == Some(Cause::SponsorGone) {
                record.orphaned_until = None;
                self.step_of(Step::RegainSponsor, (record, version), also, cascade)?;
                cascade.touched.things += 1;
            } else if record.orphaned_until.take().is_some() {
                self.sponsor_change(SPONSOR_BACK, &record, version, also, cascade)?;
            }
        }
        Ok(())
    }

    fn sponsor_change(
        &self,
        action: ca_core::ledger::Action,
        record: &IdentityRecord,
        version: Version,
        also: Change,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        let event = self.event(cascade.by, action, format!("identity:{}", record.id))?;
        let change = also
            .replace(IDENTITIES, record.id.to_string(), version, encode(record)?)
            .and(self.history_if_known(record.id, &event, cascade.note)?);
        cascade.add(change.explained_by(&event));
        cascade.touched.things += 1;
        Ok(())
    }

    /// The days of grace of a device or application are over: it is suspended, unless it has ended meanwhile.
    pub(super) fn lose_sponsor(&self, id: IdentityId, by: &Actor) -> Result<(), LifeError> {
        until_settled(|| {
            let (mut record, version) = self.identity_record(id)?;
            let also = found_again(&record);
            record.orphaned_until = None;
            let mut cascade = Cascade::begun(by, None);
            if Step::LoseSponsor.from(&record, by).is_ok() {
                self.step_of(Step::LoseSponsor, (record, version), also, &mut cascade)?;
            } else {
                self.sponsor_change(LAPSED, &record, version, also, &mut cascade)?;
            }
            Ok::<_, LifeError>(Attempt::of(self.commit(cascade.change), || ()))
        })
    }

    /// The devices, applications and agents of an organisation.
    pub(super) fn things_of_organisation(&self, organisation: IdentityId) -> Result<Vec<Found>, LifeError> {
        let mut things = self.dependants(IDENTITIES_BY_ORGANISATION, organisation)?;
        things.retain(|(record, _)| record.id != organisation);
        Ok(things)
    }
}

/// Takes away what was due because nobody answered for it.
fn found_again(record: &IdentityRecord) -> Change {
    match record.orphaned_until {
        Some(until) => {
            let key = timed::key("", until, record.id);
            Change::new().write(IDENTITY_DUE, key, Expect::Anything, Operation::Delete)
        }
        None => Change::new(),
    }
}
