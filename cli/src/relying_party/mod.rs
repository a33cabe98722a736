//! What a relying party asks: where to ask, whom to trust, what the answers mean together.
//!
//! The cryptographic work is done by the crate `ocsp-responder`; each of `ocsp`, `revocation_list`, `judgement`,
//! `signing` and `inspection` calls one part of it.

pub mod addresses;
pub mod container;
pub mod evidence;
pub mod existing;
pub mod filter;
pub mod inspection;
pub mod judgement;
pub mod jws;
pub mod material;
pub mod ocsp;
pub mod report;
pub mod revocation_list;
pub mod signing;
pub mod stamping;
pub mod standing;
