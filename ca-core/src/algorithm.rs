//! The public-key and signature algorithms npki signs with.

use serde::{Deserialize, Serialize};

/// A key's kind and size, for keys that npki itself makes or signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// NIST P-256; signs with SHA-256.
    #[serde(rename = "p256")]
    P256,
    /// NIST P-384; signs with SHA-384.
    #[serde(rename = "p384")]
    P384,
    /// Ed25519.
    #[serde(rename = "ed25519")]
    Ed25519,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::Ed25519];

    /// The name in profiles and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
        }
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
#[error("unknown key algorithm: choose p256, p384 or ed25519")]
pub struct UnknownAlgorithm;
