//! Guardianship: somebody else decides for a person, wholly or in part, for as long as the law or a court says so.
//!
//! One officer proposes a guardianship on the grounds that were shown, another confirms it. The confirmation is one commit:
//! who the guardian is, and what becomes of the ward's certificates. While it lasts, nothing is issued to the ward beyond what
//! it leaves. It ends on its day by itself, or by an officer who took part in neither. When the guardian is gone, the ward
//! loses nothing by it: the guardianship is vacant, and is listed until a court has found another.
//!
//! Who is whose guardian is in the records and in the sealed history. The ledger, which cannot forget, names the ward alone.

use ca_core::ledger::{Action, EventId};
use ca_core::profile::Profile;
use ca_core::serial::SerialNumber;
use ca_core::storage::{Change, Expect, Operation, Table};
use ca_core::vault::SealedText;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::{IDENTITY_DUE, LifeError};
use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::identity::IdentityStatus;
use crate::words::words;

mod confirm;
mod end;
mod gone;
mod propose;
mod read;

pub use propose::GuardianshipAsked;
pub use read::{OpenGuardianship, Ward};

pub(super) use end::MARK;

/// Guardianships that wait for another officer, by ward: each has one at most. The note is sealed under the ward.
pub const GUARDIANSHIP_PROPOSALS: Table = Table::records("guardianship_proposals");
/// Index: `of/guardian/ward`, and `vacant/ward` where the guardian is gone; empty values.
pub const GUARDIANSHIPS: Table = Table::octets("guardianships");

/// An officer proposed a guardianship.
pub const GUARDIANSHIP_PROPOSED: Action = Action::named("guardianship.proposed");
/// It was taken back or rejected.
pub const GUARDIANSHIP_DROPPED: Action = Action::named("guardianship.dropped");
/// Another officer confirmed it: from now on it counts.
pub const GUARDIANSHIP_BEGUN: Action = Action::named("guardianship.begun");
/// It has ended.
pub const GUARDIANSHIP_ENDED: Action = Action::named("guardianship.ended");
/// The guardian has died, was dissolved or cannot be one any more.
pub const GUARDIAN_GONE: Action = Action::named("guardianship.vacant");
/// The guardian has come back.
pub const GUARDIAN_BACK: Action = Action::named("guardianship.resumed");

words! {
    /// On what a guardianship rests.
    GuardianshipGround {
        /// The person is not of full age.
        Minority = "minority",
        /// A court has appointed the guardian.
        CourtOrder = "court-order",
        /// The person has chosen somebody, for now or in advance.
        OwnChoice = "own-choice",
    }
}

words! {
    /// What the guardian decides, and the ward's own certificates so do not. Of what is less than `everything` the Convention on
    /// the Rights of Persons with Disabilities, article 12 (4), is the reason: a measure goes no further than it must.
    GuardianshipReach {
        /// Nothing: the guardian stands by, and the ward decides.
        Assistance = "assistance",
        /// What binds in law: certificates for signatures are on hold. The ward still proves who they are.
        Signatures = "signatures",
        /// Everything: all certificates are on hold.
        Everything = "everything",
    }
}

/// A guardianship over a person, in the person's record. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardianship {
    /// Its name: the ledger's event that proposed it.
    pub id: EventId,
    /// A person, or an organisation that is guardian by office.
    pub guardian: IdentityId,
    /// On what it rests.
    pub ground: GuardianshipGround,
    /// What the guardian decides.
    pub reach: GuardianshipReach,
    /// The first day on which it does not count any more; without one it lasts until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Since when it counts, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Who proposed it and who confirmed it: neither ends it.
    pub by: [StaffId; 2],
    /// Since when there has been no guardian, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub vacant_since: Option<OffsetDateTime>,
    /// The certificates that are on hold for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<SerialNumber>,
}

/// A guardianship that waits for another officer. Nothing personal but what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedGuardianship {
    /// Its name: the ledger's event that proposed it.
    pub id: EventId,
    /// Over whom.
    pub ward: IdentityId,
    /// A person, or an organisation that is guardian by office.
    pub guardian: IdentityId,
    /// On what it rests.
    pub ground: GuardianshipGround,
    /// What the guardian decides.
    pub reach: GuardianshipReach,
    /// The first day on which it does not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// When it was proposed, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The officer who did.
    pub by: StaffId,
    note: SealedText,
}

/// Why a guardianship is not proposed, confirmed or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardianshipRefused {
    /// Nobody is their own guardian.
    #[error("{0} cannot be its own guardian")]
    OwnGuardian(IdentityId),
    /// A guardian is a person or an organisation.
    #[error("{id} is {kind}: a guardian is a person or an organisation")]
    NoGuardian {
        /// Who was named.
        id: IdentityId,
        /// What it is.
        kind: IdentityKind,
    },
    /// The guardian is suspended or has ended.
    #[error("{id} is {status} and cannot be a guardian")]
    GuardianUnfit {
        /// Who was named.
        id: IdentityId,
        /// Where it stands.
        status: IdentityStatus,
    },
    /// The guardian has a guardian.
    #[error("{0} is under guardianship and cannot be a guardian")]
    GuardianIsWard(IdentityId),
    /// The guardian is a child.
    #[error("{0} is not of full age and cannot be a guardian")]
    GuardianIsMinor(IdentityId),
    /// Whoever is of full age is no minor.
    #[error("{0} is of full age: minority is no ground")]
    FullAge(IdentityId),
    /// Nobody knows when a minority ends.
    #[error("nobody knows when {0} comes of age: no birth date is known")]
    AgeUnknown(IdentityId),
    /// The day on which it ends is no day to come, or lies after the day of full age.
    #[error("a guardianship ends on a day to come{}", .0.map(|day| format!(", on {day} at the latest: then the ward is of full age")).unwrap_or_default())]
    Until(Option<Date>),
    /// One waits already.
    #[error("a guardianship over {ward} waits already: {guardianship}")]
    WaitsAlready {
        /// The ward.
        ward: IdentityId,
        /// What waits.
        guardianship: EventId,
    },
    /// No such guardianship waits.
    #[error("over {ward} no guardianship waits{}", if .named.is_empty() { String::new() } else { format!(" that is called {}", .named) })]
    Unknown {
        /// The ward.
        ward: IdentityId,
        /// What was named.
        named: String,
    },
    /// The person has no guardian.
    #[error("{0} is not under guardianship")]
    None(IdentityId),
    /// Whoever proposed it does not confirm it.
    #[error("you proposed this guardianship over {0}: another officer confirms it")]
    Own(IdentityId),
    /// Whoever took part in it does not end it.
    #[error("you took part in placing {0} under guardianship: another officer ends it")]
    TookPart(IdentityId),
    /// The officer would be the guardian.
    #[error("the guardian over {0} would be you, or a relative of yours: a colleague decides on it")]
    Interested(IdentityId),
}

impl GuardianshipRefused {
    /// Whether somebody tried what takes a colleague.
    pub(super) const fn takes_a_colleague(&self) -> bool {
        matches!(self, Self::Own(_) | Self::TookPart(_) | Self::Interested(_))
    }
}

impl From<GuardianshipRefused> for LifeError {
    fn from(refused: GuardianshipRefused) -> Self {
        Self::Guardianship(refused)
    }
}

impl GuardianshipReach {
    /// Whether the guardian decides what a certificate of such a profile is for, and the ward so does not.
    pub(crate) fn takes(self, profile: &Profile) -> bool {
        match self {
            Self::Assistance => false,
            Self::Signatures => profile.commits(),
            Self::Everything => true,
        }
    }
}

impl Guardianship {
    /// Where it stands: in the lists, and with its day among what is due.
    fn entries(&self, ward: IdentityId) -> Vec<(Table, String)> {
        let mut entries = vec![(GUARDIANSHIPS, format!("of/{}/{ward}", self.guardian))];
        if self.vacant_since.is_some() {
            entries.push((GUARDIANSHIPS, format!("vacant/{ward}")));
        }
        entries.extend(self.until.map(|until| (IDENTITY_DUE, end::due(until, ward))));
        entries
    }
}

/// Moves the entries of the guardianship that there was over somebody to those of the one that there is. What stands in both
/// stays: a change writes no key twice.
fn relisted(ward: IdentityId, was: Option<&Guardianship>, is: Option<&Guardianship>) -> Change {
    let entries = |guardianship: Option<&Guardianship>| {
        guardianship.map(|guardianship| guardianship.entries(ward)).unwrap_or_default()
    };
    let (before, after) = (entries(was), entries(is));
    let gone = before.iter().filter(|entry| !after.contains(entry)).cloned();
    let change = gone.fold(Change::new(), |change, (table, key)| {
        change.write(table, key, Expect::Anything, Operation::Delete)
    });
    let new = after.iter().filter(|entry| !before.contains(entry)).cloned();
    new.fold(change, |change, (table, key)| change.put(table, key, []))
}
