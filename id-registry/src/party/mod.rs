//! Relying parties: organisations that may be told something of persons, each for purposes that a law names, and of each
//! purpose no more than it takes. What the registry knows is not asked of the person again; what it discloses is in the
//! ledger, with the receiver, the purpose and its legal basis, and the names of what was told, never the values.
//!
//! A party is registered by two administrators, and so is every change; one alone can end it, at once.

use ca_core::ledger::{Action, EventId};
use ca_core::plain_name::is_plain;
use ca_core::storage::{StorageError, Table};
use ca_core::vault::VaultError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, StaffId};
use crate::identity::{FieldError, IdentityError, line};
use crate::words::words;

mod attribute;
mod disclose;
mod propose;
mod pseudonym;
mod read;

pub use attribute::{Attribute, UnknownAttribute};
pub use disclose::{Asked, Disclosed};
pub use propose::Wish;
pub use pseudonym::{Named, Pseudonym, SECTOR_PSEUDONYMS, Sector};

/// Relying parties, by the identifier of the organisation.
pub const RELYING_PARTIES: Table = Table::records("relying_parties");
/// What is proposed of parties and waits for another administrator, by organisation: each has one at most.
pub const RELYING_PARTY_CHANGES: Table = Table::records("relying_party_changes");

/// An administrator proposed to register or to change a party.
pub const PROPOSED: Action = Action::named("party.proposed");
/// Another administrator confirmed it: the party is registered.
pub const REGISTERED: Action = Action::named("party.registered");
/// Another administrator confirmed it: the party's purposes are others.
pub const CHANGED: Action = Action::named("party.changed");
/// What was proposed was taken back or rejected.
pub const DROPPED: Action = Action::named("party.dropped");
/// A party was ended: it is told nothing any more.
pub const ENDED: Action = Action::named("party.ended");
/// Somebody tried to confirm what they had proposed themselves.
pub const DECISION_REFUSED: Action = Action::named("party.decision-refused");
/// Attributes of a person were disclosed to a party.
pub const DISCLOSED: Action = Action::named("attributes.disclosed");
/// Attributes of a person were asked for that the purpose does not admit.
pub const REFUSED: Action = Action::named("attributes.refused");

/// In an event of what was disclosed: how the person was named.
pub(crate) const NAMED_BY: &str = "named-by";
/// By the registry's identifier, not by a pseudonym.
pub(crate) const BY_IDENTIFIER: &str = "identifier";

/// More purposes one party does not have.
pub const MOST_PURPOSES: usize = 50;
/// More ages of one purpose would tell the birth date.
pub const MOST_AGES: usize = 3;

/// What a party is told something for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its name, plain: `child-grant`.
    pub name: String,
    /// The act and section that allows it.
    pub legal_basis: String,
    /// What it admits, and nothing else.
    pub attributes: Vec<Attribute>,
}

/// A purpose as entered: nothing in it is checked yet.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are those of Purpose")]
pub struct NewPurpose {
    pub name: String,
    pub legal_basis: String,
    pub attributes: Vec<String>,
}

/// A relying party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The organisation.
    pub organisation: IdentityId,
    /// In which sector it knows persons.
    pub sector: Sector,
    /// What it is told something for.
    pub purposes: Vec<Purpose>,
    /// Since when these are so, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Who proposed it.
    pub proposed_by: StaffId,
    /// Who confirmed it.
    pub confirmed_by: StaffId,
    /// Set when it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// How a party was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it.
    pub by: StaffId,
    /// Why.
    pub reason: String,
}

words! {
    /// What is proposed of a party.
    Act {
        /// That it is registered, for the first time or again.
        Register = "register",
        /// That its purposes are others.
        Change = "change",
    }
}

/// What is proposed of a party and waits for another administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedParty {
    /// Its name: the ledger's event that proposed it.
    pub id: EventId,
    /// The organisation.
    pub organisation: IdentityId,
    /// What is to be done.
    pub act: Act,
    /// The sector.
    pub sector: Sector,
    /// All the purposes that it is to have.
    pub purposes: Vec<Purpose>,
    /// Why.
    pub reason: String,
    /// When it was proposed, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The administrator who did.
    pub by: StaffId,
}

/// Reads purposes, at least one, each name once.
fn checked(purposes: &[NewPurpose]) -> Result<Vec<Purpose>, FieldError> {
    let refuse = |why: String| FieldError {
        field: "purposes",
        why,
        fits: "1 to 50 purposes, each with a name of its own, its legal basis and the attributes that it admits",
    };
    if purposes.is_empty() || purposes.len() > MOST_PURPOSES {
        return Err(refuse(format!("there are {}", purposes.len())));
    }
    let checked = purposes.iter().map(NewPurpose::checked).collect::<Result<Vec<_>, _>>()?;
    let twice = |(at, purpose): (usize, &Purpose)| {
        checked.iter().skip(at + 1).any(|other| other.name == purpose.name).then(|| purpose.name.clone())
    };
    match checked.iter().enumerate().find_map(twice) {
        Some(name) => Err(refuse(format!("{name} stands there twice"))),
        None => Ok(checked),
    }
}

impl NewPurpose {
    fn checked(&self) -> Result<Purpose, FieldError> {
        if !is_plain(&self.name, 64) {
            return Err(FieldError {
                field: "name",
                why: "it is no name of a purpose".to_owned(),
                fits: "1 to 64 lower-case letters, digits and hyphens: child-grant",
            });
        }
        let attributes = attribute::read(&self.attributes)?;
        let ages = attributes.iter().filter(|one| matches!(one, Attribute::AgeOver(_))).count();
        if ages > MOST_AGES {
            return Err(FieldError {
                field: "attributes",
                why: format!("{ages} ages would tell the birth date"),
                fits: "at most 3 ages; where the law admits the birth date itself, birth-date",
            });
        }
        let legal_basis = line("legal_basis", &self.legal_basis, 200)?;
        Ok(Purpose { name: self.name.clone(), legal_basis, attributes })
    }
}

/// Something about a relying party was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum PartyError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The organisation or person is not there, or not fit.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The organisation is no relying party.
    #[error("organisation {0} is not registered as a relying party")]
    Unknown(IdentityId),
    /// It is one already.
    #[error("organisation {0} is registered as a relying party already")]
    Exists(IdentityId),
    /// The party was ended.
    #[error("relying party {0} was ended on {1}")]
    Ended(IdentityId, time::Date),
    /// Something is proposed of it already.
    #[error("something is proposed of {party} already: {change}")]
    WaitsAlready {
        /// The organisation.
        party: IdentityId,
        /// What waits.
        change: EventId,
    },
    /// Nothing of that name waits.
    #[error("nothing waits of {0} that is called so")]
    UnknownChange(IdentityId),
    /// Whoever proposed it does not confirm it.
    #[error("you proposed this of {0} yourself: another administrator confirms it")]
    Own(IdentityId),
    /// Everything is as it is said to be already.
    #[error("the purposes of {0} are so already: nothing would change")]
    Unchanged(IdentityId),
    /// The party has no such purpose.
    #[error("{party} is registered for {}, and not for {asked:?}", .known.join(", "))]
    UnknownPurpose {
        /// The organisation.
        party: IdentityId,
        /// What was asked for, at most 64 characters of it.
        asked: String,
        /// The purposes that it has.
        known: Vec<String>,
    },
    /// The purpose does not admit everything that was asked for.
    #[error("{purpose} does not admit {}; it admits {}", attribute::named(.refused), attribute::named(.admitted))]
    NotAdmitted {
        /// The purpose.
        purpose: String,
        /// What it does not admit.
        refused: Vec<Attribute>,
        /// What it does.
        admitted: Vec<Attribute>,
    },
    /// A pseudonym of another sector.
    #[error("this is a pseudonym of sector {found}, and yours is {own}")]
    OtherSector {
        /// Its sector.
        found: Sector,
        /// The party's sector.
        own: Sector,
    },
    /// Nobody has the pseudonym.
    #[error("nobody is known by this pseudonym in sector {0}")]
    NoSuchPseudonym(Sector),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(PartyError: StorageError, VaultError);
