//! Proof of possession: the request's signature under the request's own key (RFC 2986 section 4.2).

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::signature::{Digest, SignatureAlgorithm};
use super::{CsrError, KeyKind, SubjectPublicKey};

/// Verifies `signature` over `message` under `key`, if the algorithm is one for keys of its kind.
pub(super) fn proof_of_possession(
    key: &SubjectPublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), CsrError> {
    let verifier = verifier(key.kind(), algorithm).ok_or_else(|| CsrError::SignatureOfAnotherKind {
        key: key.kind().to_string(),
        algorithm: algorithm.to_string(),
    })?;
    let verified = match verifier {
        Verifier::Ring(ring) => UnparsedPublicKey::new(ring, key.octets()).verify(message, signature).is_ok(),
        Verifier::P256Sha512 => p256_sha512(key.octets(), message, signature).is_ok(),
        Verifier::P384Sha512 => p384_sha512(key.octets(), message, signature).is_ok(),
    };
    if verified { Ok(()) } else { Err(CsrError::ProofOfPossession) }
}

enum Verifier {
    Ring(&'static dyn VerificationAlgorithm),
    P256Sha512,
    P384Sha512,
}

/// Every pair of key and algorithm that is admitted. Any digest goes with any curve: ECDSA takes as many of its
/// leftmost bits as fit (FIPS 186-5 section 6.4.2).
fn verifier(kind: KeyKind, algorithm: SignatureAlgorithm) -> Option<Verifier> {
    use Digest::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    let ring: &'static dyn VerificationAlgorithm = match (kind, algorithm) {
        (KeyKind::P256, Ecdsa(Sha256)) => &signature::ECDSA_P256_SHA256_ASN1,
        (KeyKind::P256, Ecdsa(Sha384)) => &signature::ECDSA_P256_SHA384_ASN1,
        (KeyKind::P256, Ecdsa(Sha512)) => return Some(Verifier::P256Sha512),
        (KeyKind::P384, Ecdsa(Sha256)) => &signature::ECDSA_P384_SHA256_ASN1,
        (KeyKind::P384, Ecdsa(Sha384)) => &signature::ECDSA_P384_SHA384_ASN1,
        (KeyKind::P384, Ecdsa(Sha512)) => return Some(Verifier::P384Sha512),
        (KeyKind::Rsa { .. }, RsaPkcs1(Sha256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (KeyKind::Rsa { .. }, RsaPkcs1(Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa { .. }, RsaPkcs1(Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (KeyKind::Rsa { .. }, RsaPss(Sha256)) => &signature::RSA_PSS_2048_8192_SHA256,
        (KeyKind::Rsa { .. }, RsaPss(Sha384)) => &signature::RSA_PSS_2048_8192_SHA384,
        (KeyKind::Rsa { .. }, RsaPss(Sha512)) => &signature::RSA_PSS_2048_8192_SHA512,
        (KeyKind::Ed25519, Ed25519) => &signature::ED25519,
        _ => return None,
    };
    Some(Verifier::Ring(ring))
}

fn p256_sha512(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), p256::ecdsa::Error> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point)?;
    let signature = p256::ecdsa::Signature::from_der(signature)?;
    key.verify_prehash(sha512(message).as_ref(), &signature)
}

fn p384_sha512(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), p384::ecdsa::Error> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point)?;
    let signature = p384::ecdsa::Signature::from_der(signature)?;
    key.verify_prehash(sha512(message).as_ref(), &signature)
}

fn sha512(message: &[u8]) -> ring::digest::Digest {
    ring::digest::digest(&ring::digest::SHA512, message)
}
