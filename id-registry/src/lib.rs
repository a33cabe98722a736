//! npki's registration authority: who is known, who may ask, who must approve, and what was issued to whom.
//!
//! The domain is synchronous and knows no HTTP; [`http`] wraps it. A caller becomes a [`principal::Principal`] by
//! its client certificate, a principal gives out [`permission::Permit`]s, and every act of the [`Registry`] takes one.

pub mod backup;
pub mod blocked_keys;
pub mod campaign;
pub mod cas;
pub mod certificates;
pub mod duplicates;
pub mod enrolment;
pub mod evidence;
pub mod export;
pub mod fault;
pub mod http;
pub mod id;
pub mod identity;
pub mod import;
pub mod index_key;
pub mod key_origin;
pub mod ledger;
pub mod life;
pub mod look;
pub mod master_keys;
pub mod notification;
pub mod office;
pub mod packet;
pub mod page;
pub mod party;
pub mod permission;
pub mod principal;
pub mod profiles;
pub mod remote;
pub mod responders;
pub mod retention;
pub mod staff;
pub mod statistics;
pub mod timestamping;
pub mod usage;
pub mod webhook;
pub mod withdrawal;

mod record;
mod registry;
mod tables;
mod timed;
mod words;

pub use registry::{Registry, RegistryParts, Settings, TrustAnchor};
pub use tables::TABLES;
