//! The public formats of the ledger: a Merkle tree in tiles, signed checkpoints, witnesses' cosignatures.
//!
//! Functions over bytes: nothing here knows an event, a table or HTTP. Only [`witness`] keeps anything, the one small
//! file per log that a witness must not forget. The formats are those of the public transparency ecosystem, so that
//! anybody can audit the ledger with programs that npki's authors did not write:
//!
//! - hashing and proofs: RFC 6962 section 2.1, RFC 9162 section 2.1 ([`hash`], [`tree`], [`growth`], [`proof`]),
//! - tiles and entry bundles: C2SP tlog-tiles ([`tile`]),
//! - signed notes, checkpoints, cosignatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature ([`note`],
//!   [`checkpoint`], [`cosignature`]),
//! - the witness protocol: C2SP tlog-witness ([`witness`]).
//!
//! C2SP's specifications are at `https://c2sp.org/<name>`.

pub mod checkpoint;
pub mod cosignature;
mod decimal;
pub mod growth;
pub mod hash;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod witness;
