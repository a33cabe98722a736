//! How a key is named without being shown.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::certificate::CertificateRecord;
use crate::key_quality::{rsa, rsa_key};
use crate::storage::StorageError;

/// SHA-256 of a DER SubjectPublicKeyInfo; as text, 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpkiDigest(pub [u8; 32]);

impl SpkiDigest {
    /// The digest of a key.
    pub fn of(public_key_info: &[u8]) -> Self {
        let mut octets = [0; 32];
        octets.copy_from_slice(digest(&SHA256, public_key_info).as_ref());
        Self(octets)
    }

    /// The digest of a certificate's key.
    ///
    /// # Errors
    /// The record has none, which no record of ours lacks.
    pub fn of_record(record: &CertificateRecord) -> Result<Self, StorageError> {
        let missing =
            |_| StorageError(format!("the record of certificate {} has no digest of its key", record.serial));
        record.key_sha256.parse().map_err(missing)
    }
}

impl fmt::Display for SpkiDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl TryFrom<String> for SpkiDigest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        text.parse()
    }
}

impl From<SpkiDigest> for String {
    fn from(digest: SpkiDigest) -> Self {
        digest.to_string()
    }
}

impl FromStr for SpkiDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        match text.parse()? {
            KeyDigest::Spki(digest) => Ok(digest),
            KeyDigest::DebianModulus(_) => Err(InvalidDigest),
        }
    }
}

/// A digest by which keys are published as compromised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyDigest {
    /// SHA-256 of the SubjectPublicKeyInfo: 64 hexadecimal digits, or base64 as in RFC 7469 pins.
    Spki(SpkiDigest),
    /// The last 80 bits of the SHA-1 of `Modulus=…` as `openssl rsa -modulus` writes it: 20 hexadecimal digits, as in
    /// the lists of Debian's packages openssl-blacklist and openssl-blacklist-extra about CVE-2008-0166.
    DebianModulus([u8; 10]),
}

impl KeyDigest {
    /// Every digest of a key that it can be blocked by.
    pub fn all_of(public_key_info: &[u8]) -> Vec<Self> {
        let debian = rsa_key(public_key_info).map(|key| Self::debian_modulus(&key));
        std::iter::once(Self::Spki(SpkiDigest::of(public_key_info))).chain(debian).collect()
    }

    /// The digest of Debian's lists. SHA-1 only names a published key here; nothing relies on its collisions.
    pub fn debian_modulus(key: &rsa::RsaKey) -> Self {
        let line = format!("Modulus={:X}\n", key.modulus);
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, line.as_bytes());
        let mut last = [0; 10];
        last.copy_from_slice(sha1.as_ref().get(10..).unwrap_or(&[0; 10]));
        Self::DebianModulus(last)
    }

    /// The octets; their number tells which digest it is.
    pub const fn octets(&self) -> &[u8] {
        match self {
            Self::Spki(digest) => &digest.0,
            Self::DebianModulus(digest) => digest,
        }
    }

    /// The digest of these octets; nothing when no digest has so many.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let debian = || octets.try_into().map(Self::DebianModulus).ok();
        octets.try_into().map(|digest| Self::Spki(SpkiDigest(digest))).ok().or_else(debian)
    }
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.octets()))
    }
}

impl FromStr for KeyDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let plain: String = text.trim().chars().filter(|character| *character != ':').collect();
        let plain = plain.strip_prefix("sha256/").unwrap_or(&plain);
        let octets = match plain.len() {
            20 | 64 => hex::decode(plain).ok(),
            // RFC 4648: 32 octets are 43 characters and a padding one.
            43 | 44 => {
                let padded = format!("{}=", plain.trim_end_matches('='));
                STANDARD.decode(&padded).or_else(|_| URL_SAFE.decode(&padded)).ok()
            }
            _ => None,
        };
        octets.and_then(|octets| Self::from_octets(&octets)).ok_or(InvalidDigest)
    }
}

/// Text is no digest of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key is named by the SHA-256 of its SubjectPublicKeyInfo: 64 hexadecimal digits, or base64; RSA keys also by the 20 \
     hexadecimal digits of Debian's lists of weak keys"
)]
pub struct InvalidDigest;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_way_of_writing_a_digest_is_read() {
        let digest = KeyDigest::Spki(SpkiDigest::of(b"a key"));
        let colons: Vec<String> = digest.octets().iter().map(|octet| format!("{octet:02X}")).collect();
        let base64 = STANDARD.encode(digest.octets());
        let url = URL_SAFE.encode(digest.octets());
        for text in [
            digest.to_string(),
            digest.to_string().to_uppercase(),
            colons.join(":"),
            base64.clone(),
            format!("sha256/{base64}"),
            base64.trim_end_matches('=').to_owned(),
            url,
            format!(" {digest}\r"),
        ] {
            assert_eq!(text.parse(), Ok(digest), "{text}");
        }
        let debian: KeyDigest = "00000c4b3d9e2a5f6b7c".parse().unwrap();
        assert_eq!(debian.to_string(), "00000c4b3d9e2a5f6b7c");
        for text in ["", "00", "zz", &"0".repeat(63), &"g".repeat(64), &"0".repeat(40)] {
            assert_eq!(text.parse::<KeyDigest>(), Err(InvalidDigest), "{text}");
        }
    }
}
