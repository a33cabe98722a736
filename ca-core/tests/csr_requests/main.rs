//! Certification requests as real tools make them, and as they must not be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accepted;
mod keys;
mod refused;
mod requests;
mod tampered;
