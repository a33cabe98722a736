//! npki's certification authority: certification requests, profiles, lint, issuance, revocation, CRLs, signing keys,
//! storage and the ledger.
//!
//! Knows neither persons nor HTTP. Everything here is synchronous; time and randomness are parameters.

pub mod algorithm;
pub mod alternative_name;
pub mod authorities;
pub mod authority;
pub mod backup;
pub mod blocked_keys;
pub mod ceremony;
pub mod certificate;
pub mod clock;
pub mod crl;
pub mod crockford;
pub mod csr;
pub mod fingerprint;
pub mod hierarchy;
pub mod issuance;
pub mod jws;
pub mod key_index;
pub mod key_quality;
pub mod keys;
pub mod ledger;
pub mod letter;
pub mod lint;
pub mod name;
pub mod profile;
pub mod profile_book;
pub mod serial;
pub mod status;
pub mod storage;
pub mod subject;
pub mod tlog;
pub mod token;
pub mod toml_fault;
pub mod vault;

mod durable;
pub mod plain_name;
pub mod private_file;
mod tables;

pub use tables::TABLES;
