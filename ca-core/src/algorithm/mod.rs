//! The public-key and signature algorithms of npki: what they are called, how they stand in DER, and which go together.

use serde::{Deserialize, Serialize};

mod digest;
mod identifier;
mod signature;
mod verify;

pub use digest::DigestAlgorithm;
pub use identifier::IdentifierError;
pub use signature::{SignatureAlgorithm, UnknownSignatureAlgorithm};
pub use verify::{SignatureRefused, VerifyError, verify};

/// A key's kind and size, for keys that npki itself makes or signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// NIST P-256; signs with SHA-256.
    #[serde(rename = "p256")]
    P256,
    /// NIST P-384; signs with SHA-384.
    #[serde(rename = "p384")]
    P384,
    /// RSA with a modulus of 3072 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    #[serde(rename = "rsa-4096")]
    Rsa4096,
    /// Ed25519.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// ML-DSA-44 (FIPS 204), security category 2.
    #[serde(rename = "ml-dsa-44")]
    MlDsa44,
    /// ML-DSA-65 (FIPS 204), security category 3.
    #[serde(rename = "ml-dsa-65")]
    MlDsa65,
    /// ML-DSA-87 (FIPS 204), security category 5.
    #[serde(rename = "ml-dsa-87")]
    MlDsa87,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::P256,
        Self::P384,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The name in profiles and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
        }
    }

    /// The signature algorithms that npki signs with under such a key. The first is used where none is chosen.
    pub const fn signature_algorithms(self) -> &'static [SignatureAlgorithm] {
        use DigestAlgorithm::{Sha256, Sha384};
        use SignatureAlgorithm::{Ecdsa, Ed25519, MlDsa44, MlDsa65, MlDsa87, RsaPkcs1, RsaPss};
        match self {
            Self::P256 => &[Ecdsa(Sha256)],
            Self::P384 => &[Ecdsa(Sha384)],
            Self::Rsa3072 => &[RsaPkcs1(Sha256), RsaPkcs1(Sha384), RsaPss(Sha256), RsaPss(Sha384)],
            // NIST SP 800-57 part 1 table 2: the digest is to be no weaker than the key.
            Self::Rsa4096 => &[RsaPkcs1(Sha384), RsaPkcs1(Sha256), RsaPss(Sha384), RsaPss(Sha256)],
            Self::Ed25519 => &[Ed25519],
            Self::MlDsa44 => &[MlDsa44],
            Self::MlDsa65 => &[MlDsa65],
            Self::MlDsa87 => &[MlDsa87],
        }
    }

    /// What such a key signs with where nothing is chosen.
    pub const fn default_signature_algorithm(self) -> SignatureAlgorithm {
        self.signature_algorithms()[0]
    }

    /// Whether npki signs in this way under such a key.
    pub fn admits(self, algorithm: SignatureAlgorithm) -> bool {
        self.signature_algorithms().contains(&algorithm)
    }
}

impl std::fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for KeyAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or(UnknownAlgorithm)
    }
}

/// Not a name of [`KeyAlgorithm`].
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown key algorithm: choose p256, p384, rsa-3072, rsa-4096, ed25519, ml-dsa-44, ml-dsa-65 or ml-dsa-87"
)]
pub struct UnknownAlgorithm;

#[cfg(test)]
mod tests;
