//! Signed files: detached CMS signatures (RFC 5652) in the CAdES baseline form B-B (ETSI EN 319 122-1).
//!
//! [`sign_detached`] makes one, [`SignedFile::parse`] and [`SignedFile::verify`] read one, [`verify_signed_file`]
//! gives the whole answer: signature, path and status.
//!
//! **How to show the answer.** A B-B signature carries no proof of when it was made: its signing time is only
//! claimed. So everything is judged at the moment of asking, and a signature whose signer's certificate was revoked
//! or has expired since is `INDETERMINATE` (`REVOKED_NO_POE`, `OUT_OF_BOUNDS_NO_POE`): not accepted, exit code 8,
//! because a timestamp that somebody else kept could still save it. `TOTAL-FAILED` (the file or the signature was
//! altered) is exit code 3. Only `TOTAL-PASSED` is exit code 0.

mod attributes;
mod content;
mod error;
mod message;
mod outline;
mod sign;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;
mod verify;

pub(crate) use attributes::SIGNING_CERTIFICATE_V2;
pub use content::ContentDigest;
pub use error::{MAX_SIGNATURE_OCTETS, SignatureError};
pub(crate) use outline::outline;
pub(crate) use sign::{NotSigned, embedded, sign_statement};
pub use sign::{SignError, sign_attached, sign_detached};
pub use verdict::{SignatureVerdict, verify_signature, verify_signed_file};
pub use verify::{SignatureForm, SignedFile, VerifiedSignature};
