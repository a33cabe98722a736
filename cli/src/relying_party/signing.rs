//! Detached signatures. LINK: `ocsp_responder::signature`.

use time::OffsetDateTime;

use super::material::Chain;
use crate::failure::{Failure, catalogue};

/// Signs a document: a detached signature, DER (CMS, CAdES baseline B).
///
/// # Errors
/// Key and certificate do not belong together, or the key cannot sign.
pub fn sign(document: &[u8], chain: &Chain, key: &[u8], at: OffsetDateTime) -> Result<Vec<u8>, Failure> {
    let _ = (document, chain, key, at);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
