//! Cosignatures: a witness's statement that a log's tree only ever grew (C2SP tlog-cosignature, Ed25519).

use std::sync::Arc;

use time::OffsetDateTime;

use super::checkpoint::VerifiedCheckpoint;
use super::note::{KeyName, NoteError, NoteKeyError, Signature, SignatureKind, SignedNote, VerifierKey};
use crate::clock::Clock;
use crate::keys::{KeyError, Signer};

/// A `timestamped_signature`: 8 octets of time, 64 of Ed25519.
const SIGNATURE: usize = 72;

/// What is signed: the time and the checkpoint's text.
pub(super) fn message(time: u64, text: &str) -> Vec<u8> {
    // tlog-cosignature, "Ed25519 signed message": "two newline terminated lines (one header line and one timestamp
    // line) followed by the whole note body of the cosigned checkpoint (including the final newline […])".
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// The time and the Ed25519 signature in a `timestamped_signature`.
pub(super) fn split(octets: &[u8]) -> Option<(u64, &[u8])> {
    // tlog-cosignature, "Format": "struct { u64 timestamp; […] opaque ed25519_signature[64]; }".
    if octets.len() != SIGNATURE {
        return None;
    }
    let (time, signature) = octets.split_first_chunk::<8>()?;
    let time = u64::from_be_bytes(*time);
    // "It MUST NOT exceed 2^63 - 1".
    i64::try_from(time).is_ok().then_some((time, signature))
}

/// A key that cosigns checkpoints. It must sign nothing else.
#[derive(Debug, Clone)]
pub struct Cosigner {
    key: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl Cosigner {
    /// Gives a signing key the name its cosignatures will show.
    ///
    /// tlog-cosignature, "Ed25519 signed message": "A cosigner operator that operates multiple Ed25519 cosigners […]
    /// MUST use distinct public keys for each cosigner."
    ///
    /// # Errors
    /// It is not an Ed25519 key.
    pub fn new(name: KeyName, signer: Arc<dyn Signer>) -> Result<Self, NoteKeyError> {
        let key = VerifierKey::of_signer(name, SignatureKind::CosignatureV1, signer.as_ref())?;
        Ok(Self { key, signer })
    }

    /// The key to verify with.
    pub const fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    /// Says that, as of now, this is the largest tree of its log that this witness saw, and consistent with all that it
    /// saw before. The caller has made sure of it, and that nothing larger is cosigned meanwhile.
    ///
    /// # Errors
    /// The clock stands before 1970, or the key could not be used.
    pub fn cosign(
        &self,
        checkpoint: &VerifiedCheckpoint,
        clock: &dyn Clock,
    ) -> Result<Signature, CosignError> {
        let time = u64::try_from(clock.now().unix_timestamp()).map_err(|_| CosignError::Clock)?;
        let signature = self.signer.sign(&message(time, checkpoint.note().text()))?;
        let mut octets = time.to_be_bytes().to_vec();
        octets.extend_from_slice(&signature);
        Ok(Signature::by(&self.key, octets))
    }
}

/// A checkpoint could not be cosigned.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// The clock stands before 1970.
    #[error("the clock stands before 1970")]
    Clock,
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A cosignature that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: KeyName,
    /// When the witness said so. Nothing keeps it from lying in the future.
    pub time: OffsetDateTime,
}

impl Cosignature {
    /// What a verified signature says.
    fn of(signature: &Signature) -> Option<Self> {
        let (time, _) = split(signature.octets())?;
        let time = OffsetDateTime::from_unix_timestamp(i64::try_from(time).ok()?).ok()?;
        Some(Self { witness: signature.name().clone(), time })
    }
}

/// Which witnesses are trusted, and how many of them must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessPolicy {
    witnesses: Vec<VerifierKey>,
    quorum: usize,
}

/// Witnesses that make no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A key that makes no cosignatures.
    #[error("{0} is not a witness's key")]
    NotAWitness(VerifierKey),
    /// A witness that stands there twice, by its name or by its key.
    #[error("{0} stands for a witness that is named already")]
    Twice(VerifierKey),
    /// More witnesses asked for than there are.
    #[error("{quorum} of {witnesses} witnesses cannot be had")]
    Quorum {
        /// How many must cosign.
        quorum: usize,
        /// How many there are.
        witnesses: usize,
    },
}

/// Not enough witnesses, or a cosignature that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The lines are no signatures, or a signature under a witness's name is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A time that no calendar has.
    #[error("the cosignature of {0} has a time beyond the year 9999")]
    Time(KeyName),
    /// Fewer witnesses than the policy asks for.
    #[error("only {} of the {quorum} witnesses needed have cosigned", .by.len())]
    NoQuorum {
        /// Those who did.
        by: Vec<Cosignature>,
        /// How many must.
        quorum: usize,
    },
}

impl WitnessPolicy {
    /// At least `quorum` of these witnesses must have cosigned; 0 asks for none.
    ///
    /// # Errors
    /// A key is not a witness's, a witness is named twice, or there are fewer than `quorum`.
    pub fn new(witnesses: Vec<VerifierKey>, quorum: usize) -> Result<Self, PolicyError> {
        for (at, key) in witnesses.iter().enumerate() {
            if key.kind() != SignatureKind::CosignatureV1 {
                return Err(PolicyError::NotAWitness(key.clone()));
            }
            // The signed message does not have the witness's name in it: one cosignature would count for two.
            let same =
                |other: &VerifierKey| other.name() == key.name() || other.public_key() == key.public_key();
            if witnesses[..at].iter().any(same) {
                return Err(PolicyError::Twice(key.clone()));
            }
        }
        if quorum > witnesses.len() {
            return Err(PolicyError::Quorum { quorum, witnesses: witnesses.len() });
        }
        Ok(Self { witnesses, quorum })
    }

    /// The witnesses' keys.
    pub fn witnesses(&self) -> &[VerifierKey] {
        &self.witnesses
    }

    /// How many of them must have cosigned.
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// Which of the witnesses cosigned this checkpoint, if they are enough.
    ///
    /// # Errors
    /// They are too few, or a cosignature under the name of one of them is wrong.
    pub fn verify(&self, checkpoint: &VerifiedCheckpoint) -> Result<Vec<Cosignature>, CosignatureError> {
        let by = self.cosignatures(checkpoint.note())?.into_iter().map(|(_, said)| said).collect::<Vec<_>>();
        if by.len() < self.quorum {
            return Err(CosignatureError::NoQuorum { by, quorum: self.quorum });
        }
        Ok(by)
    }

    /// Adds the cosignatures in a witness's answer to a checkpoint, if they are right and of witnesses that have not
    /// cosigned it yet. Gives those that were added; lines of others are ignored.
    ///
    /// # Errors
    /// The answer is no signature lines, or a cosignature under a witness's name is wrong; nothing is added.
    pub fn collect(
        &self,
        checkpoint: &mut VerifiedCheckpoint,
        answer: &[u8],
    ) -> Result<Vec<Cosignature>, CosignatureError> {
        // tlog-witness, "add-checkpoint": "the client MAY concatenate it to the checkpoint, and use a note verification
        // function configured with the witness keys it trusts. If that call succeeds, it can move the valid signatures
        // to its own view of the checkpoint."
        let note = SignedNote::parse(&[checkpoint.without_others().to_string().as_bytes(), answer].concat())?;
        let mut added = Vec::new();
        for (signature, said) in self.cosignatures(&note)? {
            let same = |other: &Signature| other.name() == signature.name() && other.id() == signature.id();
            if !checkpoint.note().signatures().iter().any(same) {
                checkpoint.add(signature.clone())?;
                added.push(said);
            }
        }
        Ok(added)
    }

    fn cosignatures<'a>(
        &self,
        note: &'a SignedNote,
    ) -> Result<Vec<(&'a Signature, Cosignature)>, CosignatureError> {
        let verified = match note.verify(&self.witnesses) {
            Err(NoteError::NoKnownSignature) => Vec::new(),
            other => other?,
        };
        let read = |signature: &'a Signature| {
            let said = Cosignature::of(signature);
            said.map(|said| (signature, said)).ok_or_else(|| CosignatureError::Time(signature.name().clone()))
        };
        verified.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests;
