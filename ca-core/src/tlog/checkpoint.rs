//! Checkpoints: a log's signed statement of its tree at a size (C2SP tlog-checkpoint).
//!
//! Read as a [`SignedCheckpoint`], which says nothing yet; verifying consumes it and gives a [`VerifiedCheckpoint`].

use super::decimal;
use super::hash::Hash;
use super::note::{NoteError, NoteSigner, SignError, Signature, SignatureKind, SignedNote, VerifierKey};
use super::tree::TreeHead;

/// The name of a log in its checkpoints: one line of any text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Origin {
    type Err = CheckpointError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        // tlog-checkpoint, "Note text": "The origin MUST be non-empty"; that it be a URL is "only a recommendation".
        let control = |octet: u8| octet < 0x20;
        if line.is_empty() || line.bytes().any(control) {
            return Err(CheckpointError::Origin);
        }
        Ok(Self(line.to_owned()))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    head: TreeHead,
    extensions: Vec<String>,
}

/// A text that is no checkpoint, or not the log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// No origin.
    #[error("a checkpoint's origin is one line that is not empty")]
    Origin,
    /// Not the lines that a checkpoint has.
    #[error("a checkpoint has an origin, a size, a root and no empty lines")]
    Lines,
    /// No size of a tree.
    #[error("a checkpoint's second line is the tree's size, in decimal, below 2^63")]
    Size,
    /// No root of a tree.
    #[error("a checkpoint's third line is the tree's root, 32 octets in base64")]
    Root,
    /// Another log's.
    #[error("the checkpoint is of {found}, not of {expected}")]
    OtherLog {
        /// The log that it should be of.
        expected: Origin,
        /// The log that it says it is of.
        found: Origin,
    },
}

impl Checkpoint {
    /// That the log's tree is this one. Without extension lines, whose use is not recommended.
    ///
    /// # Errors
    /// The size is 2^63 or more.
    pub fn new(origin: Origin, head: TreeHead) -> Result<Self, CheckpointError> {
        if i64::try_from(head.size).is_err() {
            return Err(CheckpointError::Size);
        }
        Ok(Self { origin, head, extensions: Vec::new() })
    }

    /// Reads a note's text.
    fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        // tlog-checkpoint, "Note text": "a sequence of at least three non-empty lines, separated by newlines".
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::Lines);
        let origin = line()?.parse()?;
        // "[…] the ASCII decimal representation of the number of leaves in the tree, with no leading zeroes". The
        // other implementations hold it in a signed integer of 64 bits.
        let size = decimal::parse(line()?).ok_or(CheckpointError::Size)?;
        // "[…] the base64 encoding of the root of the RFC 6962 Merkle hash tree at the specified tree size".
        let root = Hash::from_base64(line()?).ok_or(CheckpointError::Root)?;
        // "Extension lines, if any, MUST be non-empty."
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Lines);
        }
        Ok(Self { extensions, ..Self::new(origin, TreeHead { size, root })? })
    }

    /// Signs it, as the log.
    ///
    /// The caller keeps what tlog-checkpoint, "Signatures" asks for: "A log MUST not sign any checkpoint which is
    /// inconsistent with any checkpoint it previously signed."
    ///
    /// # Errors
    /// The key could not be used.
    pub fn sign(self, signer: &NoteSigner) -> Result<SignedCheckpoint, SignError> {
        let note = SignedNote::sign(self.to_string(), signer)?;
        Ok(SignedCheckpoint { checkpoint: self, note })
    }

    /// The log.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The tree.
    pub const fn head(&self) -> &TreeHead {
        &self.head
    }

    /// Further lines, which nobody audits.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// The note's text.
impl std::fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { origin, head: TreeHead { size, root }, extensions } = self;
        writeln!(f, "{origin}\n{size}\n{}", root.to_base64())?;
        extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A log that is known: its origin and the keys it signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    origin: Origin,
    keys: Vec<VerifierKey>,
}

/// No key a log can be known by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// No key.
    #[error("a log is known by at least one key")]
    NoKey,
    /// A key for cosignatures, which a witness makes.
    #[error("{0} is a witness's key, not a log's")]
    WitnessKey(VerifierKey),
}

impl Log {
    /// The log with this origin, which signs with any of these keys (several while it goes from one to the next).
    ///
    /// # Errors
    /// No key, or one that makes cosignatures.
    pub fn new(origin: Origin, keys: Vec<VerifierKey>) -> Result<Self, LogError> {
        if keys.is_empty() {
            return Err(LogError::NoKey);
        }
        match keys.iter().find(|key| key.kind() != SignatureKind::Ed25519) {
            Some(key) => Err(LogError::WitnessKey(key.clone())),
            None => Ok(Self { origin, keys }),
        }
    }

    /// The log whose origin is its key's name.
    ///
    /// # Errors
    /// The key makes cosignatures.
    pub fn named_by(key: VerifierKey) -> Result<Self, LogError> {
        // tlog-checkpoint, "Signatures": "The log’s key name in its signature line SHOULD match the origin line."
        Self::new(Origin(key.name().as_str().to_owned()), vec![key])
    }

    /// Its origin.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its keys.
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }
}

/// A checkpoint whose signatures nobody has verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// The octets are no signed note, or its text is no checkpoint.
    pub fn parse(octets: &[u8]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(octets)?;
        Ok(Self { checkpoint: Checkpoint::parse_text(note.text())?, note })
    }

    /// The log that it says it is of.
    pub const fn claimed_origin(&self) -> &Origin {
        self.checkpoint.origin()
    }

    /// The tree that it says the log has.
    pub const fn claimed_head(&self) -> &TreeHead {
        self.checkpoint.head()
    }

    /// Verifies that the log said this. Other signatures under it are kept, and prove nothing yet.
    ///
    /// # Errors
    /// It is another log's, none of the log's keys signed, or a signature under one of their names is wrong.
    pub fn verify(self, log: &Log) -> Result<VerifiedCheckpoint, CheckpointError> {
        let Self { checkpoint, note } = self;
        if checkpoint.origin != log.origin {
            return Err(CheckpointError::OtherLog { expected: log.origin.clone(), found: checkpoint.origin });
        }
        let by_log = note.verify(&log.keys)?.into_iter().cloned().collect();
        Ok(VerifiedCheckpoint { checkpoint, note, by_log })
    }
}

/// The note's octets.
impl std::fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.note.fmt(f)
    }
}

/// A checkpoint that the log signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
    by_log: Vec<Signature>,
}

impl VerifiedCheckpoint {
    /// What it says.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The tree.
    pub const fn head(&self) -> &TreeHead {
        &self.checkpoint.head
    }

    /// The note, with all its signatures.
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }

    /// The note with the log's signatures only.
    pub fn without_others(&self) -> SignedNote {
        self.note.reduced_to(self.by_log.clone())
    }

    pub(super) fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        self.note.add(signature)
    }
}

/// The note's octets, with all its signatures.
impl std::fmt::Display for VerifiedCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests;
