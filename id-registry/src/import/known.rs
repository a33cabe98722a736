//! What the registry knows of a part of a list, read at once: who has the numbers in it, and who its owners are.

use std::collections::{BTreeMap, BTreeSet};

use ca_core::storage::{StorageError, Version};

use super::{Checked, NamedOwner};
use crate::fault::Fault;
use crate::id::{IdentityId, IdentityKind, InvalidId};
use crate::identity::{FieldError, IDENTITY_NUMBERS, IdentityError, IdentityRecord, Number, Owner, bearer};
use crate::registry::Registry;

/// How a row names an owner or sponsor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Naming {
    Identifier(IdentityId),
    /// A number, by its place in the index.
    Number(Vec<u8>),
}

/// The two whom a row names, each with its field and what it must be.
pub(super) const NAMED: [(&str, IdentityKind); 2] =
    [("organisation", IdentityKind::Organisation), ("sponsor", IdentityKind::Person)];

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    numbers: BTreeMap<Vec<u8>, IdentityId>,
    records: BTreeMap<IdentityId, (IdentityRecord, Version)>,
}

impl Known {
    /// Reads what rows need: three looks into the store, however many rows there are.
    pub(super) fn of(registry: &Registry, rows: &[&Checked]) -> Result<Self, Fault> {
        let mut known = Self::default();
        let (mut wanted, mut named) = (BTreeSet::new(), BTreeSet::new());
        let fit = || rows.iter().filter_map(|row| row.as_ref().ok());
        for owner in fit().filter_map(|(_, owner)| owner.as_ref()) {
            for (which, (field, kind)) in NAMED.into_iter().enumerate() {
                match naming(registry, field, kind, written(owner, which)) {
                    Ok(Naming::Identifier(id)) => drop(named.insert(id)),
                    Ok(Naming::Number(place)) => drop(wanted.insert(place)),
                    Err(IdentityError::Fault(fault)) => return Err(fault),
                    // It is found again, and refused, when the row is judged.
                    Err(_) => {}
                }
            }
        }
        known.read_numbers(registry, wanted)?;
        named.extend(known.numbers.values().copied());
        known.records = registry.identity_records(named)?;
        let mut wanted = BTreeSet::new();
        for (details, owner) in fit() {
            let owner = owner.as_ref().and_then(|owner| known.owner(registry, owner));
            for number in Number::all_of(details, owner) {
                wanted.insert(registry.number_key(&number)?);
            }
        }
        known.read_numbers(registry, wanted)?;
        Ok(known)
    }

    /// Who has the number with this place in the index.
    pub(super) fn bearer(&self, place: &[u8]) -> Option<IdentityId> {
        self.numbers.get(place).copied()
    }

    /// The record of an owner or sponsor.
    pub(super) fn record(&self, id: IdentityId) -> Option<&(IdentityRecord, Version)> {
        self.records.get(&id)
    }

    /// The owner as far as the registry knows it: only to find the numbers that are unique within an owner.
    fn owner(&self, registry: &Registry, owner: &NamedOwner) -> Option<Owner> {
        let find = |which: usize| {
            let (field, kind) = *NAMED.get(which)?;
            match naming(registry, field, kind, written(owner, which)).ok()? {
                Naming::Identifier(id) => Some(id),
                Naming::Number(place) => self.bearer(&place),
            }
        };
        Some(Owner { organisation: find(0)?, sponsor: find(1)? })
    }

    fn read_numbers(&mut self, registry: &Registry, wanted: BTreeSet<Vec<u8>>) -> Result<(), StorageError> {
        let places: Vec<Vec<u8>> = wanted.into_iter().collect();
        if places.is_empty() {
            return Ok(());
        }
        let found = registry.store().get_many(IDENTITY_NUMBERS, &places)?;
        for (place, entry) in places.into_iter().zip(found) {
            if let Some(entry) = entry {
                self.numbers.insert(place, bearer(&entry)?);
            }
        }
        Ok(())
    }
}

/// What stands in a row for the organisation (0) or the sponsor (1).
pub(super) fn written(owner: &NamedOwner, which: usize) -> &str {
    if which == 0 { &owner.organisation } else { &owner.sponsor }
}

/// Reads how an identity is named: `P-7QF3K2M9T4` is an identifier, all else a number.
pub(super) fn naming(
    registry: &Registry,
    field: &'static str,
    kind: IdentityKind,
    text: &str,
) -> Result<Naming, IdentityError> {
    let as_identifier = text.find('-') == Some(1);
    if !as_identifier {
        let number = Number::naming(field, kind, text)?;
        return Ok(Naming::Number(registry.number_key(&number)?));
    }
    text.parse().map(Naming::Identifier).map_err(|error| {
        let why = match error {
            InvalidId::Form { .. } => "it is no identifier",
            InvalidId::Mistyped { .. } => "it is mistyped: its last character does not fit the others",
        };
        let fits = "an identifier as in lists, P-7QF3K2M9T4, or a number: GO:LS-RSL, PNOLS-012345678901";
        FieldError { field, why: why.to_owned(), fits }.into()
    })
}
