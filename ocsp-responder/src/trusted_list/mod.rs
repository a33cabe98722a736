//! Trusted lists (ETSI TS 119 612 version 2): which trust services a country vouches for, since when, and no longer since when.
//!
//! The installation makes one out of what it is at that moment ([`compose`]), signs it with XAdES ([`signature`]), keeps it with a number
//! that only grows ([`keeping`]) and publishes it. Who reads one, ours or another country's, goes through the types:
//! octets become a [`VerifiedList`](reading::VerifiedList) by the signer's certificate that was pinned, and only that tells of
//! services.

pub mod compose;
pub mod identifiers;
pub mod keeping;
pub mod model;
pub mod publishing;
pub mod reading;
pub mod signature;
mod writing;

pub use compose::{LiveService, compose};
pub use keeping::{KeepError, TRUSTED_LISTS, TrustedListKeeper};
pub use model::{
    Identity, Organisation, PastState, PostalAddress, Provider, Scheme, Service, Texts, TrustedList,
};
pub use publishing::{PublishedList, TrustedLists};
pub use reading::{ListRefused, VerifiedList, read_json};

pub use crate::xml::XmlRefused;

#[cfg(test)]
mod tests;
