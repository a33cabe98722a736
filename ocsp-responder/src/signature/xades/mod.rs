//! XML signatures over files that stand beside them, in the XAdES baseline forms (ETSI EN 319 132-1): B-B, B-T, B-LT and B-LTA. They are
//! read and judged, by the same judgement as CMS signatures, and not made.
//!
//! An XML signature says itself what it is over and how to find it, which is how most of them were forged. So a signature here is over
//! files by their addresses and over parts of itself, each of which stands where it must; of transforms there are canonical forms alone,
//! and none for files; no identifier stands twice in the file (`file.rs`), what is not understood is refused (`references.rs`), and keys
//! and certificates are taken from one place, where what is signed names them (`signer.rs`). `unsigned.rs` reads what was added later, and
//! `stamped.rs` what time stamps are over.

mod error;
mod file;
mod outline;
mod references;
mod signer;
mod stamped;
mod unsigned;
mod verdict;

pub use error::XadesError;
pub(super) use file::SignatureFile;
pub(crate) use outline::{XadesOutline, outline as xades_outline};
pub(super) use verdict::{XadesSignature, counters_what};
