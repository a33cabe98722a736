//! Staff: administrators, officers, auditors and agency operators, and the certificates they sign in with.

use ca_core::csr::CsrError;
use ca_core::issuance::{IssueError, IssuedCertificate};
use ca_core::ledger::{Action, Actor};
use ca_core::profile_book::NotInForce;
use ca_core::serial::SerialNumber;
use ca_core::storage::{StorageError, Table, Version, Versioned};
use ca_core::vault::{Envelope, VaultError, purpose_of};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::campaign::{FreeError, Refused};
use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, OfficeId, StaffId};
use crate::identity::{FieldError, IdentityError};
use crate::page::{Page, PageSize};
use crate::permission::{ManageStaff, Permit};
use crate::principal::Role;
use crate::record;
use crate::registry::{Registry, reference};
use crate::timed;

mod disable;
mod enrol;
mod place;
mod quota;
mod sign_in;

pub use place::{PLACED, Placing};
pub use quota::{Counted, Hours, OfficerRules, QUOTA_REACHED, Quota, QuotaReached, STAFF_DAYS};
pub use sign_in::SignInError;

/// Staff by identifier, sealed under the member's key.
pub const STAFF: Table = Table::octets("staff");
/// Which member of staff a certificate belongs to: SHA-256 of its DER, hex.
pub const STAFF_CERTIFICATES: Table = Table::records("staff_certificates");
/// The active administrators, under one key, so that the last one cannot be lost and the first is made once.
pub const ADMINISTRATORS: Table = Table::records("administrators");

/// A member of staff was enrolled.
pub const ENROLLED: Action = Action::named("staff.enrolled");
/// A member of staff was disabled.
pub const DISABLED: Action = Action::named("staff.disabled");

pub use ca_core::hierarchy::STAFF_PROFILE;

/// What is kept of a member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffRecord {
    /// The identifier.
    pub id: StaffId,
    /// The name shown to colleagues.
    pub name: String,
    /// What the member is there for.
    pub role: Role,
    /// The member's own entry among the registry's persons, where it is known: nobody decides on that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub person: Option<IdentityId>,
    /// The office that the member works for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub office: Option<OfficeId>,
    /// Persons whose cases the member keeps out of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub relatives: Vec<IdentityId>,
    /// How much of each the member may do in a day, where it differs from the settings.
    #[serde(skip_serializing_if = "is_default", default)]
    pub quota: Quota,
    /// Whether the member may act at any hour.
    #[serde(skip_serializing_if = "is_default", default)]
    pub any_hour: bool,
    /// The certificate that the member signs in with.
    pub serial: SerialNumber,
    /// When enrolled, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub enrolled_at: OffsetDateTime,
    /// Who enrolled the member.
    pub enrolled_by: Actor,
    /// Set when disabled.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub disabled: Option<Disabled>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How a member of staff was disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it.
    pub by: StaffId,
    /// Why.
    pub reason: String,
}

/// A member of staff to be enrolled.
#[derive(Debug, Clone)]
pub struct NewStaff<'a> {
    /// The name shown to colleagues; it becomes the certificate's common name.
    pub name: &'a str,
    /// What the member is there for.
    pub role: Role,
    /// The member's own entry among the registry's persons.
    pub person: Option<IdentityId>,
    /// The member's certification request, PEM or DER.
    pub csr: &'a [u8],
}

/// A member of staff who was just enrolled, with the certificate to sign in with.
#[derive(Debug, Clone)]
pub struct EnrolledStaff {
    /// The record.
    pub record: StaffRecord,
    /// The certificate.
    pub certificate: IssuedCertificate,
}

impl Registry {
    /// Staff in the order of their identifiers, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn staff(
        &self,
        _permit: &Permit<ManageStaff>,
        after: Option<StaffId>,
        size: PageSize,
    ) -> Result<Page<StaffRecord, StaffId>, Fault> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(STAFF, &range, size.entries() + 1)?;
        let more = found.len() > size.entries();
        let items: Vec<StaffRecord> = found
            .iter()
            .take(size.entries())
            .map(|(key, entry)| self.opened(staff_named(key)?, entry))
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?;
        let next = if more { items.last().map(|record| record.id) } else { None };
        Ok(Page { items, next })
    }

    /// A member's own entry among the registry's persons, where it is known.
    pub(crate) fn own_entry(&self, id: StaffId) -> Result<Option<IdentityId>, Fault> {
        Ok(self.staff_record(id)?.and_then(|(record, _)| record.person))
    }

    /// A member of staff; `None` when nobody is, or the member's key was destroyed.
    pub(crate) fn staff_record(&self, id: StaffId) -> Result<Option<(StaffRecord, Version)>, Fault> {
        let Some(entry) = self.store().get(STAFF, id.to_string().as_bytes())? else { return Ok(None) };
        Ok(self.opened(id, &entry)?.map(|record| (record, entry.version)))
    }

    /// `None` for a member whose key was destroyed.
    fn opened(&self, id: StaffId, entry: &Versioned) -> Result<Option<StaffRecord>, Fault> {
        Ok(self.vault().open_record(&reference(id), &purpose_of(STAFF, id), &entry.value)?)
    }

    fn administrators(&self) -> Result<Option<(Vec<StaffId>, Version)>, StorageError> {
        record::find(self.store(), ADMINISTRATORS, ROSTER)
    }
}

/// Seals a member's record in the member's envelope.
fn seal(envelope: &Envelope, record: &StaffRecord) -> Result<Vec<u8>, VaultError> {
    envelope.seal_record(&purpose_of(STAFF, record.id), record)
}

fn staff_named(key: &[u8]) -> Result<StaffId, StorageError> {
    let id = std::str::from_utf8(key).ok().and_then(|id| id.parse().ok());
    id.ok_or_else(|| StorageError("a key of staff is damaged".to_owned()))
}

const ROSTER: &str = "active";

/// A member of staff was not enrolled or disabled.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The name does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The certification request is not good.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// The agency operator's organisation is not fit.
    #[error(transparent)]
    Organisation(IdentityError),
    /// The certificate was not issued.
    #[error(transparent)]
    Issue(IssueError),
    /// A campaign stands against it.
    #[error(transparent)]
    Campaign(Box<Refused>),
    /// This installation has no profile for staff.
    #[error(transparent)]
    NoProfile(NotInForce),
    /// There is staff already; the first administrator is made once.
    #[error("this installation has staff already")]
    StaffExists,
    /// There is no such office.
    #[error("no office is called {0}")]
    UnknownOffice(OfficeId),
    /// The office's accreditation has run out or was ended.
    #[error("office {0} is not accredited")]
    NotAccredited(OfficeId),
    /// There is no such member of staff.
    #[error("no member of staff is called {0}")]
    Unknown(StaffId),
    /// The member is disabled already.
    #[error("{0} is disabled already")]
    AlreadyDisabled(StaffId),
    /// Without this one nobody could manage staff any more.
    #[error("{0} is the last administrator")]
    LastAdministrator(StaffId),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<FreeError> for StaffError {
    fn from(error: FreeError) -> Self {
        match error {
            FreeError::Refused(refused) => Self::Campaign(Box::new(refused)),
            FreeError::Fault(fault) => Self::Fault(fault),
        }
    }
}

by_fault!(StaffError: StorageError);

impl From<NotInForce> for StaffError {
    fn from(error: NotInForce) -> Self {
        match error {
            NotInForce::Storage(error) => error.into(),
            error => Self::NoProfile(error),
        }
    }
}
