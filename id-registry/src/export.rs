//! Exports of the registry, page by page. Each page is in the ledger before it leaves, with who asked, how many left, and
//! why. What is known of persons leaves under a permission of its own, and each person in it was looked at.

use ca_core::fingerprint::is_hex;
use ca_core::ledger::Action;
use ca_core::storage::{Change, StorageError};

use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{FieldError, Identity, IdentityError, IdentityRecord, reason_line};
use crate::look::Work;
use crate::page::{Page, PageSize};
use crate::permission::{ExportIdentities, ExportPersons, Permission, Permit};
use crate::registry::Registry;

/// A page of the registry was exported.
pub const EXPORTED: Action = Action::named("identities.exported");

/// What is to be exported.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which export its pages belong to, as whoever asks calls it: 32 hexadecimal digits.
    pub export: String,
    /// Only this kind.
    pub kind: Option<IdentityKind>,
    /// Begin after this identity.
    pub after: Option<IdentityId>,
    /// How many at most.
    pub size: PageSize,
    /// Why. It stays in the ledger for good.
    pub reason: String,
}

/// An identity as it leaves; what is known of a person is left out where persons do not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its record.
    pub record: IdentityRecord,
    /// What is known of it; `None` also when it was erased.
    pub known: Option<crate::identity::Details>,
}

/// Nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The reason or the export's name does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(ExportError: StorageError);

impl From<IdentityError> for ExportError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Fault(fault) => Self::Fault(fault),
            error => StorageError(error.to_string()).into(),
        }
    }
}

impl Registry {
    /// A page of identities without what is known of persons.
    ///
    /// # Errors
    /// There is no reason, or the registry failed.
    pub fn export_identities(
        &self,
        permit: &Permit<ExportIdentities>,
        wanted: &Wanted,
    ) -> Result<Page<Exported, IdentityId>, ExportError> {
        self.exported(permit, wanted, |registry, record| {
            if record.id.kind() == IdentityKind::Person {
                return Ok(Exported { record, known: None });
            }
            registry.with_details(record).map(Exported::from)
        })
    }

    /// A page of identities with all that is known, of persons as well: each is a look at the record.
    ///
    /// # Errors
    /// There is no reason, or the registry failed.
    pub fn export_persons(
        &self,
        permit: &Permit<ExportPersons>,
        wanted: &Wanted,
    ) -> Result<Page<Exported, IdentityId>, ExportError> {
        let page = self
            .exported(permit, wanted, |registry, record| registry.with_details(record).map(Exported::from))?;
        let work = Work::on("export", &wanted.export);
        self.record_looks(permit, page.items.iter().map(|identity| identity.record.id), &work)?;
        Ok(page)
    }

    fn exported<P: Permission>(
        &self,
        permit: &Permit<P>,
        wanted: &Wanted,
        known: impl Fn(&Self, IdentityRecord) -> Result<Exported, Fault>,
    ) -> Result<Page<Exported, IdentityId>, ExportError> {
        let reason = reason_line("reason", &wanted.reason)?;
        demand_name(&wanted.export)?;
        let found = self.all_records(wanted.kind, wanted.after, wanted.size.entries() + 1)?;
        let Page { items, next } = Page::cut(found, wanted.size, |record| record.id);
        let items = items.into_iter().map(|record| known(self, record)).collect::<Result<Vec<_>, _>>()?;
        let event = self
            .event(&permit.actor(), EXPORTED, format!("export:{}", wanted.export))?
            .with("count", items.len().to_string())
            .with("kind", wanted.kind.map_or("all", IdentityKind::name))
            .with("persons", if P::NAME == ExportPersons::NAME { "known" } else { "left-out" })
            .because(reason);
        self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
        Ok(Page { items, next })
    }
}

impl From<Identity> for Exported {
    fn from(identity: Identity) -> Self {
        Self { record: identity.record, known: identity.details }
    }
}

fn demand_name(export: &str) -> Result<(), FieldError> {
    if is_hex(export, 32) {
        return Ok(());
    }
    Err(FieldError {
        field: "export",
        why: "it names no export".to_owned(),
        fits: "32 hexadecimal digits, drawn once for all pages of an export",
    })
}
