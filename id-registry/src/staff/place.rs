//! What is known of a member of staff besides the role: the office, the own entry, and whose cases the member keeps out of.

use ca_core::ledger::Action;
use ca_core::storage::Change;

use super::{Quota, STAFF, StaffError, StaffRecord, seal};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind, OfficeId, StaffId};
use crate::identity::{FieldError, IdentityError, demand_kind, reason_line};
use crate::permission::{ManageStaff, Permit};
use crate::registry::{Registry, reference};

/// What is known of a member of staff was changed.
pub const PLACED: Action = Action::named("staff.placed");

/// The most persons whose cases a member keeps out of.
const MOST_RELATIVES: usize = 50;

/// What is to be changed of a member of staff; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Placing {
    /// The office; `Some(None)`: none.
    pub office: Option<Option<OfficeId>>,
    /// The member's own entry among the registry's persons.
    pub person: Option<IdentityId>,
    /// Persons whose cases the member keeps out of, all of them.
    pub relatives: Option<Vec<IdentityId>>,
    /// How much of each the member may do in a day; what is `None` in it stays.
    pub quota: Quota,
    /// Whether the member may act at any hour.
    pub any_hour: Option<bool>,
}

impl Registry {
    /// Places a member of staff in an office, links the member's own entry, and says whose cases the member keeps out of.
    ///
    /// # Errors
    /// No such member, disabled, the office is not there or not accredited, a person is not there, no reason, or the registry
    /// failed.
    pub fn place_staff(
        &self,
        permit: &Permit<ManageStaff>,
        id: StaffId,
        placing: &Placing,
        reason: &str,
    ) -> Result<StaffRecord, StaffError> {
        let reason = reason_line("reason", reason)?;
        let relatives = placing.relatives.as_deref().unwrap_or_default();
        if relatives.len() > MOST_RELATIVES {
            let why = format!("{} persons are named", relatives.len());
            return Err(FieldError { field: "relatives", why, fits: "at most 50" }.into());
        }
        for person in relatives.iter().chain(&placing.person) {
            demand_kind(*person, IdentityKind::Person).map_err(StaffError::Organisation)?;
            self.identity_record(*person).map_err(StaffError::Organisation)?;
        }
        if let Some(Some(office)) = placing.office {
            self.demand_accredited(office)?;
        }
        until_settled(|| {
            let (record, version) = self.staff_record(id)?.ok_or(StaffError::Unknown(id))?;
            if record.disabled.is_some() {
                return Err(StaffError::AlreadyDisabled(id));
            }
            let record = StaffRecord {
                office: placing.office.unwrap_or(record.office),
                person: placing.person.or(record.person),
                quota: placing.quota.or(record.quota),
                any_hour: placing.any_hour.unwrap_or(record.any_hour),
                relatives: placing.relatives.clone().unwrap_or_else(|| record.relatives.clone()),
                ..record
            };
            let office = record.office.map_or_else(|| "none".to_owned(), |office| office.to_string());
            let event = self.event(&permit.actor(), PLACED, format!("staff:{id}"))?;
            // Who is whose relative is nothing for the ledger, which cannot forget.
            let event = event.with("office", office).because(reason.clone());
            let (envelope, key_stands) = self.vault().for_writing(&reference(id)).map_err(Fault::from)?;
            let sealed = seal(&envelope, &record).map_err(Fault::from)?;
            let change = Change::new().replace(STAFF, id.to_string(), version, sealed).and(key_stands);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || record))
        })
    }

    fn demand_accredited(&self, id: OfficeId) -> Result<(), StaffError> {
        let (office, _) = self.office(id)?.ok_or(StaffError::UnknownOffice(id))?;
        if office.counts_on(self.now().date()) { Ok(()) } else { Err(StaffError::NotAccredited(id)) }
    }

    /// Goes on only when an identity is neither the member's own nor a relative's: nobody decides on what the registry knows of
    /// those.
    ///
    /// # Errors
    /// It is, or the registry failed.
    pub(crate) fn demand_not_own(&self, by: StaffId, id: IdentityId) -> Result<(), IdentityError> {
        let Some((record, _)) = self.staff_record(by)? else { return Ok(()) };
        if record.person == Some(id) {
            return Err(IdentityError::Own(id));
        }
        let related = record.relatives.contains(&id) || self.are_ward_and_guardian(record.person, id)?;
        if related { Err(IdentityError::Related(id)) } else { Ok(()) }
    }
}
