//! Whom to write to about a certificate. npki keeps mailboxes at most: names and numbers lead to addresses in the population
//! register, the register of companies, or the agency's own lists. Each look at a person is in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use ca_core::storage::Version;

use super::CampaignError;
use crate::id::IdentityId;
use crate::identity::{Details, IdentityRecord};
use crate::look::Work;
use crate::permission::{Permission, Permit};
use crate::registry::Registry;

/// Whom a notification is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The holder's name.
    pub name: String,
    /// A person's or organisation's number, a device's asset tag.
    pub identifier: Option<String>,
    /// The holder's mailboxes.
    pub email_addresses: Vec<String>,
    /// The person who answers for a device or application.
    pub sponsor: Option<Sponsor>,
}

/// The person who answers for a device or application.
#[derive(Clone, PartialEq, Eq)]
pub struct Sponsor {
    /// The person.
    pub id: IdentityId,
    /// The person's name; `None` when the person was erased.
    pub name: Option<String>,
    /// The person's number.
    pub identifier: Option<String>,
    /// The person's mailboxes.
    pub email_addresses: Vec<String>,
}

impl std::fmt::Debug for Addressee {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Addressee").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Sponsor {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sponsor").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Registry {
    /// Whom to write to about what these identities hold, in their order; `None` for one that was erased or is not there.
    pub(super) fn addressees<P: Permission>(
        &self,
        permit: &Permit<P>,
        ids: &[IdentityId],
    ) -> Result<Vec<Option<Addressee>>, CampaignError> {
        let records = self.identity_records(ids.iter().copied().collect())?;
        let sponsors: BTreeSet<IdentityId> =
            records.values().filter_map(|(record, _)| Some(record.owner?.sponsor)).collect();
        let mut known = self.details_of(records.values())?;
        let sponsor_records = self.identity_records(sponsors)?;
        for (id, details) in self.details_of(sponsor_records.values())? {
            known.entry(id).or_insert(details);
        }
        // In the ledger before the answer leaves.
        self.record_looks(permit, known.keys().copied(), &Work::of_kind("campaign"))?;
        let addressee = |id: &IdentityId| {
            let details = known.get(id)?;
            let owner = records.get(id).and_then(|(record, _)| record.owner);
            let (name, identifier) = named(details);
            let email_addresses = details.further().email_addresses.clone();
            let sponsor = owner.map(|owner| sponsor(owner.sponsor, known.get(&owner.sponsor)));
            Some(Addressee { name, identifier, email_addresses, sponsor })
        };
        Ok(ids.iter().map(addressee).collect())
    }

    fn details_of<'a>(
        &self,
        records: impl Iterator<Item = &'a (IdentityRecord, Version)>,
    ) -> Result<BTreeMap<IdentityId, Details>, CampaignError> {
        let mut known = BTreeMap::new();
        for (record, _) in records {
            let identity = self.with_details(record.clone())?;
            known.extend(identity.details.map(|details| (record.id, details)));
        }
        Ok(known)
    }
}

fn sponsor(id: IdentityId, details: Option<&Details>) -> Sponsor {
    let (name, identifier) = details.map(named).unzip();
    let email_addresses = details.map(|details| details.further().email_addresses.clone());
    Sponsor {
        id,
        name,
        identifier: identifier.flatten(),
        email_addresses: email_addresses.unwrap_or_default(),
    }
}

/// A name, and a number where there is one.
fn named(details: &Details) -> (String, Option<String>) {
    match details {
        Details::Person { surname, given_name, identifier, .. } => {
            (format!("{given_name} {surname}"), Some(identifier.clone()))
        }
        Details::Organisation { legal_name, identifier, .. } => {
            (legal_name.clone(), Some(identifier.clone()))
        }
        Details::Device { asset_tag, .. } => (asset_tag.clone(), Some(asset_tag.clone())),
        Details::Application { name, environment, .. } => (format!("{name} ({environment})"), None),
        Details::Agent { name, version, .. } => (format!("{name} ({version})"), None),
    }
}
