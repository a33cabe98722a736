//! Requests for certificates: submitted, approved by as many officers as the profile asks for, issued or rejected.

use ca_core::alternative_name::NameError;
use ca_core::csr::CsrError;
use ca_core::issuance::IssueError;
use ca_core::jws::JwsError;
use ca_core::ledger::Action;
use ca_core::profile::{Assurance, ProfileId};
use ca_core::profile_book::NotInForce;
use ca_core::serial::SerialNumber;
use ca_core::storage::{StorageError, Table};
use ca_core::vault::{SealedText, VaultError, purpose_of};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::campaign::{CampaignName, FreeError, Refused};
use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, RequestId, StaffId};
use crate::identity::{FieldError, IdentityError};
use crate::key_origin::KeyOrigin;
use crate::life::guardianship::GuardianshipReach;
use crate::staff::SignInError;

mod approval;
mod decide;
mod emptied;
mod idempotency;
mod index;
mod issue;
mod read;
mod remarks;
mod simulate;
mod submit;
mod wishes;

pub use approval::{APPROVAL_TYPE, Act, Matter, Proof, Statement, ToApprove};
pub use idempotency::{IDEMPOTENCY_KEYS, IdempotencyKey, InvalidIdempotencyKey};
pub use index::REQUEST_INDEX;
pub use remarks::Remarks;
pub use simulate::{Effect, SIMULATED, Simulated, Simulation, SimulationError, Tally};
pub use submit::Submission;

/// Requests by identifier.
pub const REQUESTS: Table = Table::records("requests");
/// The certification request of each, DER, sealed under the identity's key.
pub const REQUEST_CSRS: Table = Table::octets("request_csrs");
/// What a certification request is sealed for.
fn csr_purpose(request: RequestId) -> String {
    purpose_of(REQUEST_CSRS, request)
}

/// Which request a certification request was used for: SHA-256 of its DER, hex → identifier.
pub const REQUESTS_BY_CSR: Table = Table::records("requests_by_csr");

/// A request was submitted.
pub const SUBMITTED: Action = Action::named("request.submitted");
/// An officer approved a request; with the last approval needed, its certificate was issued.
pub const APPROVED: Action = Action::named("request.approved");
/// An officer rejected a request.
pub const REJECTED: Action = Action::named("request.rejected");
/// Somebody tried to decide on a request who may not: its own applicant, or the same officer again.
pub const DECISION_REFUSED: Action = Action::named("request.decision-refused");

/// A request for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its identifier.
    pub id: RequestId,
    /// The profile asked for.
    pub profile: ProfileId,
    /// The edition of it that admitted the request: SHA-256 of its text, hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profile_sha256: Option<String>,
    /// The identity that the certificate is for.
    pub identity: IdentityId,
    /// The organisation that the identity is or belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organisation: Option<IdentityId>,
    /// SHA-256 of the certification request's DER, hex.
    pub csr_sha256: String,
    /// DNS names asked for besides those in the certification request, of requests from before there were others.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dns_names: Vec<String>,
    /// Where the key lives, as the applicant states it: who approves the request confirms it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_origin: Option<KeyOrigin>,
    /// Alternative names asked for besides those in the certification request, sealed under the identity's key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub names: Option<SealedText>,
    /// The campaign that it replaces a certificate for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign: Option<CampaignName>,
    /// How many officers must approve.
    pub approvals_needed: u8,
    /// The approvals so far, in their order.
    pub approvals: Vec<Approval>,
    /// Who asked.
    pub requested_by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
    /// What became of it.
    pub state: RequestState,
}

/// An officer's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The officer.
    pub by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How surely the officer saw the identity proven, where that was said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assurance: Option<Assurance>,
    /// What the officer noted, sealed under the identity's key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<SealedText>,
    /// What the officer signed, sealed under the identity's key; approvals from before they were signed have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub statement: Option<SealedText>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RequestState {
    /// It waits for approvals.
    Waiting,
    /// Its certificate was issued.
    Issued {
        /// The certificate.
        serial: SerialNumber,
    },
    /// An officer rejected it.
    Rejected(Rejection),
}

/// An officer's rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// The officer.
    pub by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Why, sealed under the identity's key; `None` when the identity was erased before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<SealedText>,
}

/// A request's state without its circumstances, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestStatus {
    /// It waits for approvals.
    Waiting,
    /// Its certificate was issued.
    Issued,
    /// It was rejected.
    Rejected,
}

impl RequestStatus {
    pub(crate) const ALL: [Self; 3] = [Self::Waiting, Self::Issued, Self::Rejected];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Issued => "issued",
            Self::Rejected => "rejected",
        }
    }
}

impl std::fmt::Display for RequestStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for RequestStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownStatus)
    }
}

/// Not a name of [`RequestStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown status of a request: choose waiting, issued or rejected")]
pub struct UnknownStatus;

impl Request {
    /// Its state without the circumstances.
    pub const fn status(&self) -> RequestStatus {
        match self.state {
            RequestState::Waiting => RequestStatus::Waiting,
            RequestState::Issued { .. } => RequestStatus::Issued,
            RequestState::Rejected(_) => RequestStatus::Rejected,
        }
    }

    /// The certificate, once issued.
    pub const fn serial(&self) -> Option<&SerialNumber> {
        match &self.state {
            RequestState::Issued { serial } => Some(serial),
            _ => None,
        }
    }

    /// The rejection, once rejected.
    pub const fn rejection(&self) -> Option<&Rejection> {
        match &self.state {
            RequestState::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }
}

/// A request was refused or could not be dealt with.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The certification request is not good.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A name that is asked for beside the certification request is none.
    #[error("names: {0}")]
    Name(#[from] NameError),
    /// Nothing is issued under a profile of this name.
    #[error(transparent)]
    Profile(NotInForce),
    /// The identity is not there, closed or somebody else's.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The profile is for identities of another kind.
    #[error("profile {profile} is {wanted}, and {identity} is of kind {found}")]
    WrongProfile {
        /// The profile.
        profile: ProfileId,
        /// Whom it is for.
        wanted: String,
        /// The identity.
        identity: IdentityId,
        /// Its kind.
        found: crate::id::IdentityKind,
    },
    /// The profile is not for whoever asks.
    #[error("profile {profile} is asked for by {admitted}, not by {asking}")]
    NotAskedBy {
        /// The profile.
        profile: ProfileId,
        /// The role of whoever asks.
        asking: &'static str,
        /// The roles that may.
        admitted: String,
    },
    /// The profile wants to know how surely the identity was proven.
    #[error(
        "profile {profile} needs an identity proven to the level {needed}, and the approval does not say to which"
    )]
    AssuranceMissing {
        /// The profile.
        profile: ProfileId,
        /// The level that it needs.
        needed: Assurance,
    },
    /// The identity was not proven surely enough.
    #[error("profile {profile} needs an identity proven to the level {needed}; {stated} is less")]
    AssuranceTooLow {
        /// The profile.
        profile: ProfileId,
        /// The level that it needs.
        needed: Assurance,
        /// The level that was stated.
        stated: Assurance,
    },
    /// The evidence that was entered for the identity carries less than the profile asks for, or than was stated.
    #[error(
        "profile {profile} needs an identity proven to the level {wanted}; the evidence carries {}: {missing}",
        carried.map_or("none", Assurance::name)
    )]
    EvidenceTooLow {
        /// The profile.
        profile: ProfileId,
        /// The level that it needs, or the higher one that was stated.
        wanted: Assurance,
        /// What the evidence carries.
        carried: Option<Assurance>,
        /// What would bring it there, and what was not counted.
        missing: String,
    },
    /// A signed approval is in no form that is read.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The certificate in a signed approval does not count.
    #[error("the approval's signer: {0}")]
    Signer(Box<SignInError>),
    /// What a signed approval states does not fit.
    #[error("the approval's statement: {0}")]
    Statement(String),
    /// What was signed is not what the request comes to now.
    #[error("{0} has changed since it was shown: {1}")]
    MatterChanged(RequestId, String),
    /// This certification request was used before.
    #[error("this certification request was used already, for request {0}")]
    CsrUsed(RequestId),
    /// The key is in a token that is lost.
    #[error("the key is in a token that is lost: certificate {0} is on hold for it")]
    TokenLost(SerialNumber),
    /// A guardian decides what the certificate would be for.
    #[error("{id} is under a guardianship that reaches {reach}: no such certificate is issued to the ward")]
    UnderGuardianship {
        /// The ward.
        id: IdentityId,
        /// What the guardian decides.
        reach: GuardianshipReach,
    },
    /// A campaign stands against it.
    #[error(transparent)]
    Campaign(Box<Refused>),
    /// It is known that the key lives elsewhere than the applicant states.
    #[error("the request states that its key is from {stated}, and it is known to be from {known}")]
    OriginContradicts {
        /// What the request states.
        stated: Box<KeyOrigin>,
        /// What is known.
        known: Box<KeyOrigin>,
    },
    /// The idempotency key was used for something else.
    #[error("this Idempotency-Key was used already, for request {0} with another content")]
    KeyReused(RequestId),
    /// There is no such request.
    #[error("no request is called {0}")]
    Unknown(RequestId),
    /// The request belongs to another organisation.
    #[error("request {id} does not belong to organisation {own}")]
    OfAnother {
        /// The request.
        id: RequestId,
        /// The organisation that the caller works for.
        own: IdentityId,
    },
    /// Nobody decides on a request of one's own.
    #[error("request {0} is your own; somebody else must decide on it")]
    Own(RequestId),
    /// Every approval comes from another officer.
    #[error("you approved request {0} already; another officer must")]
    ApprovedAlready(RequestId),
    /// The profile demands an officer of another office than who asked, and both offices known.
    #[error("request {0} takes an officer of another office than the one who asked for it")]
    SameOffice(RequestId),
    /// It was decided before.
    #[error("request {id} is {status} already")]
    Decided {
        /// The request.
        id: RequestId,
        /// What became of it.
        status: RequestStatus,
    },
    /// The profile was changed since the request was made, and does not admit it any more.
    #[error("profile {profile} was changed after request {id} was made (now edition {edition}): {refused}")]
    ProfileChanged {
        /// The request.
        id: RequestId,
        /// The profile.
        profile: ProfileId,
        /// The number of the edition that is in force now.
        edition: u32,
        /// What it refuses.
        refused: Box<Self>,
    },
    /// The authority did not issue.
    #[error(transparent)]
    Issue(IssueError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(RequestError: StorageError);

impl From<NotInForce> for RequestError {
    fn from(error: NotInForce) -> Self {
        match error {
            NotInForce::Storage(error) => error.into(),
            error => Self::Profile(error),
        }
    }
}

impl From<FreeError> for RequestError {
    fn from(error: FreeError) -> Self {
        match error {
            FreeError::Refused(refused) => Self::Campaign(Box::new(refused)),
            FreeError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<VaultError> for RequestError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Erased(_) => Self::Issue(error.into()),
            error => Self::Fault(error.into()),
        }
    }
}
