//! Signature algorithms: those that npki signs with, and the few more that it verifies.

use serde::{Deserialize, Serialize};

use super::DigestAlgorithm::{self, Sha256, Sha384, Sha512};

/// A signature algorithm with all its parameters.
///
/// What a key signs with, [`KeyAlgorithm::signature_algorithms`](super::KeyAlgorithm::signature_algorithms) tells; all
/// of these are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum SignatureAlgorithm {
    /// ECDSA; the key names the curve.
    Ecdsa(DigestAlgorithm),
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS with the digest in all places and a salt of its length (RFC 4055 section 3.1).
    RsaPss(DigestAlgorithm),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA-44 (FIPS 204), the pure variant with an empty context (RFC 9881 section 3).
    MlDsa44,
    /// As [`Self::MlDsa44`].
    MlDsa65,
    /// As [`Self::MlDsa44`].
    MlDsa87,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Ecdsa(Sha256),
        Self::Ecdsa(Sha384),
        Self::Ecdsa(Sha512),
        Self::RsaPkcs1(Sha256),
        Self::RsaPkcs1(Sha384),
        Self::RsaPkcs1(Sha512),
        Self::RsaPss(Sha256),
        Self::RsaPss(Sha384),
        Self::RsaPss(Sha512),
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ecdsa(Sha256) => "ecdsa-with-sha256",
            Self::Ecdsa(Sha384) => "ecdsa-with-sha384",
            Self::Ecdsa(Sha512) => "ecdsa-with-sha512",
            Self::RsaPkcs1(Sha256) => "rsa-with-sha256",
            Self::RsaPkcs1(Sha384) => "rsa-with-sha384",
            Self::RsaPkcs1(Sha512) => "rsa-with-sha512",
            Self::RsaPss(Sha256) => "rsa-pss-with-sha256",
            Self::RsaPss(Sha384) => "rsa-pss-with-sha384",
            Self::RsaPss(Sha512) => "rsa-pss-with-sha512",
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
        }
    }

    /// The digest it is over; `None` for those that take the message whole.
    pub const fn digest(self) -> Option<DigestAlgorithm> {
        match self {
            Self::Ecdsa(digest) | Self::RsaPkcs1(digest) | Self::RsaPss(digest) => Some(digest),
            Self::Ed25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
        }
    }
}

/// As a person reads it: `SHA-256 with ECDSA`.
impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ecdsa(digest) => write!(f, "{digest} with ECDSA"),
            Self::RsaPkcs1(digest) => write!(f, "{digest} with RSA"),
            Self::RsaPss(digest) => write!(f, "RSASSA-PSS over {digest}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::MlDsa44 => f.write_str("ML-DSA-44"),
            Self::MlDsa65 => f.write_str("ML-DSA-65"),
            Self::MlDsa87 => f.write_str("ML-DSA-87"),
        }
    }
}

impl std::str::FromStr for SignatureAlgorithm {
    type Err = UnknownSignatureAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or(UnknownSignatureAlgorithm)
    }
}

impl TryFrom<String> for SignatureAlgorithm {
    type Error = UnknownSignatureAlgorithm;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SignatureAlgorithm> for &'static str {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        algorithm.name()
    }
}

/// Not a name of [`SignatureAlgorithm`].
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown signature algorithm: choose ecdsa-with-sha256, ecdsa-with-sha384, rsa-with-sha256, rsa-with-sha384, \
     rsa-pss-with-sha256, rsa-pss-with-sha384, ed25519, ml-dsa-44, ml-dsa-65 or ml-dsa-87, as the key's kind admits"
)]
pub struct UnknownSignatureAlgorithm;
