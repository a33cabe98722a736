//! npki's face to relying parties: OCSP, CRLs and CA certificates over plain HTTP, validation of certificates and
//! signatures, inspection of what others made.
//!
//! Knows issued certificates and their status, never the persons behind them.

pub mod filter;
pub mod http;
pub mod inspect;
pub mod ledger;
pub mod metrics;
pub mod ocsp;
pub mod publication;
pub mod signature;
mod tables;
pub mod timestamp;
pub mod trusted_list;
pub mod validation;
pub mod validator;
mod xml;

pub use tables::TABLES;
