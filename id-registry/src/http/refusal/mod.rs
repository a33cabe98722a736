//! From every error of the domain to its row in the table of problems.

use ca_core::csr::CsrError;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::problem::{self as table, Problem};
use crate::fault::Fault;
use crate::id::InvalidId;
use crate::identity::FieldError;
use crate::permission::NotPermitted;

mod certificates;
mod identities;
mod profiles;
mod staff;

/// A moment as it stands in problems: RFC 3339, UTC.
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

impl From<Fault> for Problem {
    /// What failed inside goes to the operator's log; the caller learns only that it did.
    fn from(fault: Fault) -> Self {
        tracing::error!(%fault, "the registry failed");
        match fault {
            Fault::Storage(_) => {
                Self::new(table::STORE, "the storage failed; the change may not have been kept")
            }
            Fault::Vault(_) => Self::new(table::VAULT, "the change, if one was asked for, was not made"),
            Fault::Contended(_) => Self::new(table::CONTENDED, "others changed the same records each time"),
            Fault::NoEntropy => Self::new(table::INTERNAL, "no randomness"),
        }
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        match &error {
            InvalidId::Form { .. } => Self::new(table::ID_MALFORMED, error.to_string()),
            InvalidId::Mistyped { .. } => Self::new(table::ID_MISTYPED, error.to_string()),
        }
    }
}

impl From<NotPermitted> for Problem {
    fn from(error: NotPermitted) -> Self {
        Self::new(table::NOT_PERMITTED, error.to_string())
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::new(table::FIELD_UNFIT, error.to_string()).fix(format!("{}: {}", error.field, error.fits))
    }
}

impl From<CsrError> for Problem {
    fn from(error: CsrError) -> Self {
        Self::of_csr(error.code(), error.to_string(), error.fix())
    }
}
