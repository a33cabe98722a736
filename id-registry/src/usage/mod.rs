//! What was done with what the registry knows of a person: who looked, what was issued in the person's name, what was handed
//! on, and why. It is read from the ledger, so it holds what the ledger holds, and each entry can be proven.
//!
//! The form is that of Estonia's data tracker (Andmejälgija, `findUsage`, version 3), so that one portal can show what many
//! registers did. What it has and we do not: hiding an entry from the person for a time.

use std::collections::BTreeMap;

use ca_core::ledger::index::Query;
use ca_core::ledger::{Event, Position};
use time::OffsetDateTime;

use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::identity::{Details, IdentityError, demand_kind};
use crate::permission::{Permit, ReadUsage, staff_of};
use crate::registry::Registry;

mod said;

/// How many events are read at once.
const READ_AT_ONCE: usize = 500;

/// How what is known of a person was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processing {
    /// Within the registry.
    Internal,
    /// It was handed to somebody who asked.
    Response,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Copy)]
pub struct UsageWanted {
    /// Not before this moment.
    pub since: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
    /// Those of one kind alone.
    pub processing: Option<Processing>,
    /// Those too that came of work on many at once: campaigns and lists.
    pub bulk: bool,
}

/// One use of what is known of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Its place in the ledger.
    pub position: Position,
    /// The event's identifier.
    pub event: String,
    /// When, UTC.
    pub at: OffsetDateTime,
    /// How.
    pub processing: Processing,
    /// What was done, in words that the person understands.
    pub said: String,
    /// The law that it rests on, where one was named.
    pub legal_basis: Option<String>,
    /// The case or the work that it belongs to.
    pub case: Option<String>,
    /// It came of work on many at once.
    pub bulk: bool,
    /// The member of staff who did it; `None`: npki by itself.
    pub staff: Option<StaffId>,
    /// The organisation that the member works for.
    pub organisation: String,
    /// The organisation that received it.
    pub receiver: Option<String>,
}

impl Registry {
    /// What was done with what is known of a person, the newest first. It is a look at that person itself.
    ///
    /// # Errors
    /// No such person, no case was named, or the registry failed.
    pub fn usage(
        &self,
        permit: &Permit<ReadUsage>,
        id: IdentityId,
        wanted: &UsageWanted,
    ) -> Result<Vec<Usage>, IdentityError> {
        demand_kind(id, IdentityKind::Person)?;
        self.identity_record(id)?.0.within(permit.scope())?;
        // First, so that the person sees this look too.
        self.look_up(permit, [id])?;
        let query = Query {
            about: Some(format!("identity:{id}")),
            since: wanted.since,
            until: wanted.until,
            ..Query::default()
        };
        let mut employers = BTreeMap::new();
        let (mut found, mut from) = (Vec::new(), Some(Position(0)));
        while let Some(place) = from {
            let page = query.run(self.store(), place, READ_AT_ONCE)?;
            for recorded in &page.items {
                found.push(self.used(recorded.position, &recorded.event()?, id, &mut employers)?);
            }
            from = page.next;
        }
        found.retain(|usage| {
            (wanted.bulk || !usage.bulk) && wanted.processing.is_none_or(|kind| kind == usage.processing)
        });
        found.reverse();
        Ok(found)
    }

    fn used(
        &self,
        position: Position,
        event: &Event,
        person: IdentityId,
        employers: &mut BTreeMap<StaffId, String>,
    ) -> Result<Usage, IdentityError> {
        let detail = |name: &str| event.detail.get(name).cloned();
        let staff = staff_of(&event.actor);
        let organisation = match staff {
            None => self.settings().organisation.clone(),
            Some(id) => match employers.get(&id) {
                Some(known) => known.clone(),
                None => employers.entry(id).or_insert(self.employer(id)?).clone(),
            },
        };
        let receiver = detail("receiver");
        let receiver = receiver.map(|id| self.receiver(&id)).transpose()?;
        Ok(Usage {
            position,
            event: event.id.to_string(),
            at: event.at,
            processing: if receiver.is_some() { Processing::Response } else { Processing::Internal },
            said: said::of(event, person),
            legal_basis: detail("legal-basis"),
            case: detail("case").or_else(|| detail("work")),
            bulk: said::bulk(event),
            staff,
            organisation,
            receiver,
        })
    }

    /// Whom a member of staff works for.
    fn employer(&self, id: StaffId) -> Result<String, IdentityError> {
        let agency = self.staff_record(id)?.and_then(|(record, _)| record.role.organisation());
        match agency {
            Some(agency) => self.name_of_organisation(agency),
            None => Ok(self.settings().organisation.clone()),
        }
    }

    /// The name of who received something; what is no organisation's identifier is shown as the event has it.
    fn receiver(&self, told: &str) -> Result<String, IdentityError> {
        let id = told.parse();
        id.map_or_else(|_| Ok(told.to_owned()), |id| self.name_of_organisation(id))
    }

    fn name_of_organisation(&self, id: IdentityId) -> Result<String, IdentityError> {
        let record = match self.identity_record(id) {
            Ok((record, _)) => record,
            Err(IdentityError::Unknown(_)) => return Ok(id.to_string()),
            Err(error) => return Err(error),
        };
        Ok(match self.with_details(record)?.details {
            Some(Details::Organisation { legal_name, .. }) => legal_name,
            _ => id.to_string(),
        })
    }
}
