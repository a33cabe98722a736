//! Offices where people are registered. An office is accredited until a day; whoever works for one acts as long as it is.

use ca_core::ledger::Action;
use ca_core::storage::{Change, StorageError, Table, Version};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::fault::{Attempt, Fault, by_fault, until_settled};
use crate::id::{OfficeId, StaffId};
use crate::identity::{FieldError, line, reason_line};
use crate::page::{Page, PageSize};
use crate::permission::{ManageStaff, Permit};
use crate::record::{self, encode};
use crate::registry::Registry;
use crate::timed;

/// Offices by identifier.
pub const OFFICES: Table = Table::records("offices");

/// An office was accredited.
pub const ACCREDITED: Action = Action::named("office.accredited");
/// An office's accreditation goes on until another day.
pub const RENEWED: Action = Action::named("office.renewed");
/// An office's accreditation was ended.
pub const ENDED: Action = Action::named("office.ended");

/// What fits as the last day of an accreditation.
pub(crate) const DAY: &str = "today or a later day, written as 2030-12-31";

/// An office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Its identifier.
    pub id: OfficeId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// The last day of its accreditation, UTC.
    #[serde(with = "record::day")]
    pub accredited_until: Date,
    /// When it was accredited first, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub accredited_at: OffsetDateTime,
    /// Who accredited it.
    pub accredited_by: StaffId,
    /// Set when its accreditation was ended.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

impl Office {
    /// Whether it is accredited on a day.
    pub fn counts_on(&self, day: Date) -> bool {
        self.ended_at.is_none() && day <= self.accredited_until
    }
}

/// An office to be accredited. Nothing in it is checked yet.
#[derive(Debug, Clone)]
pub struct NewOffice<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is.
    pub place: &'a str,
    /// The last day.
    pub until: Date,
    /// By which decision. It stays in the ledger for good: no personal data.
    pub reason: &'a str,
}

impl Registry {
    /// Accredits an office.
    ///
    /// # Errors
    /// A field does not fit, the day has passed, or the registry failed.
    pub fn accredit_office(
        &self,
        permit: &Permit<ManageStaff>,
        new: &NewOffice<'_>,
    ) -> Result<Office, OfficeError> {
        let (name, place) = (line("name", new.name, 100)?, line("place", new.place, 100)?);
        let reason = reason_line("reason", new.reason)?;
        self.demand_future(new.until)?;
        until_settled(|| {
            let office = Office {
                id: OfficeId::draw(self.entropy()).map_err(Fault::from)?,
                name: name.clone(),
                place: place.clone(),
                accredited_until: new.until,
                accredited_at: self.now(),
                accredited_by: permit.staff(),
                ended_at: None,
            };
            let event = self.event(&permit.actor(), ACCREDITED, format!("office:{}", office.id))?;
            let event = event.with("until", new.until.to_string()).because(reason.clone());
            let change = Change::new().insert(OFFICES, office.id.to_string(), encode(&office)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || office))
        })
    }

    /// Lets an accreditation go on until another day, also one that has run out; one that was ended does not go on.
    ///
    /// # Errors
    /// No such office, it was ended, the day has passed, no reason, or the registry failed.
    pub fn renew_office(
        &self,
        permit: &Permit<ManageStaff>,
        id: OfficeId,
        until: Date,
        reason: &str,
    ) -> Result<Office, OfficeError> {
        self.demand_future(until)?;
        self.change_office(permit, id, (RENEWED, reason), |office| office.accredited_until = until)
    }

    /// Ends an accreditation for good: from now on nobody acts for the office.
    ///
    /// # Errors
    /// No such office, it was ended already, no reason, or the registry failed.
    pub fn end_office(
        &self,
        permit: &Permit<ManageStaff>,
        id: OfficeId,
        reason: &str,
    ) -> Result<Office, OfficeError> {
        let now = self.now();
        self.change_office(permit, id, (ENDED, reason), |office| office.ended_at = Some(now))
    }

    fn change_office(
        &self,
        permit: &Permit<ManageStaff>,
        id: OfficeId,
        (action, reason): (Action, &str),
        change: impl Fn(&mut Office),
    ) -> Result<Office, OfficeError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let (mut office, version) = self.office(id)?.ok_or(OfficeError::Unknown(id))?;
            if office.ended_at.is_some() {
                return Err(OfficeError::Ended(id));
            }
            change(&mut office);
            let event = self.event(&permit.actor(), action.clone(), format!("office:{id}"))?;
            let event = event.with("until", office.accredited_until.to_string()).because(reason.clone());
            let change = Change::new().replace(OFFICES, id.to_string(), version, encode(&office)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || office))
        })
    }

    /// Offices in the order of their identifiers, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn offices(
        &self,
        _permit: &Permit<ManageStaff>,
        after: Option<OfficeId>,
        size: PageSize,
    ) -> Result<Page<Office, OfficeId>, Fault> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(OFFICES, &range, size.entries() + 1)?;
        let offices = found.iter().map(|(_, entry)| record::decode(OFFICES, entry));
        Ok(Page::cut(offices.collect::<Result<Vec<Office>, _>>()?, size, |office| office.id))
    }

    pub(crate) fn office(&self, id: OfficeId) -> Result<Option<(Office, Version)>, StorageError> {
        record::find(self.store(), OFFICES, id.to_string())
    }

    fn demand_future(&self, day: Date) -> Result<(), FieldError> {
        if day >= self.now().date() {
            return Ok(());
        }
        let why = "the day has passed".to_owned();
        Err(FieldError { field: "until", why, fits: DAY })
    }
}

/// An office was not accredited, renewed or ended.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// There is no such office.
    #[error("no office is called {0}")]
    Unknown(OfficeId),
    /// Its accreditation was ended, for good.
    #[error("the accreditation of office {0} was ended")]
    Ended(OfficeId),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(OfficeError: StorageError);
