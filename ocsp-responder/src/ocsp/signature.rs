//! Verifies the signatures on responses and on the certificates around them.

use der::Decode;
use der::asn1::ObjectIdentifier;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::SubjectPublicKeyInfoRef;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");

/// Verifies `signature` over `message` with the key of a DER SubjectPublicKeyInfo.
pub(super) fn verify(
    public_key_info: &[u8],
    algorithm: ObjectIdentifier,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let key = SubjectPublicKeyInfoRef::from_der(public_key_info).map_err(|_| SignatureError::Unsupported)?;
    let verifier = verifier(&key, algorithm).ok_or(SignatureError::Unsupported)?;
    let bits = key.subject_public_key.as_bytes().ok_or(SignatureError::Unsupported)?;
    UnparsedPublicKey::new(verifier, bits).verify(message, signature).map_err(|_| SignatureError::Wrong)
}

/// The key's own type decides; the signature's algorithm may only choose the digest. SHA-1 is left out on purpose.
fn verifier(
    key: &SubjectPublicKeyInfoRef<'_>,
    algorithm: ObjectIdentifier,
) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = || key.algorithm.parameters_oid().ok();
    Some(match (key.algorithm.oid, algorithm) {
        (EC, ECDSA_SHA256) if curve() == Some(P256) => &signature::ECDSA_P256_SHA256_ASN1,
        (EC, ECDSA_SHA384) if curve() == Some(P256) => &signature::ECDSA_P256_SHA384_ASN1,
        (EC, ECDSA_SHA256) if curve() == Some(P384) => &signature::ECDSA_P384_SHA256_ASN1,
        (EC, ECDSA_SHA384) if curve() == Some(P384) => &signature::ECDSA_P384_SHA384_ASN1,
        (RSA, RSA_SHA256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (RSA, RSA_SHA384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA, RSA_SHA512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (ED25519, ED25519) => &signature::ED25519,
        _ => return None,
    })
}

/// The signature algorithm that goes with a key of npki's (see [`ca_core::algorithm::KeyAlgorithm`]).
pub(super) const fn algorithm_of(key: ca_core::algorithm::KeyAlgorithm) -> ObjectIdentifier {
    use ca_core::algorithm::KeyAlgorithm;
    match key {
        KeyAlgorithm::P256 => ECDSA_SHA256,
        KeyAlgorithm::P384 => ECDSA_SHA384,
        KeyAlgorithm::Ed25519 => ED25519,
    }
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
