//! Identities: persons, organisations, devices, applications and agents, and what is known of them.

use ca_core::ledger::Action;
use ca_core::serial::SerialNumber;
use ca_core::storage::{StorageError, Table};
use ca_core::vault::VaultError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::duplicates::{Candidate, told};
use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::life::guardianship::Guardianship;
use crate::life::token::LostToken;
use crate::life::{Cause, Standing};
use crate::permission::Scope;
use crate::staff::QuotaReached;

mod birth;
mod erase;
mod facts;
mod field;
mod further;
mod read;
mod register;
mod script;

pub use birth::BirthDate;
pub(crate) use facts::organisation_facts;
pub use field::FieldError;
pub(crate) use field::{day, line, name_of_staff, reason_line};
pub use further::Further;
pub(crate) use register::{Number, bearer, checked};

/// Identities by identifier, without anything personal.
pub const IDENTITIES: Table = Table::records("identities");
/// What is known of each identity, apart from its record, sealed under the identity's key.
pub const IDENTITY_DETAILS: Table = Table::octets("identity_details");
/// Which identity has a number or tag: its HMAC under the installation's secret → identifier. See
/// [`index_key`](crate::index_key).
pub const IDENTITY_NUMBERS: Table = Table::octets("identity_numbers");
/// Index: `organisation/identity` for the organisation itself and what it owns, empty values.
pub const IDENTITIES_BY_ORGANISATION: Table = Table::octets("identities_by_organisation");

/// Index: `person/identity` for the devices, applications and agents that a person answers for, empty values.
pub const IDENTITIES_BY_SPONSOR: Table = Table::octets("identities_by_sponsor");

/// An identity was entered.
pub const REGISTERED: Action = Action::named("identity.registered");

/// An identity was closed.
pub const CLOSED: Action = Action::named("identity.closed");
/// An identity was erased, and its number given free.
pub const ERASED: Action = Action::named("identity.erased");

/// An identity and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its record.
    pub record: IdentityRecord,
    /// What is known of it; `None` when it was erased.
    pub details: Option<Details>,
}

impl Identity {
    /// Its identifier.
    pub const fn id(&self) -> IdentityId {
        self.record.id
    }

    /// What is known of it.
    ///
    /// # Errors
    /// It was erased.
    pub fn known(&self) -> Result<&Details, IdentityError> {
        self.details.as_ref().ok_or(IdentityError::Erased(self.record.id))
    }
}

/// What is kept of an identity besides its details. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityRecord {
    /// Its identifier.
    pub id: IdentityId,
    /// Where it stands in its life.
    pub status: IdentityStatus,
    /// Who owns it and answers for it; devices, applications and agents have one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<Owner>,
    /// Why it is not active; left out when it is, and when it was closed to be erased.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub standing: Option<Standing>,
    /// Until when a successor of its sponsor, who has gone, must be found, UTC.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub orphaned_until: Option<OffsetDateTime>,
    /// A token of it that is lost.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lost_token: Option<LostToken>,
    /// The guardianship that a person is under.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub guardianship: Option<Guardianship>,
    /// When what is known of it was changed last, UTC.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub changed_at: Option<OffsetDateTime>,
    /// Until when certificates that say what was known of it before are to be replaced, UTC.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub replace_until: Option<OffsetDateTime>,
    /// When it was entered, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub registered_at: OffsetDateTime,
    /// The officer who entered it.
    pub registered_by: StaffId,
}

impl IdentityRecord {
    /// The organisation that it is or belongs to; persons belong to none.
    pub fn organisation(&self) -> Option<IdentityId> {
        match &self.owner {
            Some(owner) => Some(owner.organisation),
            None if self.id.kind() == IdentityKind::Organisation => Some(self.id),
            None => None,
        }
    }

    /// Why it is not active.
    pub fn cause(&self) -> Option<Cause> {
        self.standing.as_ref().map(|standing| standing.cause)
    }

    /// Goes on only when certificates may be issued to the identity, and others may depend on it.
    pub(crate) fn demand_active(&self) -> Result<(), IdentityError> {
        match self.status {
            IdentityStatus::Active => Ok(()),
            IdentityStatus::Suspended => {
                let cause = self.cause().map_or("", Cause::name);
                Err(IdentityError::Suspended { id: self.id, cause })
            }
            IdentityStatus::Closed => Err(IdentityError::Closed(self.id)),
        }
    }

    /// Goes on only when the identity lies within `scope`.
    pub(crate) fn within(&self, scope: Scope) -> Result<(), IdentityError> {
        match scope {
            Scope::Country => Ok(()),
            Scope::Organisation(own) if self.organisation() == Some(own) => Ok(()),
            Scope::Organisation(own) => Err(IdentityError::OfAnother { id: self.id, own }),
        }
    }
}

/// Goes on only when an identity is of this kind.
pub(crate) fn demand_kind(id: IdentityId, wanted: IdentityKind) -> Result<(), IdentityError> {
    let found = id.kind();
    if found == wanted { Ok(()) } else { Err(IdentityError::WrongKind { id, found, wanted }) }
}

/// Where an identity stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityStatus {
    /// Certificates may be issued to it.
    Active,
    /// For a time nothing is issued to it, and its certificates are on hold.
    Suspended,
    /// It has ended: nothing is issued to it any more.
    Closed,
}

impl IdentityStatus {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

impl std::fmt::Display for IdentityStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Who owns a device or application and which person answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The organisation it belongs to.
    pub organisation: IdentityId,
    /// The person who answers for it.
    pub sponsor: IdentityId,
}

/// What is known of an identity.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Details {
    /// A natural person.
    Person {
        /// Family name.
        surname: String,
        /// Given names.
        given_name: String,
        /// Number in the form of ETSI EN 319 412-1 section 5.1.3.
        identifier: String,
        /// What else is known.
        #[serde(skip_serializing_if = "Further::is_empty", default)]
        further: Further,
    },
    /// A legal person.
    Organisation {
        /// Name as in its founding act or register.
        legal_name: String,
        /// Number in the form of ETSI EN 319 412-1 section 5.1.4.
        identifier: String,
        /// Where it sits.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        locality: Option<String>,
        /// What else is known.
        #[serde(skip_serializing_if = "Further::is_empty", default)]
        further: Further,
    },
    /// A machine.
    Device {
        /// Its owner's name for it.
        asset_tag: String,
        /// Hardware type and serial number, `OID/HEX`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        hardware_module: Option<String>,
        /// What else is known.
        #[serde(skip_serializing_if = "Further::is_empty", default)]
        further: Further,
    },
    /// A program.
    Application {
        /// Its name.
        name: String,
        /// Where it runs: production, test.
        environment: String,
        /// DNS names it may use, lower case.
        #[serde(default)]
        dns_names: Vec<String>,
        /// What else is known.
        #[serde(skip_serializing_if = "Further::is_empty", default)]
        further: Further,
    },
    /// A program that acts by itself on its owner's behalf.
    Agent {
        /// Its name.
        name: String,
        /// Its version, or the model that decides for it.
        version: String,
        /// What it is there for, and may do.
        purpose: String,
        /// DNS names it may use, lower case.
        #[serde(default)]
        dns_names: Vec<String>,
        /// What else is known.
        #[serde(skip_serializing_if = "Further::is_empty", default)]
        further: Further,
    },
}

impl std::fmt::Debug for Details {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self {
            Self::Person { .. } => "Person",
            Self::Organisation { .. } => "Organisation",
            Self::Device { .. } => "Device",
            Self::Application { .. } => "Application",
            Self::Agent { .. } => "Agent",
        };
        f.debug_struct(kind).finish_non_exhaustive()
    }
}

/// An identity as entered: nothing in it is checked yet. The fields are those of [`Details`]; `O` says how its owner is
/// named, where it has one.
#[derive(Clone)]
#[allow(missing_docs, reason = "the fields are those of Details")]
pub enum NewIdentity<O = Owner> {
    /// A natural person.
    Person { surname: String, given_name: String, identifier: String, further: Further },
    /// A legal person.
    Organisation { legal_name: String, identifier: String, locality: Option<String>, further: Further },
    /// A machine.
    Device { owner: O, asset_tag: String, hardware_module: Option<String>, further: Further },
    /// A program.
    Application { owner: O, name: String, environment: String, dns_names: Vec<String>, further: Further },
    /// A program that acts by itself on its owner's behalf.
    Agent {
        owner: O,
        name: String,
        version: String,
        purpose: String,
        dns_names: Vec<String>,
        further: Further,
    },
}

impl<O> NewIdentity<O> {
    /// The same identity, its owner named as `find` names it.
    ///
    /// # Errors
    /// `find` failed.
    pub fn owned_by<P, E>(self, find: impl FnOnce(O) -> Result<P, E>) -> Result<NewIdentity<P>, E> {
        Ok(match self {
            Self::Person { surname, given_name, identifier, further } => {
                NewIdentity::Person { surname, given_name, identifier, further }
            }
            Self::Organisation { legal_name, identifier, locality, further } => {
                NewIdentity::Organisation { legal_name, identifier, locality, further }
            }
            Self::Device { owner, asset_tag, hardware_module, further } => {
                NewIdentity::Device { owner: find(owner)?, asset_tag, hardware_module, further }
            }
            Self::Application { owner, name, environment, dns_names, further } => {
                NewIdentity::Application { owner: find(owner)?, name, environment, dns_names, further }
            }
            Self::Agent { owner, name, version, purpose, dns_names, further } => {
                NewIdentity::Agent { owner: find(owner)?, name, version, purpose, dns_names, further }
            }
        })
    }
}

impl<O> std::fmt::Debug for NewIdentity<O> {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewIdentity").finish_non_exhaustive()
    }
}

/// Something about an identity was refused or failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IdentityError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Another identity has this number or tag.
    #[error("{field}: identity {existing} has it already")]
    Taken {
        /// The field, by its name in JSON.
        field: &'static str,
        /// Who has it.
        existing: IdentityId,
    },
    /// The person may be registered already; the officer has not said that it is somebody else.
    #[error("the person may be registered already, as {}", told(.0))]
    Resembles(Vec<Candidate>),
    /// An owner or sponsor is named by a number that nobody has.
    #[error("{field}: no identity has this number")]
    NoSuchNumber {
        /// The field, by its name in JSON.
        field: &'static str,
    },
    /// There is no such identity.
    #[error("no identity is called {0}")]
    Unknown(IdentityId),
    /// It is an identity of another kind than is needed here.
    #[error("{id} names {found}, and {wanted} is needed here")]
    WrongKind {
        /// The identity.
        id: IdentityId,
        /// What it is.
        found: IdentityKind,
        /// What is needed.
        wanted: IdentityKind,
    },
    /// The identity is suspended.
    #[error("identity {id} is suspended ({cause})")]
    Suspended {
        /// The identity.
        id: IdentityId,
        /// Why, in a word.
        cause: &'static str,
    },
    /// The identity has ended.
    #[error("identity {0} is closed")]
    Closed(IdentityId),
    /// The identity was erased: nothing is known of it any more.
    #[error("identity {0} was erased")]
    Erased(IdentityId),
    /// The identity has a certificate that counts, so it cannot be erased.
    #[error("identity {id} has certificate {serial}, which is neither revoked nor expired; revoke it first")]
    HasCertificate {
        /// The identity.
        id: IdentityId,
        /// One of its certificates.
        serial: SerialNumber,
    },
    /// The identity owns, or answers for, another that is active, so it cannot be erased.
    #[error("identity {id} owns or answers for {dependant}, which is active")]
    AnswersFor {
        /// The identity.
        id: IdentityId,
        /// One of those that depend on it.
        dependant: IdentityId,
    },
    /// Whoever looks at a person did not say for which case.
    #[error("a person is looked up for a case, and none was named")]
    NoCase,
    /// An officer has done as much today as one may.
    #[error(transparent)]
    Quota(#[from] QuotaReached),
    /// It is somebody's whose cases the officer keeps out of.
    #[error("identity {0} is a relative's of yours: a colleague decides on it")]
    Related(IdentityId),
    /// It is the entry of whoever wants to decide on it.
    #[error("identity {0} is your own: a colleague decides on it")]
    Own(IdentityId),
    /// The identity belongs to somebody else.
    #[error("identity {id} does not belong to organisation {own}")]
    OfAnother {
        /// The identity.
        id: IdentityId,
        /// The organisation that the caller works for.
        own: IdentityId,
    },
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl IdentityError {
    /// Whether somebody wanted to decide on what is their own or a relative's.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self, Self::Own(_) | Self::Related(_))
    }
}

by_fault!(IdentityError: StorageError, VaultError);
