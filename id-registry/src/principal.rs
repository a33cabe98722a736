//! Who is calling: a member of staff whose client certificate was accepted.

use serde::{Deserialize, Serialize};

use crate::id::{IdentityId, StaffId};
use crate::permission::{NotPermitted, Permission, Permit};
use crate::staff::Quota;

/// What a member of staff is there for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Role {
    /// Manages staff, revokes.
    Administrator,
    /// Registers identities, vets and approves requests.
    Officer,
    /// Reads everything, changes nothing.
    Auditor,
    /// Asks for and revokes certificates of one organisation.
    AgencyOperator {
        /// That organisation.
        organisation: IdentityId,
    },
}

impl Role {
    /// The names of all roles.
    pub const NAMES: [&'static str; 4] = ["administrator", "officer", "auditor", "agency-operator"];

    /// The role's name in JSON and on the command line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Officer => "officer",
            Self::Auditor => "auditor",
            Self::AgencyOperator { .. } => "agency-operator",
        }
    }

    /// The organisation the role belongs to, for those that belong to one.
    pub const fn organisation(&self) -> Option<IdentityId> {
        match self {
            Self::AgencyOperator { organisation } => Some(*organisation),
            _ => None,
        }
    }

    /// Puts a role together from its name and, for an agency operator, an organisation.
    ///
    /// # Errors
    /// No such name, an agency operator without an organisation, or another role with one.
    pub fn named(name: &str, organisation: Option<IdentityId>) -> Result<Self, InvalidRole> {
        match (name, organisation) {
            ("administrator", None) => Ok(Self::Administrator),
            ("officer", None) => Ok(Self::Officer),
            ("auditor", None) => Ok(Self::Auditor),
            ("agency-operator", Some(organisation)) => Ok(Self::AgencyOperator { organisation }),
            ("agency-operator", None) => Err(InvalidRole::OrganisationMissing),
            (known, Some(_)) if Self::NAMES.contains(&known) => Err(InvalidRole::OrganisationNotTaken),
            _ => Err(InvalidRole::Unknown(name.chars().take(40).collect())),
        }
    }
}

/// No role can be put together from these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRole {
    /// No role has this name.
    #[error("no role is called {0:?}: choose administrator, officer, auditor or agency-operator")]
    Unknown(String),
    /// An agency operator belongs to an organisation.
    #[error("an agency operator belongs to an organisation, and none was named")]
    OrganisationMissing,
    /// Only an agency operator belongs to an organisation.
    #[error("only an agency operator belongs to an organisation")]
    OrganisationNotTaken,
}

/// A member of staff, proven by a client certificate. Comes from
/// [`Registry::authenticate`](crate::Registry::authenticate) alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    id: StaffId,
    name: String,
    role: Role,
    quota: Quota,
}

impl Principal {
    pub(crate) const fn authenticated(id: StaffId, name: String, role: Role, quota: Quota) -> Self {
        Self { id, name, role, quota }
    }

    /// Who it is.
    pub const fn id(&self) -> StaffId {
        self.id
    }

    /// The name shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// Gives out the permit for `P`.
    ///
    /// # Errors
    /// The role does not have the permission.
    pub fn permit<P: Permission>(&self) -> Result<Permit<P>, NotPermitted> {
        let refused = NotPermitted { permission: P::NAME, role: self.role.name() };
        P::reach(&self.role).map(|scope| Permit::granted(self.id, scope, self.quota)).ok_or(refused)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::clock::SystemEntropy;

    use super::*;
    use crate::id::IdentityKind;
    use crate::permission::{self, Scope};

    #[test]
    fn the_matrix_of_permissions_is_as_agreed() {
        let organisation = IdentityId::draw(IdentityKind::Organisation, &SystemEntropy).unwrap();
        let roles =
            [Role::Administrator, Role::Officer, Role::Auditor, Role::AgencyOperator { organisation }];
        let letter = |reach| match reach {
            None => '-',
            Some(Scope::Country) => 'C',
            Some(Scope::Organisation(own)) if own == organisation => 'o',
            Some(Scope::Organisation(_)) => '?',
        };
        let matrix: Vec<(&str, String)> = permission::ALL
            .iter()
            .map(|(name, reach)| (*name, roles.iter().map(|role| letter(reach(role))).collect()))
            .collect();
        let matrix: Vec<(&str, &str)> = matrix.iter().map(|(name, row)| (*name, row.as_str())).collect();
        // Administrator, officer, auditor, agency operator: C country, o own organisation, - not at all.
        assert_eq!(
            matrix,
            [
                ("signed-in", "CCCo"),
                ("read-registry", "CCCo"),
                ("read-usage", "-CC-"),
                ("register-identities", "-C--"),
                ("import-identities", "-C--"),
                ("import-packets", "-C--"),
                ("change-identities", "-C--"),
                ("close-identities", "C---"),
                ("request-certificates", "-C-o"),
                ("approve-requests", "-C--"),
                ("revoke-certificates", "C--o"),
                ("withdraw-certificates", "-C--"),
                ("review-revocations", "CC--"),
                ("state-key-origins", "CC--"),
                ("read-campaigns", "CCC-"),
                ("run-campaigns", "C---"),
                ("block-keys", "C---"),
                ("manage-staff", "C---"),
                ("make-backups", "C---"),
                ("export-identities", "C---"),
                ("export-persons", "C---"),
                ("erase-identities", "C---"),
                ("rotate-master-key", "C---"),
                ("manage-cas", "C---"),
                ("read-profiles", "CCCo"),
                ("change-profiles", "C---"),
                ("read-parties", "CCCo"),
                ("manage-parties", "C---"),
                ("receive-attributes", "---o"),
                ("notify", "----"),
                ("read-notifications", "CCC-"),
                ("settle-notifications", "-C--"),
                ("manage-sources", "C---"),
                ("read-webhooks", "C-Co"),
                ("manage-webhooks", "C---"),
                ("read-statistics", "CCC-"),
                ("read-retention", "C-C-"),
                ("read-ledger", "C-C-"),
            ]
        );
    }

    #[test]
    fn a_role_has_an_organisation_exactly_when_it_needs_one() {
        let organisation = IdentityId::draw(IdentityKind::Organisation, &SystemEntropy).unwrap();
        assert_eq!(Role::named("agency-operator", None), Err(InvalidRole::OrganisationMissing));
        assert_eq!(Role::named("officer", Some(organisation)), Err(InvalidRole::OrganisationNotTaken));
        assert!(matches!(Role::named("root", Some(organisation)), Err(InvalidRole::Unknown(_))));
        assert_eq!(Role::named("auditor", None), Ok(Role::Auditor));
    }
}
