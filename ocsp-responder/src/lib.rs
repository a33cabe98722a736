//! npki's face to relying parties: OCSP, CRLs and CA certificates over plain HTTP, validation of certificates and
//! signatures.
//!
//! Knows issued certificates and their status, never the persons behind them.

pub mod http;
pub mod ocsp;
pub mod publication;
