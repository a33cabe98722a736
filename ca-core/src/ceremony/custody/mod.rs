//! Custody: the one secret that opens an offline key, split so that any M of its N holders open it together and fewer
//! learn nothing.
//!
//! What is split is a key-encryption key of 256 bits, under which the software key is sealed, or the user PIN of a
//! PKCS#11 token. The [`CustodyRecord`] beside the key names the holders and commits to each share, so that a wrong
//! share is told by its holder's name before anything is combined; of the shares themselves it says nothing.

mod groups;
mod record;
mod shamir;
mod share;

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::{Entropy, EntropyError};
use crate::token::Pin;

pub use groups::TypingError;
pub use record::{CustodyRecord, HeldShare, Holder, SplitError};
pub use share::{Share, ShareError};

/// What kind of secret is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// A key of 256 bits under which a software key is sealed.
    KeyEncryptionKey,
    /// The user PIN of a PKCS#11 token: 24 characters of 120 random bits.
    TokenPin,
}

impl SecretKind {
    /// How many octets it has.
    pub const fn octets(self) -> usize {
        match self {
            Self::KeyEncryptionKey => 32,
            // 24 characters of five bits, which every token's longest PIN admits.
            Self::TokenPin => 15,
        }
    }
}

/// A secret in this process's memory, wiped when it is dropped.
#[derive(Clone)]
pub struct Secret {
    kind: SecretKind,
    octets: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Secret {
    /// Draws a new one.
    ///
    /// # Errors
    /// No randomness.
    pub fn draw(kind: SecretKind, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut octets = Zeroizing::new(vec![0; kind.octets()]);
        entropy.fill(&mut octets)?;
        Ok(Self { kind, octets })
    }

    /// What kind it is.
    pub const fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The octets under which keys are sealed: the key-encryption key, or the PIN's characters.
    pub fn passphrase(&self) -> Zeroizing<Vec<u8>> {
        match self.kind {
            SecretKind::KeyEncryptionKey => self.octets.clone(),
            SecretKind::TokenPin => Zeroizing::new(groups::characters(&self.octets).as_bytes().to_vec()),
        }
    }

    /// The PIN; `None` where it is none.
    pub fn pin(&self) -> Option<Pin> {
        (self.kind == SecretKind::TokenPin).then(|| Pin::new(groups::characters(&self.octets)))
    }
}

#[cfg(test)]
mod tests;
