//! Signature algorithms as they stand in certificates, CRLs and signed files. What is accepted, and how it is verified,
//! `ca_core::algorithm` knows; here are the structures that path validation and CMS hold them in.

use ca_core::algorithm::{IdentifierError, SignatureRefused, VerifyError};
use const_oid::db::rfc5912;
use der::asn1::ObjectIdentifier;
use der::referenced::OwnedToRef;
use spki::AlgorithmIdentifierOwned;

pub use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};

/// A signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AlgorithmError {
    /// Unknown, or too weak to rely on.
    #[error("the algorithm {0} is not accepted")]
    NotAccepted(ObjectIdentifier),
    /// The parameters do not fit the algorithm.
    #[error("the algorithm's parameters are wrong or not accepted")]
    Parameters,
    /// The key is of another kind than the signature algorithm, or cannot be read.
    #[error("the key does not fit the signature algorithm")]
    KeyMismatch,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Mismatch,
}

impl From<IdentifierError> for AlgorithmError {
    fn from(error: IdentifierError) -> Self {
        match error {
            IdentifierError::NotAccepted(oid) | IdentifierError::PssDigest(oid) => Self::NotAccepted(oid),
            IdentifierError::Malformed
            | IdentifierError::PssSalt { .. }
            | IdentifierError::Parameters { .. } => Self::Parameters,
        }
    }
}

impl From<VerifyError> for AlgorithmError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::KeyNotAccepted(oid) => Self::NotAccepted(oid),
            VerifyError::KeyMismatch => Self::KeyMismatch,
            VerifyError::Mismatch => Self::Mismatch,
        }
    }
}

/// Reads a digest algorithm identifier.
///
/// # Errors
/// Not SHA-2, or parameters other than absent and NULL (RFC 5754 section 2 tells readers to take both).
pub fn read_digest(identifier: &AlgorithmIdentifierOwned) -> Result<DigestAlgorithm, AlgorithmError> {
    if identifier.parameters.as_ref().is_some_and(|value| !value.is_null()) {
        return Err(AlgorithmError::Parameters);
    }
    DigestAlgorithm::from_oid(identifier.oid).ok_or(AlgorithmError::NotAccepted(identifier.oid))
}

/// Reads a signature algorithm identifier of a certificate or CRL.
///
/// # Errors
/// The algorithm is not accepted, or its parameters are not exactly those its specification asks for.
pub fn read(identifier: &AlgorithmIdentifierOwned) -> Result<SignatureAlgorithm, AlgorithmError> {
    Ok(SignatureAlgorithm::read(&identifier.owned_to_ref())?)
}

/// Reads the pair of identifiers of a CMS SignerInfo, which must agree (RFC 5652 section 5.3).
///
/// # Errors
/// As [`read`], and when the signature algorithm names another digest than the message's.
pub fn read_signer_info(
    identifier: &AlgorithmIdentifierOwned,
    digest: DigestAlgorithm,
) -> Result<SignatureAlgorithm, AlgorithmError> {
    // RFC 3370 section 3.2: rsaEncryption leaves the digest to digestAlgorithm.
    if identifier.oid == rfc5912::RSA_ENCRYPTION {
        let fits = identifier.parameters.as_ref().is_none_or(der::Any::is_null);
        return if fits { Ok(SignatureAlgorithm::RsaPkcs1(digest)) } else { Err(AlgorithmError::Parameters) };
    }
    let algorithm = read(identifier)?;
    if digests_of(algorithm).contains(&digest) { Ok(algorithm) } else { Err(AlgorithmError::Parameters) }
}

/// Which digests of the content may go with a signature over signed attributes; the first is the one npki uses.
pub(crate) const fn digests_of(algorithm: SignatureAlgorithm) -> &'static [DigestAlgorithm] {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    match algorithm.digest() {
        Some(Sha256) => &[Sha256],
        Some(Sha384) => &[Sha384],
        Some(Sha512) => &[Sha512],
        None => match algorithm {
            // RFC 9882 section 3.3: SHA-512 is for all parameter sets; weaker digests only for what they are strong
            // enough for.
            SignatureAlgorithm::MlDsa44 => &[Sha512, Sha384, Sha256],
            SignatureAlgorithm::MlDsa65 => &[Sha512, Sha384],
            // RFC 8419 section 3.1: with signed attributes the message digest MUST be SHA-512.
            _ => &[Sha512],
        },
    }
}

/// Verifies `signature` over `message` with `key`, a DER SubjectPublicKeyInfo.
///
/// # Errors
/// The key is of another kind, too short, or the signature does not verify.
pub fn verify(
    algorithm: SignatureAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), AlgorithmError> {
    Ok(algorithm.verify(key, message, signature)?)
}

/// The same for an algorithm that is still a DER AlgorithmIdentifier.
///
/// # Errors
/// As [`read`] and [`verify`].
pub fn verify_identified(
    identifier: &[u8],
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), AlgorithmError> {
    ca_core::algorithm::verify(key, identifier, message, signature).map_err(|refused| match refused {
        SignatureRefused::Identifier(error) => error.into(),
        SignatureRefused::Signature(error) => error.into(),
    })
}
