//! What one may do, as types. A [`Permit`] comes from [`Principal::permit`](crate::principal::Principal::permit)
//! alone, and every act of the registry takes one: code that was not authorised does not compile.

use std::marker::PhantomData;

use ca_core::ledger::Actor;
use ca_core::profile::Requester;

use crate::id::{IdentityId, StaffId};
use crate::look::CaseReference;
use crate::principal::Role;
use crate::staff::Quota;

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything in the registry.
    Country,
    /// One organisation with its devices, applications and agents; no persons.
    Organisation(IdentityId),
}

/// A permission: a type without values, so that it costs nothing and cannot be confused at run time.
pub trait Permission: sealed::Sealed + Send + Sync + 'static {
    /// Its name in documentation and refusals.
    const NAME: &'static str;

    /// How far it reaches for a role; `None` when the role does not have it.
    fn reach(role: &Role) -> Option<Scope>;
}

mod sealed {
    /// Permissions are declared here only.
    pub trait Sealed {}
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($role:pat => $scope:expr),*;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}

            impl sealed::Sealed for $name {}

            impl Permission for $name {
                const NAME: &'static str = $text;

                fn reach(role: &Role) -> Option<Scope> {
                    match role {
                        $($role => Some($scope),)*
                        #[allow(unreachable_patterns, reason = "some permissions belong to every role")]
                        _ => None,
                    }
                }
            }
        )+

        /// Every permission's name and reach, for documentation and the matrix that tests compare.
        #[allow(clippy::type_complexity, reason = "read once, beside its declaration")]
        pub const ALL: &[(&str, fn(&Role) -> Option<Scope>)] = &[$(($text, <$name as Permission>::reach)),+];
    };
}

permissions! {
    /// See who one is and which profiles there are.
    SignedIn = "signed-in":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Read identities, requests and certificates.
    ReadRegistry = "read-registry":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// See what was done with what is known of a person, as that person may.
    ReadUsage = "read-usage":
        Role::Officer | Role::Auditor => Scope::Country;
    /// Enter identities into the registry.
    RegisterIdentities = "register-identities":
        Role::Officer => Scope::Country;
    /// Enter whole lists of identities into the registry.
    ImportIdentities = "import-identities":
        Role::Officer => Scope::Country;
    /// Bring in packets of what officers enrolled without a network. What is in them counts as their signer's.
    ImportPackets = "import-packets":
        Role::Officer => Scope::Country;
    /// Suspend and resume identities, enter, confirm and undo deaths, hand over what somebody answers for.
    ChangeIdentities = "change-identities":
        Role::Officer => Scope::Country;
    /// Close identities, and open them again.
    CloseIdentities = "close-identities":
        Role::Administrator => Scope::Country;
    /// Ask for certificates.
    RequestCertificates = "request-certificates":
        Role::Officer => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Approve or reject requests for certificates.
    ApproveRequests = "approve-requests":
        Role::Officer => Scope::Country;
    /// Revoke certificates, put them on hold and release them.
    RevokeCertificates = "revoke-certificates":
        Role::Administrator => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Give persons notice that certificates are to be revoked, write down what they reply, decide and rule on appeals.
    WithdrawCertificates = "withdraw-certificates":
        Role::Officer => Scope::Country;
    /// Look afterwards at what others revoked at once.
    ReviewRevocations = "review-revocations":
        Role::Administrator | Role::Officer => Scope::Country;
    /// Enter from lists where keys live that certificates are for.
    StateKeyOrigins = "state-key-origins":
        Role::Administrator | Role::Officer => Scope::Country;
    /// See what a campaign would reach, and how campaigns stand.
    ReadCampaigns = "read-campaigns":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country;
    /// Start, approve and run campaigns.
    RunCampaigns = "run-campaigns":
        Role::Administrator => Scope::Country;
    /// Block keys that are in others' hands, and revoke what holds them.
    BlockKeys = "block-keys":
        Role::Administrator => Scope::Country;
    /// Enrol and disable staff.
    ManageStaff = "manage-staff":
        Role::Administrator => Scope::Country;
    /// Make backups of the whole installation, for the recipients that its settings name.
    MakeBackups = "make-backups":
        Role::Administrator => Scope::Country;
    /// Export identities as a list, without what is known of persons.
    ExportIdentities = "export-identities":
        Role::Administrator => Scope::Country;
    /// Export what is known of persons.
    ExportPersons = "export-persons":
        Role::Administrator => Scope::Country;
    /// Erase identities for good.
    EraseIdentities = "erase-identities":
        Role::Administrator => Scope::Country;
    /// See and rotate the master key of personal data.
    RotateMasterKey = "rotate-master-key":
        Role::Administrator => Scope::Country;
    /// Bring over what CAs made whose keys are offline.
    ManageCas = "manage-cas":
        Role::Administrator => Scope::Country;
    /// Read the editions of profiles, and what is proposed of them.
    ReadProfiles = "read-profiles":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Propose changes of profiles, and decide on those that others propose.
    ChangeProfiles = "change-profiles":
        Role::Administrator => Scope::Country;
    /// See which relying parties there are, for which purposes, and what of them waits.
    ReadParties = "read-parties":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Register, change and end relying parties.
    ManageParties = "manage-parties":
        Role::Administrator => Scope::Country;
    /// Receive attributes of persons for the purposes of one's organisation.
    ReceiveAttributes = "receive-attributes":
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Tell of births, deaths and changes: no member of staff does, sources do.
    Notify = "notify": ;
    /// See what sources told, and which sources there are.
    ReadNotifications = "read-notifications":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country;
    /// Settle what sources told and waits.
    SettleNotifications = "settle-notifications":
        Role::Officer => Scope::Country;
    /// Let applications notify, and end that.
    ManageSources = "manage-sources":
        Role::Administrator => Scope::Country;
    /// See webhooks, and what was sent.
    ReadWebhooks = "read-webhooks":
        Role::Administrator | Role::Auditor => Scope::Country,
        Role::AgencyOperator { organisation } => Scope::Organisation(*organisation);
    /// Add, pause, test and end webhooks, and change their secrets.
    ManageWebhooks = "manage-webhooks":
        Role::Administrator => Scope::Country;
    /// Read statistics, which tell nothing of the few.
    ReadStatistics = "read-statistics":
        Role::Administrator | Role::Officer | Role::Auditor => Scope::Country;
    /// See what is erased when, by which law, and what is due.
    ReadRetention = "read-retention":
        Role::Administrator | Role::Auditor => Scope::Country;
    /// Read the ledger.
    ReadLedger = "read-ledger":
        Role::Administrator | Role::Auditor => Scope::Country;
}

/// Proof that a member of staff may do `P`, and how far.
#[derive(Debug, Clone)]
pub struct Permit<P: Permission> {
    staff: StaffId,
    scope: Scope,
    case: Option<CaseReference>,
    quota: Quota,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Permit<P> {
    /// Only a principal gives permits out.
    pub(crate) const fn granted(staff: StaffId, scope: Scope, quota: Quota) -> Self {
        Self { staff, scope, case: None, quota, permission: PhantomData }
    }

    /// Who may.
    pub const fn staff(&self) -> StaffId {
        self.staff
    }

    /// The same permit, used for a case.
    #[must_use]
    pub fn in_case(self, case: Option<CaseReference>) -> Self {
        Self { case, ..self }
    }

    /// The case that it is used for.
    pub const fn case(&self) -> Option<&CaseReference> {
        self.case.as_ref()
    }

    /// How much of each its holder may do in a day.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// How far it reaches.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The role in which certificates are asked for: who is confined to an organisation asks for the agency.
    pub(crate) const fn requester(&self) -> Requester {
        match self.scope {
            Scope::Country => Requester::Officer,
            Scope::Organisation(_) => Requester::AgencyOperator,
        }
    }

    /// The one who acts, for the ledger.
    pub fn actor(&self) -> Actor {
        actor_of(self.staff)
    }
}

/// A member of staff, for the ledger.
pub(crate) fn actor_of(staff: StaffId) -> Actor {
    Actor(format!("staff:{staff}"))
}

/// The member of staff whom the ledger names as an actor; `None` for the installation itself.
pub(crate) fn staff_of(actor: &Actor) -> Option<StaffId> {
    actor.0.strip_prefix("staff:").and_then(|id| id.parse().ok())
}

/// A role does not have a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{role} does not have the permission {permission}")]
pub struct NotPermitted {
    /// What was wanted.
    pub permission: &'static str,
    /// The role that does not have it.
    pub role: &'static str,
}
