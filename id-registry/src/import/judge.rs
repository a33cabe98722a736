//! Judging rows one after the other: what is free in the registry may have been taken by a row before.

use std::collections::{BTreeMap, BTreeSet};

use ca_core::storage::{AuditedChange, Change, Expect, Version};
use ca_core::vault::Envelope;

use super::known::{Known, NAMED, Naming, naming, written};
use super::{Checked, Mode, NamedOwner, Outcome};
use crate::duplicates::{Fresh, NotTheSame};
use crate::fault::Fault;
use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::identity::{Details, IDENTITIES, IdentityError, Number, Owner, demand_kind};
use crate::registry::Registry;

/// What else is kept of an identity in the commit that enters it, sealed in its envelope.
pub(crate) type Also<'a> = &'a dyn Fn(IdentityId, &Envelope) -> Result<AuditedChange, Fault>;

/// The rows judged so far, and what enters them.
pub(crate) struct Judge<'a> {
    registry: &'a Registry,
    by: StaffId,
    mode: Mode,
    known: Known,
    /// Numbers that rows before have, by their place in the index.
    taken: BTreeMap<Vec<u8>, IdentityId>,
    /// Identities that rows before are.
    new: BTreeSet<IdentityId>,
    /// Owners and sponsors, who must still stand so when the change is committed.
    owners: BTreeMap<IdentityId, Version>,
    change: AuditedChange,
    /// Persons that rows before are.
    fresh: Fresh,
    /// Persons of the registry to whom rows were found alike.
    told: BTreeSet<IdentityId>,
}

impl<'a> Judge<'a> {
    pub(crate) fn begin(
        registry: &'a Registry,
        by: StaffId,
        rows: &[&Checked],
        mode: Mode,
    ) -> Result<Self, Fault> {
        let known = Known::of(registry, rows)?;
        let (taken, new, owners) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let (change, fresh, told) = (AuditedChange::nothing(), Fresh::default(), BTreeSet::new());
        Ok(Self { registry, by, mode, known, taken, new, owners, change, fresh, told })
    }

    /// Judges the next row.
    ///
    /// # Errors
    /// The registry failed; what is wrong with the row is an outcome.
    pub(crate) fn row(&mut self, row: &Checked, said: &NotTheSame) -> Result<Outcome, Fault> {
        self.row_with(row, said, &|_, _| Ok(AuditedChange::nothing()))
    }

    /// Judges the next row; what else is to be kept of the identity enters with it.
    ///
    /// # Errors
    /// As [`Self::row`], or `also` failed.
    pub(crate) fn row_with(
        &mut self,
        row: &Checked,
        said: &NotTheSame,
        also: Also<'_>,
    ) -> Result<Outcome, Fault> {
        let judged = match row {
            Ok((details, owner)) => self.enter(details, owner.as_ref(), said, also),
            Err(field) => Err(field.clone().into()),
        };
        match judged {
            Ok(id) if self.mode == Mode::Enter => Ok(Outcome::Registered(id)),
            Ok(_) => Ok(Outcome::Fits),
            Err(IdentityError::Fault(fault)) => Err(fault),
            Err(IdentityError::Resembles(candidates)) => {
                let known =
                    candidates.iter().map(|candidate| candidate.id).filter(|id| !self.new.contains(id));
                self.told.extend(known);
                Ok(Outcome::Refused(IdentityError::Resembles(candidates)))
            }
            Err(refused) => Ok(Outcome::Refused(refused)),
        }
    }

    /// Persons of whom the answer tells that rows are like them: each a look at the record.
    pub(crate) const fn told(&self) -> &BTreeSet<IdentityId> {
        &self.told
    }

    /// What enters all rows that fit, with an event for each.
    pub(crate) fn finish(self) -> AuditedChange {
        self.change
    }

    fn enter(
        &mut self,
        details: &Details,
        owner: Option<&NamedOwner>,
        said: &NotTheSame,
        also: Also<'_>,
    ) -> Result<IdentityId, IdentityError> {
        let (owner, standing) = match owner {
            Some(owner) => self.owner(owner).map(|(owner, standing)| (Some(owner), standing))?,
            None => (None, Vec::new()),
        };
        let mut places = Vec::new();
        for number in Number::all_of(details, owner) {
            let place = self.registry.number_key(&number)?;
            let existing = self.known.bearer(&place).or_else(|| self.taken.get(&place).copied());
            match existing {
                Some(existing) => return Err(IdentityError::Taken { field: number.field, existing }),
                None => places.push(place),
            }
        }
        let shown = self.registry.demand_distinct(details, said, Some(&self.fresh))?;
        let identity = self.registry.draft(self.by, owner, details.clone())?;
        let id = identity.id();
        if self.mode == Mode::Enter {
            let (change, event, envelope) = self.registry.registration(self.by, &identity)?;
            let change = self.still_standing(standing).and(change).explained_by(&said.noted(event, &shown));
            self.change = std::mem::take(&mut self.change).and(change).and(also(id, &envelope)?);
        }
        self.taken.extend(places.into_iter().map(|place| (place, id)));
        self.new.insert(id);
        self.fresh.enter(self.registry, id, details)?;
        Ok(id)
    }

    /// Demands that owners stand as they were read, each once in the whole change.
    fn still_standing(&mut self, standing: Vec<(IdentityId, Version)>) -> Change {
        let mut change = Change::new();
        for (id, version) in standing {
            if self.owners.insert(id, version).is_none() {
                change = change.check(IDENTITIES, id.to_string(), Expect::Version(version));
            }
        }
        change
    }

    /// Who owns the row's identity, and the versions at which those stand who are not new themselves.
    fn owner(&self, owner: &NamedOwner) -> Result<(Owner, Vec<(IdentityId, Version)>), IdentityError> {
        let mut standing = Vec::new();
        let mut find = |which: usize| {
            let (field, kind) = NAMED.get(which).copied().unwrap_or(("sponsor", IdentityKind::Person));
            let id = match naming(self.registry, field, kind, written(owner, which))? {
                Naming::Identifier(id) => id,
                Naming::Number(place) => {
                    let bearer = self.known.bearer(&place).or_else(|| self.taken.get(&place).copied());
                    bearer.ok_or(IdentityError::NoSuchNumber { field })?
                }
            };
            standing.extend(self.active(id, kind)?.map(|version| (id, version)));
            Ok::<_, IdentityError>(id)
        };
        let owner = Owner { organisation: find(0)?, sponsor: find(1)? };
        Ok((owner, standing))
    }

    /// The version of an active identity; none of one that is entered in the same commit.
    fn active(&self, id: IdentityId, wanted: IdentityKind) -> Result<Option<Version>, IdentityError> {
        demand_kind(id, wanted)?;
        if self.new.contains(&id) {
            return Ok(None);
        }
        let (record, version) = self.known.record(id).ok_or(IdentityError::Unknown(id))?;
        record.demand_active()?;
        Ok(Some(*version))
    }
}
