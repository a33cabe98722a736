//! Disclosing attributes. What the purpose does not admit is refused as a whole: nobody is told less than they think they were.

use std::collections::BTreeMap;

use ca_core::ledger::{Event, EventId};
use ca_core::storage::{Change, Expect, StorageError};
use serde_json::Value;

use super::{
    Attribute, BY_IDENTIFIER, DISCLOSED, NAMED_BY, Named, Party, PartyError, Purpose, REFUSED,
    RELYING_PARTIES, attribute,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{Identity, IdentityError, demand_kind};
use crate::look::CaseReference;
use crate::permission::{Permit, ReceiveAttributes, Scope};
use crate::registry::Registry;

/// What an agency asks for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Of whom.
    pub person: &'a Named,
    /// For which of its purposes.
    pub purpose: &'a str,
    /// The names of what it needs, at least one.
    pub attributes: &'a [String],
}

/// What was disclosed.
#[derive(Clone)]
pub struct Disclosed {
    /// The ledger's event of it.
    pub event: EventId,
    /// The party that was told.
    pub party: IdentityId,
    /// For which of its purposes.
    pub purpose: Purpose,
    /// Each attribute that was asked for; null where nothing is known.
    pub attributes: BTreeMap<Attribute, Value>,
}

impl std::fmt::Debug for Disclosed {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disclosed").field("event", &self.event).finish_non_exhaustive()
    }
}

impl Registry {
    /// Discloses attributes of one person to the agency that the caller works for. It is in the ledger before the answer leaves.
    ///
    /// # Errors
    /// The agency is no relying party, has no such purpose, or the purpose does not admit what is asked for, which is recorded;
    /// there is no such person, or it was erased; no case was named; a field does not fit; or the registry failed.
    pub fn disclose(
        &self,
        permit: &Permit<ReceiveAttributes>,
        asked: &Asked<'_>,
    ) -> Result<Disclosed, PartyError> {
        let case = permit.case().ok_or(IdentityError::NoCase)?;
        let wanted = attribute::read(asked.attributes)?;
        until_settled(|| {
            let (party, purpose, stands) = self.party_for(permit, asked.purpose)?;
            let person = self.person_called(asked.person, &party.sector)?;
            demand_kind(person, IdentityKind::Person)?;
            let identity = self.with_details(self.identity_record(person)?.0)?;
            let asks = Asks { party: &party, purpose: &purpose, person, named: asked.person, case };
            let refused = purpose.refuses(&wanted);
            if !refused.is_empty() {
                let event = asks.told(self.event(&permit.actor(), REFUSED, asks.about())?, &refused);
                let event = event.because("not admitted").refused();
                self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
                let (purpose, admitted) = (purpose.name.clone(), purpose.attributes.clone());
                return Err(PartyError::NotAdmitted { purpose, refused, admitted });
            }
            let (attributes, found) = self.attributes_of(&identity, &wanted, &party)?;
            let event = asks.told(self.event(&permit.actor(), DISCLOSED, asks.about())?, &wanted);
            let outcome = self.commit(stands.and(found).explained_by(&event));
            let (event, party) = (event.id, party.organisation);
            Ok(Attempt::of(outcome, || Disclosed { event, party, purpose, attributes }))
        })
    }

    /// What is known of a person, and what makes the pseudonym lead back where it is told.
    fn attributes_of(
        &self,
        person: &Identity,
        wanted: &[Attribute],
        party: &Party,
    ) -> Result<(BTreeMap<Attribute, Value>, Change), PartyError> {
        let details = person.known()?;
        let mut found = Change::new();
        let mut attributes = BTreeMap::new();
        for attribute in wanted {
            let value = if *attribute == Attribute::Pseudonym {
                let pseudonym = self.pseudonym_of(person.id(), &party.sector)?;
                found = found.and(self.pseudonym_found(person.id(), &pseudonym)?);
                pseudonym.to_string().into()
            } else {
                self.attribute_of(person, details, *attribute)?
            };
            attributes.insert(*attribute, value);
        }
        Ok((attributes, found))
    }

    /// The party that the caller works for, the purpose that is meant, and what demands that both still stand.
    fn party_for(
        &self,
        permit: &Permit<ReceiveAttributes>,
        purpose: &str,
    ) -> Result<(Party, Purpose, Change), PartyError> {
        let own = match permit.scope() {
            Scope::Organisation(own) => own,
            // No role has the permission for the whole country: attributes go to agencies.
            Scope::Country => return Err(StorageError("a permit names no agency".to_owned()).into()),
        };
        let (party, version) = self.party_record(own)?.ok_or(PartyError::Unknown(own))?;
        party.demand_current()?;
        let found = party.purposes.iter().find(|one| one.name == purpose).cloned();
        let found = found.ok_or_else(|| PartyError::UnknownPurpose {
            party: own,
            asked: purpose.chars().take(64).collect(),
            known: party.purposes.iter().map(|one| one.name.clone()).collect(),
        })?;
        let stands = Change::new().check(RELYING_PARTIES, own.to_string(), Expect::Version(version));
        Ok((party, found, stands))
    }
}

/// Who asks, for what, and about whom: what the ledger holds besides the names of attributes.
struct Asks<'a> {
    party: &'a Party,
    purpose: &'a Purpose,
    person: IdentityId,
    named: &'a Named,
    case: &'a CaseReference,
}

impl Asks<'_> {
    fn about(&self) -> String {
        format!("identity:{}", self.person)
    }

    fn told(&self, event: Event, attributes: &[Attribute]) -> Event {
        let named = match self.named {
            Named::Identifier(_) => BY_IDENTIFIER,
            Named::Pseudonym(_) => "pseudonym",
        };
        event
            .with(NAMED_BY, named)
            .with("receiver", self.party.organisation.to_string())
            .with("purpose", self.purpose.name.clone())
            .with("legal-basis", self.purpose.legal_basis.clone())
            .with("attributes", attribute::named(attributes))
            .with("case", self.case.as_str())
    }
}

impl Purpose {
    /// What it does not admit of this.
    fn refuses(&self, wanted: &[Attribute]) -> Vec<Attribute> {
        wanted.iter().copied().filter(|one| !self.attributes.contains(one)).collect()
    }
}
