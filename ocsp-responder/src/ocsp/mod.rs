//! The Online Certificate Status Protocol (RFC 6960, its lightweight profile RFC 5019, nonces by RFC 9654).
//!
//! [`Responder`] answers for one issuing CA with a delegated responder certificate; [`Responders`] puts several behind
//! one address. [`client`] asks and judges answers. Bytes in, bytes out: HTTP is elsewhere.

mod answer;
pub(crate) mod asn1;
mod cert_id;
pub(crate) mod certificate;
pub mod client;
mod credential;
mod kept;
mod request;
mod responder;
mod responders;
mod signature;

pub use answer::{Answer, Freshness, ResponseStatus};
pub use cert_id::CertIdHash;
pub use certificate::{CertificateError, NotDelegated};
pub use request::{MAX_CERT_IDS, MAX_NONCE, MAX_REQUEST};
pub(crate) use responder::AppointedSigner;
pub use responder::{
    AnswerPolicy, ArchiveCutoff, NamedBy, NotIssued, Responder, ResponderError, ResponderParts, ThisUpdate,
};
pub use responders::{Heard, NotReady, Responders, Unsigned};
