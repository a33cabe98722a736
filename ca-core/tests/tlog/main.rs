//! The public formats of the ledger: as RFC 6962 defines them, as others read them, and in hostile hands.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod judged;
mod shelf;
mod trees;
mod witness;
