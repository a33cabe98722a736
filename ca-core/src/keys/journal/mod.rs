//! The journal of signatures: an entry for each use of a CA's key, made durable before the key is used.
//!
//! The ledger says what a CA meant to sign; the journal, which stands beside the key and not in the store, says what its
//! key was asked to sign. Held against each other (see [`crate::ledger::signatures`]) they show a signature that nobody
//! meant, which is how DigiNotar's intruders stayed unseen for weeks. What bypasses npki, and speaks to the token itself,
//! no journal sees.
//!
//! One file for each key and node, lines of fixed width after a first one that says whose it is:
//!
//! ```text
//! npki-signatures/1 journal=ID ca=issuing node=alpha key=SHA-256-OF-SPKI begun=2026-11-24T16:53:13.000000Z
//! 000000000001 2026-11-24T16:53:14.120331Z SHA-256-OF-MESSAGE CHAIN
//! ```
//!
//! CHAIN is SHA-256 over the chain before it and the line's first three fields; the first chain is SHA-256 over the first
//! line. CRLs' events in the ledger carry the number of entries and the chain, so that a journal which was cut short or
//! written anew is found out.

mod entry;
mod file;
mod header;
mod reader;
mod signer;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::certificate::CaId;
use crate::clock::EntropyError;
use crate::fingerprint::is_hex;
use crate::ledger::{Action, Actor, Ledger};
use crate::storage::{Change, CommitError, Store};

pub use entry::Entry;
pub use file::SignatureJournal;
pub use header::{JournalHeader, NodeName, UnfitNodeName};
pub use reader::{JournalReader, Line};
pub use signer::JournalledSigner;

/// A journal of signatures was begun: from here on each use of this CA's key on this node has an entry.
pub const JOURNAL_BEGUN: Action = Action::named("signatures.journal-begun");

/// A detail of [`JOURNAL_BEGUN`] and of each event with a [`JournalMark`]: the journal's identifier.
pub const JOURNAL: &str = "journal";
/// A detail of each event with a [`JournalMark`]: how many entries the journal has.
pub const SIGNATURES: &str = "signatures";
/// A detail of each event with a [`JournalMark`]: the chain at the last of these entries.
pub const JOURNAL_CHAIN: &str = "journal-chain";
/// A detail of [`JOURNAL_BEGUN`]: the node.
pub const NODE: &str = "node";
/// A detail of [`JOURNAL_BEGUN`]: SHA-256 of the key's SubjectPublicKeyInfo.
pub const KEY: &str = "key-sha256";

/// SHA-256 of something; lower-case hexadecimal where it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `octets`.
    pub fn of(octets: &[u8]) -> Self {
        Self::of_parts(&[octets])
    }

    fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        parts.iter().for_each(|part| context.update(part));
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest)?;
        Ok(Self(digest))
    }
}

impl TryFrom<String> for Digest {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// A journal's identifier: 16 random octets, lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JournalId(String);

impl JournalId {
    /// The identifier of this text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        is_hex(text, 32).then(|| Self(text.to_owned()))
    }

    fn of(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }
}

impl std::fmt::Display for JournalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a journal has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalMark {
    /// Which journal.
    pub journal: JournalId,
    /// How many entries it has.
    pub count: u64,
    /// The chain at the last of them.
    pub chain: Digest,
}

impl JournalMark {
    /// Writes the mark into an event, so that the ledger remembers it.
    #[must_use]
    pub fn into_event(self, event: crate::ledger::Event) -> crate::ledger::Event {
        event
            .with(JOURNAL, self.journal.to_string())
            .with(SIGNATURES, self.count.to_string())
            .with(JOURNAL_CHAIN, self.chain.to_string())
    }

    /// The mark in an event, if there is one.
    pub fn of_event(event: &crate::ledger::Event) -> Option<Self> {
        let detail = |name| event.detail.get(name);
        Some(Self {
            journal: JournalId::parse(detail(JOURNAL)?)?,
            count: detail(SIGNATURES)?.parse().ok()?,
            chain: detail(JOURNAL_CHAIN)?.parse().ok()?,
        })
    }
}

/// Has the ledger know of a journal before its first entry. Does nothing once it has entries.
///
/// # Errors
/// The event could not be committed.
pub fn announce(
    journal: &SignatureJournal,
    store: &dyn Store,
    ledger: &Ledger,
    actor: &Actor,
) -> Result<(), AnnounceError> {
    if journal.mark().count > 0 {
        return Ok(());
    }
    let header = journal.header();
    let event = ledger
        .event(actor, JOURNAL_BEGUN, format!("ca:{}", header.ca))?
        .with(JOURNAL, header.journal.to_string())
        .with(NODE, header.node.as_str())
        .with(KEY, header.key.to_string());
    store.commit(Change::new().explained_by(&event))?;
    Ok(())
}

/// The ledger was not told of a journal.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The event could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Where a journal is, and whose uses of which key it notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPlace {
    /// The folder of journals.
    pub folder: PathBuf,
    /// The CA.
    pub ca: CaId,
    /// The node.
    pub node: NodeName,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub key: Digest,
}

impl JournalPlace {
    /// The journal's file: `CA@NODE-KEY.journal`, with the first octets of the key's digest.
    pub fn path(&self) -> PathBuf {
        let key: String = self.key.to_string().chars().take(16).collect();
        self.folder.join(format!("{}@{}-{key}.journal", self.ca, self.node.as_str()))
    }
}

/// A journal could not be opened, read or written; then the key is not used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The file could not be read or written.
    #[error("the journal of signatures {}: {said}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        said: String,
    },
    /// The file is no journal, or another's.
    #[error("{} is not the journal of this key: {why}; put it aside, where auditors find it", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another process writes it.
    #[error(
        "another process writes the journal of signatures {}: one process for each data directory, and a name of its own \
         for each node", .0.display()
    )]
    Held(PathBuf),
    /// No randomness for its identifier.
    #[error("no randomness for a journal's identifier")]
    Entropy,
    /// It failed before. Until the journal is opened again, nothing is signed.
    #[error("the journal of signatures {} failed before, so the key is not used", .0.display())]
    Stopped(PathBuf),
}

impl JournalError {
    fn file(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::File { path: path.clone(), said: error.to_string() }
    }
}

#[cfg(test)]
mod tests;
