//! What a relying party asks: where to ask, whom to trust, what the answers mean together.
//!
//! The cryptographic work is done by the crate `ocsp-responder`; `adapter` is the one file that calls it.

pub mod adapter;
pub mod addresses;
pub mod evidence;
pub mod material;
pub mod standing;
