//! Detached signatures, over `ocsp_responder::signature`.

use ca_core::keys::software::SoftwareKey;
use ocsp_responder::signature::{SignError, sign_detached};
use time::OffsetDateTime;

use super::judgement::certificate;
use super::material::Chain;
use crate::failure::{Failure, catalogue};

/// Signs a document: a detached signature, DER (CMS, CAdES baseline B).
///
/// # Errors
/// Key and certificate do not belong together, or the key cannot sign.
pub fn sign(document: &[u8], chain: &Chain, key: &[u8], at: OffsetDateTime) -> Result<Vec<u8>, Failure> {
    let key = SoftwareKey::from_pkcs8(key)
        .map_err(|error| Failure::of(&catalogue::KEY).cause(error.to_string()))?;
    let others = chain.others.iter().map(certificate).collect::<Result<Vec<_>, _>>()?;
    sign_detached(document, &key, &certificate(&chain.certificate)?, &others, at).map_err(|error| match error
    {
        SignError::OtherKey => Failure::of(&catalogue::KEY_MISMATCH),
        other => Failure::of(&catalogue::NOT_SIGNED).cause(other.to_string()),
    })
}
