//! Looks at persons: each belongs to a case, and is in the ledger before the answer leaves. The person sees it there
//! ([`usage`](crate::usage)).
//!
//! A register of persons is sold by the query where nobody has to say why they look. So whoever looks a person up says for
//! which case. Who works on something that a person handed in, or holds a certificate in hands, looks because of that: it is
//! noted as the look's work, and no case is asked for.

use std::collections::BTreeSet;
use std::str::FromStr;

use ca_core::ledger::Action;
use ca_core::storage::{AuditedChange, Change, CommitError};

use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::IdentityError;
use crate::permission::{Permission, Permit};
use crate::registry::Registry;
use crate::staff::Counted;

/// A person's record was looked at.
pub const VIEWED: Action = Action::named("identity.viewed");

/// What a look at persons is for: the number of a file, a ticket or an order, as the office that looks keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReference(String);

impl CaseReference {
    /// The reference as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaseReference {
    type Err = InvalidCase;

    /// Takes 3 to 64 letters, digits and `- _ . : / #`, a letter or digit first. It stays in the ledger for good.
    fn from_str(text: &str) -> Result<Self, InvalidCase> {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.:/#".contains(&octet);
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        let sound = begins && (3..=64).contains(&text.len()) && text.bytes().all(fits);
        if sound { Ok(Self(text.to_owned())) } else { Err(InvalidCase) }
    }
}

/// Not a case reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a case reference has 3 to 64 letters, digits and - _ . : / #, and begins with a letter or digit")]
pub struct InvalidCase;

/// Work on something that names persons, because of which they are looked at, in the ledger's words: `request:R-…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work(String);

impl Work {
    /// Work on one thing.
    pub(crate) fn on(kind: &str, id: impl std::fmt::Display) -> Self {
        Self(format!("{kind}:{id}"))
    }

    /// Work of a kind, on nothing that has a name yet.
    pub(crate) fn of_kind(kind: &str) -> Self {
        Self(kind.to_owned())
    }
}

impl Registry {
    /// Enters into the ledger that these persons' records were looked up; other kinds are not recorded.
    ///
    /// # Errors
    /// There is a person among them, and whoever looks did not say for which case, or has looked up as many today as one may.
    pub(crate) fn look_up<P: Permission>(
        &self,
        permit: &Permit<P>,
        seen: impl IntoIterator<Item = IdentityId>,
    ) -> Result<(), IdentityError> {
        let persons = persons(seen);
        if persons.is_empty() {
            return Ok(());
        }
        if permit.case().is_none() {
            return Err(IdentityError::NoCase);
        }
        until_settled(|| {
            let counted = self.counted(permit, Counted::Looks, persons.len())??;
            Ok(Attempt::of(self.enter_looks(permit, &persons, None, counted)?, || ()))
        })
    }

    /// Enters into the ledger that these persons' records were seen in the course of work.
    pub(crate) fn record_looks<P: Permission>(
        &self,
        permit: &Permit<P>,
        seen: impl IntoIterator<Item = IdentityId>,
        work: &Work,
    ) -> Result<(), Fault> {
        let persons = persons(seen);
        if persons.is_empty() {
            return Ok(());
        }
        Ok(self.enter_looks(permit, &persons, Some(work), Change::new())??)
    }

    fn enter_looks<P: Permission>(
        &self,
        permit: &Permit<P>,
        persons: &BTreeSet<IdentityId>,
        work: Option<&Work>,
        mut counted: Change,
    ) -> Result<Result<(), CommitError>, Fault> {
        let mut change = AuditedChange::nothing();
        for person in persons {
            let mut event = self.event(&permit.actor(), VIEWED, format!("identity:{person}"))?;
            if let Some(case) = permit.case() {
                event = event.with("case", case.as_str());
            }
            if let Some(Work(work)) = work {
                event = event.with("work", work.as_str());
            }
            change = change.and(std::mem::take(&mut counted).explained_by(&event));
        }
        Ok(self.commit(change).map(|_| ()))
    }
}

fn persons(seen: impl IntoIterator<Item = IdentityId>) -> BTreeSet<IdentityId> {
    seen.into_iter().filter(|id| id.kind() == IdentityKind::Person).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_case_reference_is_short_and_plain() {
        for fits in ["K-2026/114", "123", "court:77#2", &"a".repeat(64)] {
            assert_eq!(fits.parse::<CaseReference>().unwrap().as_str(), fits);
        }
        for unfit in ["", "ab", "-12", "Thabo Mokoena", "t@gov.ls", "naïve", "a\nb", &"a".repeat(65)] {
            assert_eq!(unfit.parse::<CaseReference>(), Err(InvalidCase), "{unfit}");
        }
    }
}
