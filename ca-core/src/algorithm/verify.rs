//! The one place where signatures are verified: of requests, certificates, CRLs, OCSP answers and signed files.
//!
//! The key decides what a signature can be; the algorithm must agree with it. RSA below 2048 bits, DSA and curves other
//! than P-256 and P-384 are not accepted.

use const_oid::db::{fips204, rfc5912, rfc8410};
use der::Decode;
use der::asn1::ObjectIdentifier;
use ml_dsa::signature::Verifier as _;
use ml_dsa::{EncodedVerifyingKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, VerifyingKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::SubjectPublicKeyInfoRef;

use super::DigestAlgorithm::{self, Sha256, Sha384, Sha512};
use super::IdentifierError;
use super::SignatureAlgorithm::{self, Ecdsa, RsaPkcs1, RsaPss};

/// A signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key's kind or size is unknown, or too weak to rely on.
    #[error("keys of the algorithm {0} are not accepted")]
    KeyNotAccepted(ObjectIdentifier),
    /// The key is of another kind than the signature algorithm, or cannot be read.
    #[error("the key does not fit the signature algorithm")]
    KeyMismatch,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Mismatch,
}

/// A signature was not accepted, or the algorithm that it claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefused {
    /// The AlgorithmIdentifier.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// The key or the signature.
    #[error(transparent)]
    Signature(#[from] VerifyError),
}

/// Verifies `signature` over `message` with the key of a SubjectPublicKeyInfo, in the way that an AlgorithmIdentifier
/// says; both DER.
///
/// # Errors
/// The algorithm is not accepted, does not fit the key, or the signature does not verify.
pub fn verify(
    public_key_info: &[u8],
    identifier: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureRefused> {
    Ok(SignatureAlgorithm::from_identifier(identifier)?.verify(public_key_info, message, signature)?)
}

impl SignatureAlgorithm {
    /// Verifies `signature` over `message` with the key of a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// The key is of another kind, too weak, or the signature does not verify.
    pub fn verify(self, public_key_info: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let key = SubjectPublicKeyInfoRef::from_der(public_key_info).map_err(|_| VerifyError::KeyMismatch)?;
        let octets = key.subject_public_key.as_bytes().ok_or(VerifyError::KeyMismatch)?;
        let algorithm: &dyn VerificationAlgorithm = match (self, Kind::of(&key)?) {
            (RsaPkcs1(digest), Kind::Rsa) => pkcs1(digest),
            (RsaPss(digest), Kind::Rsa | Kind::RsaPss) => pss(digest),
            (Self::Ed25519, Kind::Ed25519) => &signature::ED25519,
            // Any digest goes with any curve: ECDSA takes as many of its leftmost bits as fit (FIPS 186-5 section 6.4.2).
            (Ecdsa(Sha256), Kind::P256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Ecdsa(Sha384), Kind::P256) => &signature::ECDSA_P256_SHA384_ASN1,
            (Ecdsa(Sha512), Kind::P256) => return p256_sha512(octets, message, signature),
            (Ecdsa(Sha256), Kind::P384) => &signature::ECDSA_P384_SHA256_ASN1,
            (Ecdsa(Sha384), Kind::P384) => &signature::ECDSA_P384_SHA384_ASN1,
            (Ecdsa(Sha512), Kind::P384) => return p384_sha512(octets, message, signature),
            (Self::MlDsa44, Kind::MlDsa44) => return ml_dsa::<MlDsa44>(octets, message, signature),
            (Self::MlDsa65, Kind::MlDsa65) => return ml_dsa::<MlDsa65>(octets, message, signature),
            (Self::MlDsa87, Kind::MlDsa87) => return ml_dsa::<MlDsa87>(octets, message, signature),
            _ => return Err(VerifyError::KeyMismatch),
        };
        let key = UnparsedPublicKey::new(algorithm, octets);
        key.verify(message, signature).map_err(|_| VerifyError::Mismatch)
    }
}

/// What a key's algorithm identifier says it is.
enum Kind {
    Rsa,
    /// RSA, for RSASSA-PSS only (RFC 4055 section 1.2).
    RsaPss,
    P256,
    P384,
    Ed25519,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl Kind {
    fn of(key: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, VerifyError> {
        let refused = Err(VerifyError::KeyNotAccepted(key.algorithm.oid));
        let plain = |kind| match key.algorithm.parameters {
            // RFC 8410 section 3, RFC 9881 section 2: parameters MUST be absent.
            Some(_) => Err(VerifyError::KeyMismatch),
            None => Ok(kind),
        };
        // RSAPublicKey with a modulus of 2048 bits takes more octets than the modulus alone.
        let short_rsa = key.subject_public_key.raw_bytes().len() < 2048 / 8;
        match key.algorithm.oid {
            rfc5912::RSA_ENCRYPTION | rfc5912::ID_RSASSA_PSS if short_rsa => refused,
            rfc5912::RSA_ENCRYPTION => Ok(Self::Rsa),
            rfc5912::ID_RSASSA_PSS => Ok(Self::RsaPss),
            rfc8410::ID_ED_25519 => plain(Self::Ed25519),
            fips204::ID_ML_DSA_44 => plain(Self::MlDsa44),
            fips204::ID_ML_DSA_65 => plain(Self::MlDsa65),
            fips204::ID_ML_DSA_87 => plain(Self::MlDsa87),
            rfc5912::ID_EC_PUBLIC_KEY => match key.algorithm.parameters_oid() {
                Ok(rfc5912::SECP_256_R_1) => Ok(Self::P256),
                Ok(rfc5912::SECP_384_R_1) => Ok(Self::P384),
                _ => refused,
            },
            _ => refused,
        }
    }
}

fn pkcs1(digest: DigestAlgorithm) -> &'static signature::RsaParameters {
    match digest {
        Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
    }
}

fn pss(digest: DigestAlgorithm) -> &'static signature::RsaParameters {
    match digest {
        Sha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Sha384 => &signature::RSA_PSS_2048_8192_SHA384,
        Sha512 => &signature::RSA_PSS_2048_8192_SHA512,
    }
}

// ring pairs neither curve with SHA-512.

fn p256_sha512(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| VerifyError::KeyMismatch)?;
    let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| VerifyError::Mismatch)?;
    let digest = ring::digest::digest(&ring::digest::SHA512, message);
    key.verify_prehash(digest.as_ref(), &signature).map_err(|_| VerifyError::Mismatch)
}

fn p384_sha512(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| VerifyError::KeyMismatch)?;
    let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| VerifyError::Mismatch)?;
    let digest = ring::digest::digest(&ring::digest::SHA512, message);
    key.verify_prehash(digest.as_ref(), &signature).map_err(|_| VerifyError::Mismatch)
}

/// FIPS 204 algorithm 3 with an empty context (RFC 9881 section 3). Section 3.6.2: key and signature must have exactly
/// the lengths of their parameter set.
fn ml_dsa<P: MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let key = EncodedVerifyingKey::<P>::try_from(key).map_err(|_| VerifyError::KeyMismatch)?;
    let signature = Signature::<P>::try_from(signature).map_err(|_| VerifyError::Mismatch)?;
    VerifyingKey::<P>::decode(&key).verify(message, &signature).map_err(|_| VerifyError::Mismatch)
}
