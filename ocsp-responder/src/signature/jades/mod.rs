//! JSON Web Signatures (RFC 7515) in the JAdES baseline forms (ETSI TS 119 182-1): B-B, and B-T, B-LT and B-LTA by what stands in
//! `etsiU`.
//!
//! [`sign_jws`] makes them: compact or as flattened JSON, with the content in them or beside them; [`with_jws_timestamp`],
//! [`jws_with_material`] and [`JwsArchiveDraft`] raise one.
//! [`JwsSignature`] reads and judges one, by the same judgement as CMS signatures. JSON can be read in two ways, and a JWS says
//! itself how it is to be verified, which is how most of them were forged: so no member stands twice (`strict.rs`), base64url has one
//! form only, the certificate's key decides which algorithms there can be, `none` and those with a shared secret are none, what is
//! critical is understood or refused, and keys and addresses in the header (`jwk`, `jku`, `x5u`) are not looked at.

mod detached;
mod error;
mod header;
#[cfg(test)]
mod kept_tests;
mod outline;
mod raise;
mod sign;
mod strict;
#[cfg(test)]
mod tests;
mod unsigned;
mod verdict;
mod wire;

pub use error::JwsError;
pub(crate) use outline::outline;
pub use raise::{JwsArchiveDraft, is_jws_stamped, jws_imprint, jws_with_material, with_jws_timestamp};
pub use sign::{JwsShape, JwsSignError, sign_jws};
pub use verdict::{JwsContent, JwsSignature};
pub use wire::is_jws;
