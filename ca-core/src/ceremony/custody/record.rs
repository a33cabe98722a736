//! Who holds what: the public record of a splitting.

use serde::{Deserialize, Serialize};

use super::share::{Share, ShareError};
use super::{Secret, SecretKind, shamir};
use crate::ceremony::{CeremonyId, sha256};
use crate::certificate::CaId;
use crate::clock::{Entropy, EntropyError};
use crate::storage::StorageError;

/// The form of the record.
const FORMAT: u32 = 1;
/// The most holders. A ceremony with more is not one that people can conduct.
const MOST_HOLDERS: usize = 16;

/// Somebody who is to hold a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name, as in the script.
    pub name: String,
    /// Whether the share is protected by a passphrase of the holder's own.
    pub protected: bool,
}

/// The public record of a splitting: who holds a share, and a commitment to each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyRecord {
    format: u32,
    /// The ceremony in which the secret was split.
    pub ceremony: CeremonyId,
    /// The CA whose key it opens.
    pub ca: CaId,
    /// What was split.
    pub kind: SecretKind,
    /// 64 random bits that tell this splitting apart from any other.
    #[serde(with = "crate::ceremony::as_hex")]
    pub round: Vec<u8>,
    /// How many shares it takes.
    pub threshold: u8,
    /// Who holds the shares, in the order of their indexes.
    pub holders: Vec<HeldShare>,
}

/// One holder's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldShare {
    /// The share's index, from 1.
    pub index: u8,
    /// The holder's name.
    pub holder: String,
    /// Whether a passphrase of the holder's protects the share.
    pub protected: bool,
    /// 128 random bits.
    #[serde(with = "crate::ceremony::as_hex")]
    pub salt: Vec<u8>,
    /// SHA-256 over salt, index and the share's value: the value has too many random bits to be guessed.
    #[serde(with = "crate::ceremony::as_hex")]
    pub commitment: Vec<u8>,
}

impl HeldShare {
    pub(super) fn commits_to(&self, share: &Share) -> bool {
        // Not a secret comparison: the commitment is public, and an attempt tells nothing about the share.
        self.index == share.index && commitment(&self.salt, share) == self.commitment
    }
}

fn commitment(salt: &[u8], share: &Share) -> Vec<u8> {
    let input = zeroize::Zeroizing::new([salt, &[share.index], share.value.as_slice()].concat());
    sha256(&input)
}

impl CustodyRecord {
    /// Splits a secret among its holders.
    ///
    /// # Errors
    /// The numbers do not make a custody, or no randomness.
    pub fn split(
        secret: &Secret,
        ceremony: CeremonyId,
        ca: CaId,
        threshold: u8,
        holders: &[Holder],
        entropy: &dyn Entropy,
    ) -> Result<(Self, Vec<Share>), SplitError> {
        let count = u8::try_from(holders.len()).unwrap_or(u8::MAX);
        if threshold < 2 || threshold > count || holders.len() > MOST_HOLDERS {
            return Err(SplitError::Numbers { threshold, holders: holders.len() });
        }
        let mut round = vec![0; 8];
        entropy.fill(&mut round)?;
        let values = shamir::split(&secret.octets, threshold, count, entropy)?;
        let mut record =
            Self { format: FORMAT, ceremony, ca, kind: secret.kind, round, threshold, holders: Vec::new() };
        let mut shares = Vec::new();
        for ((index, value), holder) in (1..=count).zip(values).zip(holders) {
            let mut salt = vec![0; 16];
            entropy.fill(&mut salt)?;
            let share = Share { index, value };
            let commitment = commitment(&salt, &share);
            let (name, protected) = (holder.name.clone(), holder.protected);
            record.holders.push(HeldShare { index, holder: name, protected, salt, commitment });
            shares.push(share);
        }
        Ok((record, shares))
    }

    /// Puts the secret together again. Each share was proven by [`Share::read`].
    ///
    /// # Errors
    /// Too few different shares.
    pub fn combine(&self, shares: &[Share]) -> Result<Secret, ShareError> {
        let mut different: Vec<&Share> = Vec::new();
        for share in shares {
            if different.iter().all(|other| other.index != share.index) {
                different.push(share);
            }
        }
        let too_few = || ShareError::TooFew { found: different.len(), needed: self.threshold };
        if different.len() < usize::from(self.threshold) {
            return Err(too_few());
        }
        let points: Vec<(u8, &[u8])> =
            different.iter().map(|share| (share.index, share.value.as_slice())).collect();
        let octets = shamir::combine(&points).ok_or_else(too_few)?;
        Ok(Secret { kind: self.kind, octets })
    }

    /// The entry under an index.
    pub fn held(&self, index: u8) -> Option<&HeldShare> {
        self.holders.iter().find(|held| held.index == index)
    }

    /// The entry of a holder.
    pub fn of(&self, holder: &str) -> Option<&HeldShare> {
        self.holders.iter().find(|held| held.holder == holder)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// It is no record of this version.
    pub fn parse(text: &[u8]) -> Result<Self, StorageError> {
        let record: Self = serde_json::from_slice(text)
            .map_err(|error| StorageError(format!("the record of custody cannot be read: {error}")))?;
        if record.format != FORMAT {
            return Err(StorageError(format!("the record of custody has the form {}", record.format)));
        }
        Ok(record)
    }
}

/// A secret was not split.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// The numbers do not make a custody.
    #[error("{threshold} of {holders} is no custody: 2 to 16 holders, of whom at least 2 are needed")]
    Numbers {
        /// How many shares it would take.
        threshold: u8,
        /// How many holders there are.
        holders: usize,
    },
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}
