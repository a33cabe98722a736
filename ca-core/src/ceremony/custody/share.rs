//! One holder's share, and its written form.
//!
//! A share that is protected by its holder's passphrase is masked with a key stream that argon2id derives from it: the
//! written form is no longer than an open one, and the commitment in the record tells whether the passphrase was right.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::SecretKind;
use super::groups::{self, TypingError};
use super::record::{CustodyRecord, HeldShare};
use crate::ceremony::sha256;

/// The form of a written share.
const FORMAT: u8 = 1;
/// Octets of a written share before its value: format, four of the round, index, threshold.
const HEADER: usize = 7;
/// Octets of its checksum.
const CHECKSUM: usize = 3;
/// What one guess of a holder's passphrase costs: 64 MiB, 3 passes (RFC 9106 section 4, on one lane).
const COST: (u32, u32, u32) = (64 * 1024, 3, 1);

/// One holder's share, wiped when it is dropped.
#[derive(Clone)]
pub struct Share {
    pub(super) index: u8,
    pub(super) value: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Share {
    /// Which holder's it is, counted from 1 in the record's order.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// The written form: what its holder keeps, on paper or in a file. `passphrase` is asked for where the record says
    /// that the share is protected.
    ///
    /// # Errors
    /// The record knows no such holder, or the passphrase is missing or cannot be used.
    pub fn written(
        &self,
        record: &CustodyRecord,
        passphrase: Option<&str>,
    ) -> Result<Zeroizing<String>, ShareError> {
        let held = record.held(self.index).ok_or(ShareError::OtherCeremony)?;
        let mut payload = header(record, self.index);
        payload.extend_from_slice(&masked(record, held, &self.value, passphrase)?);
        let checksum = checksum(record, held, &payload);
        payload.extend_from_slice(&checksum);
        let title = format!(
            "# Key share of ceremony {}, CA {}\n# Holder: {}, share {} of {}; {} are needed{}\n",
            record.ceremony,
            record.ca,
            held.holder,
            held.index,
            record.holders.len(),
            record.threshold,
            if held.protected { "; protected by the holder's passphrase" } else { "" },
        );
        Ok(Zeroizing::new(title + &groups::lines(&payload)))
    }

    /// Reads what a holder kept, and proves it to be the share that the record commits to.
    ///
    /// # Errors
    /// Mistyped, of another ceremony, another holder's, altered, or the passphrase is wrong.
    pub fn read(
        text: &str,
        record: &CustodyRecord,
        held: &HeldShare,
        passphrase: Option<&str>,
    ) -> Result<Self, ShareError> {
        let payload = groups::parse(text, written_octets(record.kind))?;
        let (content, found) =
            payload.split_at_checked(payload.len() - CHECKSUM).ok_or(ShareError::OtherCeremony)?;
        let (head, value) = content.split_at_checked(HEADER).ok_or(ShareError::OtherCeremony)?;
        let expected = header(record, held.index);
        if head != expected.as_slice() {
            return Err(told_apart(record, held, head));
        }
        if found != checksum(record, held, content) {
            return Err(ShareError::Mistyped { holder: held.holder.clone() });
        }
        let value = Zeroizing::new(masked(record, held, value, passphrase)?.to_vec());
        let share = Self { index: held.index, value };
        if !held.commits_to(&share) {
            return Err(match held.protected {
                true => ShareError::WrongPassphrase { holder: held.holder.clone() },
                false => ShareError::Altered { holder: held.holder.clone() },
            });
        }
        Ok(share)
    }
}

const fn written_octets(kind: SecretKind) -> usize {
    HEADER + kind.octets() + CHECKSUM
}

fn header(record: &CustodyRecord, index: u8) -> Zeroizing<Vec<u8>> {
    let mut header = vec![FORMAT];
    header.extend(record.round.iter().take(4));
    header.extend([index, record.threshold]);
    Zeroizing::new(header)
}

/// What makes a header another: another version, another splitting, another holder.
fn told_apart(record: &CustodyRecord, held: &HeldShare, head: &[u8]) -> ShareError {
    let round = head.get(1..5).unwrap_or_default();
    let found = head.get(5).and_then(|index| record.held(*index));
    match found {
        Some(other) if record.round.starts_with(round) && other.index != held.index => {
            ShareError::OtherHolder { expected: held.holder.clone(), found: other.holder.clone() }
        }
        _ => ShareError::OtherCeremony,
    }
}

/// Binds the written form to ceremony and holder as well.
fn checksum(record: &CustodyRecord, held: &HeldShare, content: &[u8]) -> Vec<u8> {
    let bound = [record.ceremony.as_str().as_bytes(), &[0], held.holder.as_bytes(), &[0], content];
    sha256(&bound.concat()).iter().copied().take(CHECKSUM).collect()
}

/// Masks, or unmasks, a value with the passphrase's key stream; an open share stays as it is.
fn masked(
    record: &CustodyRecord,
    held: &HeldShare,
    value: &[u8],
    passphrase: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, ShareError> {
    if !held.protected {
        return Ok(Zeroizing::new(value.to_vec()));
    }
    let missing = || ShareError::NoPassphrase { holder: held.holder.clone() };
    let passphrase = passphrase.filter(|text| !text.is_empty()).ok_or_else(missing)?;
    let (memory, passes, lanes) = COST;
    let mut stream = Zeroizing::new(vec![0; value.len()]);
    // The salt is random and of this share alone: a stream is never used for two values.
    let salt = [record.round.as_slice(), &[held.index], held.salt.as_slice()].concat();
    Params::new(memory, passes, lanes, Some(value.len()))
        .and_then(|params| {
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                passphrase.as_bytes(),
                &salt,
                &mut stream,
            )
        })
        .map_err(|_| missing())?;
    Ok(Zeroizing::new(value.iter().zip(stream.iter()).map(|(value, key)| value ^ key).collect()))
}

/// A share was not accepted. Says whose, where that can be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// A group was mistyped.
    #[error(transparent)]
    Typing(#[from] TypingError),
    /// Each group fits, and all of them together do not.
    #[error("the share of {holder} is mistyped, or was altered: its checksum does not fit")]
    Mistyped {
        /// Whose.
        holder: String,
    },
    /// It belongs to another splitting: another ceremony, or one that was begun again.
    #[error("this share is of another ceremony, or of a splitting that was given up")]
    OtherCeremony,
    /// Another holder's share.
    #[error("this is the share of {found}, not of {expected}")]
    OtherHolder {
        /// Whose was asked for.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// It is not the one that was handed out.
    #[error("the share of {holder} was altered: it is not the one that was handed out")]
    Altered {
        /// Whose.
        holder: String,
    },
    /// The passphrase that protects it is wrong, or it was altered: the two cannot be told apart.
    #[error("the passphrase of {holder} is wrong, or the share was altered")]
    WrongPassphrase {
        /// Whose.
        holder: String,
    },
    /// The share is protected, and no passphrase was given.
    #[error("the share of {holder} is protected by a passphrase, which is missing")]
    NoPassphrase {
        /// Whose.
        holder: String,
    },
    /// Too few shares, or one twice.
    #[error("{found} different shares are there, {needed} are needed")]
    TooFew {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: u8,
    },
}
