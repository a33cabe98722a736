//! Kinds of keys, and their names.

use serde::{Deserialize, Serialize};

use super::SubjectPublicKey;
use crate::algorithm::KeyAlgorithm;
use crate::key_quality::rsa_key;

/// A subscriber key's kind and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyKind {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
    },
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl KeyKind {
    /// Those that have one size only.
    const FIXED: [Self; 6] =
        [Self::P256, Self::P384, Self::Ed25519, Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// The algorithm, if npki itself makes and signs with keys of this kind and size.
    pub const fn algorithm(self) -> Option<KeyAlgorithm> {
        match self {
            Self::P256 => Some(KeyAlgorithm::P256),
            Self::P384 => Some(KeyAlgorithm::P384),
            Self::Ed25519 => Some(KeyAlgorithm::Ed25519),
            Self::Rsa { bits: 3072 } => Some(KeyAlgorithm::Rsa3072),
            Self::Rsa { bits: 4096 } => Some(KeyAlgorithm::Rsa4096),
            Self::Rsa { .. } => None,
            Self::MlDsa44 => Some(KeyAlgorithm::MlDsa44),
            Self::MlDsa65 => Some(KeyAlgorithm::MlDsa65),
            Self::MlDsa87 => Some(KeyAlgorithm::MlDsa87),
        }
    }

    /// The kind of a key that is in use, however bad it is; `None` where it is none of these.
    pub fn of(public_key_info: &[u8]) -> Option<Self> {
        let rsa = rsa_key(public_key_info).and_then(|key| u32::try_from(key.modulus.bits()).ok());
        let other = || SubjectPublicKey::from_der(public_key_info).ok().map(|key| key.kind());
        rsa.map(|bits| Self::Rsa { bits }).or_else(other)
    }

    /// The name in records and on the command line: `p256`, `rsa-2048`. Where there is a [`KeyAlgorithm`], it is that one's.
    pub fn name(self) -> String {
        match self {
            Self::Rsa { bits } => format!("rsa-{bits}"),
            other => other.algorithm().map(|algorithm| algorithm.name().to_owned()).unwrap_or_default(),
        }
    }
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::MlDsa44 => f.write_str("ML-DSA-44"),
            Self::MlDsa65 => f.write_str("ML-DSA-65"),
            Self::MlDsa87 => f.write_str("ML-DSA-87"),
        }
    }
}

impl std::str::FromStr for KeyKind {
    type Err = UnknownKeyKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(bits) = text.strip_prefix("rsa-") {
            let plain = !bits.is_empty()
                && bits.bytes().all(|digit| digit.is_ascii_digit())
                && !bits.starts_with('0');
            return bits.parse().ok().filter(|_| plain).map(|bits| Self::Rsa { bits }).ok_or(UnknownKeyKind);
        }
        Self::FIXED.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKeyKind)
    }
}

impl TryFrom<String> for KeyKind {
    type Error = UnknownKeyKind;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<KeyKind> for String {
    fn from(kind: KeyKind) -> Self {
        kind.name()
    }
}

/// Not a name of [`KeyKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown kind of key: write p256, p384, ed25519, ml-dsa-44, ml-dsa-65, ml-dsa-87, or rsa- and the bits: rsa-2048"
)]
pub struct UnknownKeyKind;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in
            KeyKind::FIXED.into_iter().chain([KeyKind::Rsa { bits: 2048 }, KeyKind::Rsa { bits: 3071 }])
        {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        for wrong in ["", "rsa", "rsa-", "rsa-+5", "rsa-0512", "RSA-2048", "p-256", "rsa-99999999999"] {
            assert_eq!(wrong.parse::<KeyKind>(), Err(UnknownKeyKind), "{wrong}");
        }
    }
}
