//! npki's certification authority: certification requests, profiles, lint, issuance, revocation, CRLs, signing keys,
//! storage and the ledger.
//!
//! Knows neither persons nor HTTP. Everything here is synchronous; time and randomness are parameters.

pub mod algorithm;
pub mod authority;
pub mod backup;
pub mod blocked_keys;
pub mod certificate;
pub mod clock;
pub mod crl;
pub mod csr;
pub mod issuance;
pub mod key_index;
pub mod key_quality;
pub mod keys;
pub mod ledger;
pub mod lint;
pub mod name;
pub mod profile;
pub mod serial;
pub mod status;
pub mod storage;
pub mod subject;
pub mod tlog;
pub mod token;
pub mod vault;

mod tables;

pub use tables::TABLES;
