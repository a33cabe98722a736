//! The relying party's side: asks for one certificate's status and judges the answer.
//!
//! [`Query`] is what was asked; [`Query::verify`] is the only way to a [`VerifiedStatus`].

mod query;
mod verify;

pub use query::{Nonce, Query, QueryError};
pub(crate) use verify::produced_at;
pub use verify::{CertificateStatus, ReasonCode, SignedBy, Tolerance, Untrusted, VerifiedStatus};
