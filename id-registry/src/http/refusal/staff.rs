//! Staff, signing in, offices, webhooks, backups and master keys.

use super::moment;
use crate::backup::BackupError;
use crate::http::problem::{self as table, Problem};
use crate::master_keys::RotationError;
use crate::office::OfficeError;
use crate::principal::InvalidRole;
use crate::staff::{SignInError, StaffError};
use crate::webhook::WebhookError;

impl From<InvalidRole> for Problem {
    fn from(error: InvalidRole) -> Self {
        Self::new(table::ROLE_UNFIT, error.to_string())
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotStaff => Self::new(table::NOT_STAFF, error.to_string()),
            SignInError::Disabled { at } => {
                Self::new(table::ACCESS_ENDED, format!("your access was ended on {}", moment(at)))
            }
            SignInError::Organisation(_) => Self::new(table::ORGANISATION_INACTIVE, error.to_string()),
            SignInError::OutsideHours { .. } => Self::new(table::OUTSIDE_HOURS, error.to_string()),
            SignInError::Office(_) => Self::new(table::OFFICE_INACTIVE, error.to_string()),
            SignInError::Revoked { at, reason } => Self::new(
                table::CERTIFICATE_REVOKED,
                format!("your certificate was revoked on {}: {reason}", moment(at)),
            ),
            SignInError::OnHold { since } => Self::new(
                table::CERTIFICATE_ON_HOLD,
                format!("your certificate is on hold since {}", moment(since)),
            ),
            SignInError::Expired { at } => {
                Self::new(table::CERTIFICATE_EXPIRED, format!("your certificate ended on {}", moment(at)))
            }
            SignInError::NotYetValid { from } => Self::new(
                table::CERTIFICATE_EARLY,
                format!("your certificate is valid from {} on", moment(from)),
            ),
            SignInError::Fault(fault) => fault.into(),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        let kind = match error {
            StaffError::Field(field) => return field.into(),
            StaffError::Csr(csr) => return csr.into(),
            StaffError::Organisation(identity) => return identity.into(),
            StaffError::Issue(issue) => return issue.into(),
            StaffError::Campaign(refused) => return (*refused).into(),
            StaffError::Fault(fault) => return fault.into(),
            StaffError::NoProfile(_) => table::NO_STAFF_PROFILE,
            StaffError::StaffExists => table::STAFF_EXISTS,
            StaffError::Unknown(_) => table::UNKNOWN_STAFF,
            StaffError::UnknownOffice(_) => table::UNKNOWN_OFFICE,
            StaffError::NotAccredited(_) => table::NOT_ACCREDITED,
            StaffError::AlreadyDisabled(_) => table::DISABLED_ALREADY,
            StaffError::LastAdministrator(_) => table::LAST_ADMINISTRATOR,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        let kind = match error {
            OfficeError::Field(field) => return field.into(),
            OfficeError::Fault(fault) => return fault.into(),
            OfficeError::Unknown(_) => table::UNKNOWN_OFFICE,
            OfficeError::Ended(_) => table::NOT_ACCREDITED,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let kind = match error {
            WebhookError::Field(field) => return field.into(),
            WebhookError::Identity(identity) => return identity.into(),
            WebhookError::Fault(fault) => return fault.into(),
            WebhookError::Unknown(_) => table::UNKNOWN_WEBHOOK,
            WebhookError::OfAnother(_) => table::OF_ANOTHER,
            WebhookError::Ended(_) => table::WEBHOOK_ENDED,
            WebhookError::Already(..) => table::WEBHOOK_SO,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<RotationError> for Problem {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Running { .. } => Self::new(table::ROTATION_RUNS, error.to_string()),
            RotationError::NothingToDo => Self::new(table::NO_NEXT_KEY, error.to_string()),
            RotationError::NoKey(_) => {
                tracing::error!(%error, "the master key was not rotated");
                Self::new(table::VAULT, "the next master key could not be made; the current one stays")
            }
            RotationError::Fault(fault) => fault.into(),
        }
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::NoRecipients => Self::new(table::NO_RECIPIENTS, error.to_string()),
            BackupError::Fault(fault) => fault.into(),
            BackupError::Failed(error) => {
                tracing::error!(%error, "a backup was not made");
                Self::new(table::INTERNAL, "the backup was not made")
            }
        }
    }
}
