//! Campaigns: every certificate of a broken algorithm, a bad model or batch of tokens, or another thing in common is found,
//! its holder told, and replaced by a date; what is left then is put on hold or revoked.
//!
//! One administrator starts a campaign: from then on its members are gathered, page by page, and stay what they are. Another
//! one approves it: from then on what it selects is refused to whoever asks for a certificate, and at each stage's date
//! what is left is dealt with, by the service itself or by `npki campaign run`. Every page and batch is one change, so that
//! nothing is done twice, wherever it was cut off.

use ca_core::certificate::CertificatePlace;
use ca_core::ledger::{Action, Actor};
use ca_core::profile::UnknownProfile;
use ca_core::serial::SerialNumber;
use ca_core::storage::{StorageError, Table};
use ca_core::vault::VaultError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::certificates::CertificateError;
use crate::fault::{Fault, by_fault};
use crate::id::StaffId;
use crate::identity::{FieldError, IdentityError};

mod addressee;
mod at_work;
mod decide;
mod examined;
mod gather;
mod judge;
mod member;
mod name;
mod notify;
mod plan;
mod read;
mod run;
pub mod selection;
mod tally;
pub mod terms;

pub use addressee::{Addressee, Sponsor};
pub use at_work::{CAMPAIGNS_AT_WORK, Refused};
pub(crate) use at_work::{FreeError, Wish};
pub use gather::NewCampaign;
pub use member::{
    CAMPAIGN_MEMBERS, CAMPAIGN_WORK, Member, MemberPlace, MemberState, UnknownMemberPlace, UnknownMemberState,
};
pub use name::{CampaignName, InvalidCampaignName};
pub use notify::{MOST_NOTIFIED, Marked};
pub use plan::{Aside, BlastRadius, Counts, Detail, PlanPage, Selected};
pub use read::{ListedMember, MemberFilter};
pub use run::Advanced;
pub use tally::Tally;

use selection::{Selection, SelectionError};
use terms::{Terms, TermsError};

/// Campaigns by name → [`Campaign`].
pub const CAMPAIGNS: Table = Table::records("campaigns");

/// A campaign was started: its members are being gathered.
pub const STARTED: Action = Action::named("campaign.started");
/// Members were gathered.
pub const GATHERED: Action = Action::named("campaign.gathered");
/// A second administrator approved a campaign: it acts from now on.
pub const APPROVED: Action = Action::named("campaign.approved");
/// The one who started a campaign tried to approve it.
pub const APPROVAL_REFUSED: Action = Action::named("campaign.approval-refused");
/// A campaign does nothing for the time being.
pub const PAUSED: Action = Action::named("campaign.paused");
/// A campaign goes on.
pub const RESUMED: Action = Action::named("campaign.resumed");
/// A campaign ended, or was withdrawn before it was approved.
pub const FINISHED: Action = Action::named("campaign.finished");
/// Holders were notified.
pub const NOTIFIED: Action = Action::named("campaign.notified");
/// A certificate was exempted.
pub const EXEMPTED: Action = Action::named("campaign.exempted");
/// Members changed their state: what was replaced or ended was noted, and what was due was done.
pub const ADVANCED: Action = Action::named("campaign.advanced");

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name.
    pub name: CampaignName,
    /// Which certificates it is about.
    pub selection: Selection,
    /// What it does, and when.
    pub terms: Terms,
    /// Why there is one, in words. They stay for good and name nobody.
    pub why: String,
    /// The administrator who started it.
    pub started_by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// How far it is.
    pub phase: Phase,
    /// The other administrator's approval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approval: Option<Approval>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<End>,
    /// The look through all certificates that goes on, if one does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub look: Option<Look>,
    /// How its members stand, stage by stage.
    pub tallies: Vec<Tally>,
}

/// How far a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Its members are being gathered.
    Gathering,
    /// It waits for a second administrator.
    Waiting,
    /// It was approved and acts.
    Running,
    /// It was approved, and does nothing for the time being; what it selects is still refused.
    Paused,
    /// It has ended.
    Finished,
}

impl Phase {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A look through all certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The last certificate that was looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<CertificatePlace>,
    /// Only those that were issued since then: the look for what was issued before the approval and after the first look.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub issued_since: Option<OffsetDateTime>,
}

/// The second administrator's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The administrator.
    pub by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// How a campaign ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Who ended it.
    pub by: Actor,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Why.
    pub why: String,
}

impl Campaign {
    /// How its members stand, all stages together.
    pub fn tally(&self) -> Tally {
        self.tallies.iter().fold(Tally::default(), |all, stage| all.and(stage))
    }

    /// How many members something is left to do about.
    pub fn left(&self) -> u64 {
        let open = |(state, count): (MemberState, u64)| state.is_open(&self.terms).then_some(count);
        self.tally().iter().filter_map(open).sum()
    }

    /// The tally of the stage that a bucket belongs to.
    fn tally_of(&mut self, bucket: u16) -> Result<&mut Tally, StorageError> {
        let stage = member::stage_of(bucket, self.terms.stages);
        let damaged = || StorageError("a campaign has fewer tallies than stages".to_owned());
        self.tallies.get_mut(usize::from(stage.saturating_sub(1))).ok_or_else(damaged)
    }

    fn must_be(&self, fits: impl Fn(Phase) -> bool, wanted: &'static str) -> Result<(), CampaignError> {
        if fits(self.phase) {
            return Ok(());
        }
        Err(CampaignError::Phase { name: self.name.clone(), phase: self.phase, wanted })
    }
}

/// Something about a campaign was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// There is no such campaign.
    #[error("no campaign is called {0}")]
    Unknown(CampaignName),
    /// There is one of this name already.
    #[error("there is a campaign called {0} already")]
    Exists(CampaignName),
    /// It is not in a phase in which this can be done.
    #[error("campaign {name} is {phase}; {wanted}")]
    Phase {
        /// The campaign.
        name: CampaignName,
        /// How far it is.
        phase: Phase,
        /// When it could be done.
        wanted: &'static str,
    },
    /// Nobody approves a campaign of one's own.
    #[error("you started campaign {0}; another administrator must approve it")]
    Own(CampaignName),
    /// It has no members.
    #[error("campaign {0} has no members: its selection selects nothing")]
    Empty(CampaignName),
    /// Its first date is past.
    #[error("the first date of campaign {name}, {}, is past", ca_core::clock::in_words(*due))]
    Late {
        /// The campaign.
        name: CampaignName,
        /// Its first date.
        due: OffsetDateTime,
    },
    /// The certificate is not a member.
    #[error("certificate {serial} is no member of campaign {name}")]
    NoMember {
        /// The campaign.
        name: CampaignName,
        /// The certificate.
        serial: SerialNumber,
    },
    /// The member has ended.
    #[error("certificate {serial} is {}: nothing is left to do about it", state.name())]
    Ended {
        /// The certificate.
        serial: SerialNumber,
        /// How it stands.
        state: MemberState,
    },
    /// No serial numbers, or more than one call takes.
    #[error("{0} serial numbers were sent; one call takes 1 to {MOST_NOTIFIED}")]
    Count(usize),
    /// Too many campaigns at once.
    #[error("{0} campaigns are at work, and no more can be")]
    TooMany(usize),
    /// The terms cannot be kept.
    #[error("{0}")]
    Terms(#[from] TermsError),
    /// The selection does not say what it means.
    #[error("the selection does not say what it means: {0}")]
    Selection(#[from] SelectionError),
    /// The selection names a CA that there is not.
    #[error("no CA is called {0}")]
    UnknownCa(String),
    /// The selection names a profile that there is not.
    #[error(transparent)]
    UnknownProfile(#[from] UnknownProfile),
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// An identity that is named is not there.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A certificate that is named is not there, or was not revoked.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(CampaignError: StorageError, VaultError);
