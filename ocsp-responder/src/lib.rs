//! npki's face to relying parties: what is valid, and how a relying party can tell.

pub mod inspect;
pub mod signature;
pub mod validation;
