//! Verifies the signatures on responses and on the certificates around them.

use ca_core::algorithm::{self, SignatureRefused, VerifyError};

/// Verifies `signature` over `message` with the key of a SubjectPublicKeyInfo, in the way that an AlgorithmIdentifier
/// says; both DER.
pub(super) fn verify(
    public_key_info: &[u8],
    identifier: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    algorithm::verify(public_key_info, identifier, message, signature).map_err(|refused| match refused {
        SignatureRefused::Signature(VerifyError::Mismatch) => SignatureError::Wrong,
        _ => SignatureError::Unsupported,
    })
}

/// A signature was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    /// Key and algorithm are none that npki verifies, or do not go together.
    #[error("unsupported signature algorithm")]
    Unsupported,
    /// The signature is not by this key over these bytes.
    #[error("wrong signature")]
    Wrong,
}
