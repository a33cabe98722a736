//! Entering identities.

use std::collections::BTreeMap;

use ca_core::ledger::Event;
use ca_core::storage::{Change, Expect, Operation, StorageError, Version, Versioned};
use ca_core::vault::{Envelope, purpose_of};
use time::Date;

use super::field::{self, FieldError};
use super::{
    Details, Further, IDENTITIES, IDENTITIES_BY_ORGANISATION, IDENTITIES_BY_SPONSOR, IDENTITY_DETAILS,
    IDENTITY_NUMBERS, Identity, IdentityError, IdentityRecord, IdentityStatus, NewIdentity, Owner,
    REGISTERED, demand_kind, script,
};
use crate::duplicates::NotTheSame;
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::look::Work;
use crate::permission::{Permit, RegisterIdentities, actor_of};
use crate::record::encode;
use crate::registry::{Registry, reference};

impl Registry {
    /// Enters an identity.
    ///
    /// # Errors
    /// A field does not fit, the number or tag is taken, owner or sponsor is not there, or the store failed.
    pub fn register_identity(
        &self,
        permit: &Permit<RegisterIdentities>,
        entered: NewIdentity,
    ) -> Result<Identity, IdentityError> {
        self.register_distinct(permit, entered, &NotTheSame::default())
    }

    /// Enters an identity; of a person the officer may have said whom it is not the same as.
    ///
    /// # Errors
    /// As [`Self::register_identity`]; or the person may be one that is registered, and the officer has not said otherwise.
    pub fn register_distinct(
        &self,
        permit: &Permit<RegisterIdentities>,
        entered: NewIdentity,
        said: &NotTheSame,
    ) -> Result<Identity, IdentityError> {
        let (details, owner) = checked(entered, self.now().date())?;
        let _turn = details.further().born().map(|_| self.take_turn_at_persons());
        until_settled(|| {
            let owners = self.owners(owner)?;
            for number in Number::all_of(&details, owner) {
                self.demand_free(&number)?;
            }
            let shown =
                self.demand_distinct(&details, said, None).map_err(|error| self.seen(permit, error))?;
            let identity = self.draft(permit.staff(), owner, details.clone())?;
            let (change, event, _) = self.registration(permit.staff(), &identity)?;
            let outcome = self.commit(owners.and(change).explained_by(&said.noted(event, &shown)));
            Ok(Attempt::of(outcome, || identity))
        })
    }

    /// Whoever is told that a person is like somebody learns of that one: a look at the record.
    fn seen(&self, permit: &Permit<RegisterIdentities>, error: IdentityError) -> IdentityError {
        let IdentityError::Resembles(candidates) = &error else { return error };
        let seen = candidates.iter().map(|candidate| candidate.id);
        let work = Work::of_kind("registration");
        self.record_looks(permit, seen, &work).map_or_else(Into::into, |()| error)
    }

    /// A new identity, entered by a member of staff whose permit the caller has seen.
    pub(crate) fn draft(
        &self,
        by: StaffId,
        owner: Option<Owner>,
        details: Details,
    ) -> Result<Identity, IdentityError> {
        let id = IdentityId::draw(details.kind(), self.entropy()).map_err(Fault::from)?;
        let record = IdentityRecord {
            id,
            status: IdentityStatus::Active,
            owner,
            standing: None,
            orphaned_until: None,
            lost_token: None,
            guardianship: None,
            changed_at: None,
            replace_until: None,
            registered_at: self.now(),
            registered_by: by,
        };
        Ok(Identity { record, details: Some(details) })
    }

    /// What enters an identity that was just drafted, the event that explains it, and the identity's envelope, in which more
    /// may be sealed in the same commit.
    pub(crate) fn registration(
        &self,
        by: StaffId,
        identity: &Identity,
    ) -> Result<(Change, Event, Envelope), IdentityError> {
        let key = identity.id().to_string();
        let mut event = self
            .event(&actor_of(by), REGISTERED, format!("identity:{key}"))?
            .with("kind", identity.id().kind().name());
        let details = identity.known()?;
        let purpose = purpose_of(IDENTITY_DETAILS, &key);
        let (envelope, change) = self.vault().for_first_writing(&reference(identity.id()))?;
        let sealed = envelope.seal_record(&purpose, details)?;
        let mut change = change.insert(IDENTITIES, key.clone(), encode(&identity.record)?).insert(
            IDENTITY_DETAILS,
            key.clone(),
            sealed,
        );
        if let Some(organisation) = identity.record.organisation() {
            change = change.insert(IDENTITIES_BY_ORGANISATION, format!("{organisation}/{key}"), []);
        }
        if let Some(owner) = identity.record.owner {
            change = change.insert(IDENTITIES_BY_SPONSOR, format!("{}/{key}", owner.sponsor), []);
            event = event
                .with("organisation", owner.organisation.to_string())
                .with("sponsor", owner.sponsor.to_string());
        }
        for number in Number::all_of(details, identity.record.owner) {
            change = change.insert(IDENTITY_NUMBERS, self.number_key(&number)?, key.clone());
        }
        Ok((change.and(self.blocks_moved(identity.id(), None, Some(details))?), event, envelope))
    }

    /// Owner and sponsor must be there and active, and still be so when the change is committed.
    fn owners(&self, owner: Option<Owner>) -> Result<Change, IdentityError> {
        let Some(owner) = owner else { return Ok(Change::new()) };
        let organisation = self.active(owner.organisation, IdentityKind::Organisation)?;
        let sponsor = self.active(owner.sponsor, IdentityKind::Person)?;
        Ok(Change::new()
            .check(IDENTITIES, owner.organisation.to_string(), Expect::Version(organisation))
            .check(IDENTITIES, owner.sponsor.to_string(), Expect::Version(sponsor)))
    }

    /// The version of the record of an identity of this kind that is active.
    pub(crate) fn active(&self, id: IdentityId, wanted: IdentityKind) -> Result<Version, IdentityError> {
        demand_kind(id, wanted)?;
        let (record, version) = self.identity_record(id)?;
        record.demand_active()?;
        Ok(version)
    }

    fn demand_free(&self, number: &Number) -> Result<(), IdentityError> {
        match self.store().get(IDENTITY_NUMBERS, &self.number_key(number)?)? {
            None => Ok(()),
            Some(found) => Err(IdentityError::Taken { field: number.field, existing: bearer(&found)? }),
        }
    }
}

impl Registry {
    /// What brings the numbers of an identity from those it had to those it has now.
    ///
    /// # Errors
    /// Another identity has one of them, or the store failed.
    pub(crate) fn renumbered(
        &self,
        id: IdentityId,
        owner: Option<Owner>,
        [before, after]: [&Details; 2],
    ) -> Result<Change, IdentityError> {
        let mut had = BTreeMap::new();
        for number in Number::all_of(before, owner) {
            had.insert(self.number_key(&number)?, number);
        }
        let mut change = Change::new();
        for number in Number::all_of(after, owner) {
            let key = self.number_key(&number)?;
            if had.remove(&key).is_none() {
                self.demand_free(&number)?;
                change = change.insert(IDENTITY_NUMBERS, key, id.to_string());
            }
        }
        for key in had.into_keys() {
            change = change.write(IDENTITY_NUMBERS, key, Expect::Anything, Operation::Delete);
        }
        Ok(change)
    }
}

/// Whose number an entry of the index is.
pub(crate) fn bearer(found: &Versioned) -> Result<IdentityId, StorageError> {
    let id = std::str::from_utf8(&found.value).ok().and_then(|id| id.parse().ok());
    id.ok_or_else(|| StorageError("an entry of identity_numbers is damaged".to_owned()))
}

/// What nobody else may have. The index keeps its digest under the installation's secret only.
pub(crate) struct Number {
    /// The field it stands in, by its name in JSON.
    pub(crate) field: &'static str,
    text: String,
}

impl Number {
    /// The number by which another identity names this organisation or person.
    ///
    /// # Errors
    /// It does not have the form of one.
    pub(crate) fn naming(field: &'static str, kind: IdentityKind, value: &str) -> Result<Self, FieldError> {
        let (kind, value) = match kind {
            IdentityKind::Person => ("person", field::person_identifier(value)),
            _ => ("organisation", field::organisation_identifier(value)),
        };
        let value = value.map_err(|error| FieldError { field, ..error })?;
        Ok(Self { field, text: format!("{kind}/{value}").to_ascii_uppercase() })
    }

    pub(crate) fn all_of(details: &Details, owner: Option<Owner>) -> Vec<Self> {
        let own = match details {
            Details::Person { identifier, .. } => Some(("identifier", format!("person/{identifier}"))),
            Details::Organisation { identifier, .. } => {
                Some(("identifier", format!("organisation/{identifier}")))
            }
            // Unique within its owner's inventory.
            Details::Device { asset_tag, .. } => {
                owner.map(|owner| ("asset_tag", format!("device/{}/{asset_tag}", owner.organisation)))
            }
            Details::Application { .. } | Details::Agent { .. } => None,
        };
        // Whoever writes PNOLS-a1 means PNOLS-A1.
        let number = |(field, text): (_, String)| Self { field, text: text.to_ascii_uppercase() };
        own.into_iter().chain(details.further().numbers()).map(number).collect()
    }
}

impl Registry {
    /// Where a number stands in the index.
    pub(crate) fn number_key(&self, number: &Number) -> Result<Vec<u8>, Fault> {
        self.blinded(&["identity number", &number.text])
    }
}

impl Details {
    /// The same as somebody would enter it: to be read anew by the rules that hold for what is entered.
    pub(crate) fn entered_anew<O>(self, owner: O) -> NewIdentity<O> {
        match self {
            Self::Person { surname, given_name, identifier, further } => {
                NewIdentity::Person { surname, given_name, identifier, further }
            }
            Self::Organisation { legal_name, identifier, locality, further } => {
                NewIdentity::Organisation { legal_name, identifier, locality, further }
            }
            Self::Device { asset_tag, hardware_module, further } => {
                NewIdentity::Device { owner, asset_tag, hardware_module, further }
            }
            Self::Application { name, environment, dns_names, further } => {
                NewIdentity::Application { owner, name, environment, dns_names, further }
            }
            Self::Agent { name, version, purpose, dns_names, further } => {
                NewIdentity::Agent { owner, name, version, purpose, dns_names, further }
            }
        }
    }

    /// What else is known.
    pub const fn further(&self) -> &Further {
        match self {
            Self::Person { further, .. }
            | Self::Organisation { further, .. }
            | Self::Device { further, .. }
            | Self::Application { further, .. }
            | Self::Agent { further, .. } => further,
        }
    }

    /// What kind of identity this describes.
    pub const fn kind(&self) -> IdentityKind {
        match self {
            Self::Person { .. } => IdentityKind::Person,
            Self::Organisation { .. } => IdentityKind::Organisation,
            Self::Device { .. } => IdentityKind::Device,
            Self::Application { .. } => IdentityKind::Application,
            Self::Agent { .. } => IdentityKind::Agent,
        }
    }
}

/// Reads what was entered today into its proper form: of every identity, one at a time or a list at once.
pub(crate) fn checked<O>(entered: NewIdentity<O>, today: Date) -> Result<(Details, Option<O>), FieldError> {
    Ok(match entered {
        NewIdentity::Person { surname, given_name, identifier, further } => {
            let surname = script::name("surname", &surname)?;
            let given_name = script::name("given_name", &given_name)?;
            let identifier = field::person_identifier(&identifier)?;
            let further = further.checked(IdentityKind::Person, today)?;
            (Details::Person { surname, given_name, identifier, further }, None)
        }
        NewIdentity::Organisation { legal_name, identifier, locality, further } => {
            let legal_name = field::line("legal_name", &legal_name, field::NAME)?;
            let identifier = field::organisation_identifier(&identifier)?;
            let locality =
                locality.map(|name| field::line("locality", &name, field::LOCALITY)).transpose()?;
            let further = further.checked(IdentityKind::Organisation, today)?;
            (Details::Organisation { legal_name, identifier, locality, further }, None)
        }
        NewIdentity::Device { owner, asset_tag, hardware_module, further } => {
            let asset_tag = field::asset_tag(&asset_tag)?;
            let hardware_module =
                hardware_module.map(|module| field::hardware_module(&module)).transpose()?;
            let further = further.checked(IdentityKind::Device, today)?;
            (Details::Device { asset_tag, hardware_module, further }, Some(owner))
        }
        NewIdentity::Application { owner, name, environment, dns_names, further } => {
            // Together they are the common name: "Payroll (production)".
            let name = field::line("name", &name, 40)?;
            let environment = field::line("environment", &environment, 20)?;
            let dns_names = dns_names_checked(&dns_names)?;
            let further = further.checked(IdentityKind::Application, today)?;
            (Details::Application { name, environment, dns_names, further }, Some(owner))
        }
        NewIdentity::Agent { owner, name, version, purpose, dns_names, further } => {
            // Together they are the common name: "Customs pre-clearance (2.1)".
            let name = field::line("name", &name, 40)?;
            let version = field::line("version", &version, 20)?;
            let purpose = field::line("purpose", &purpose, field::PURPOSE)?;
            let dns_names = dns_names_checked(&dns_names)?;
            let further = further.checked(IdentityKind::Agent, today)?;
            (Details::Agent { name, version, purpose, dns_names, further }, Some(owner))
        }
    })
}

fn dns_names_checked(entered: &[String]) -> Result<Vec<String>, FieldError> {
    if entered.len() > field::DNS_NAMES {
        return Err(FieldError {
            field: "dns_names",
            why: format!("there are {}, at most {} are kept", entered.len(), field::DNS_NAMES),
            fits: "the names that the application itself answers to",
        });
    }
    let mut names = Vec::new();
    for name in entered {
        let name = field::dns_name(name)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
