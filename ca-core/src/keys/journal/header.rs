//! A journal's first line: whose signatures it notes.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::entry::{read_time, write_time};
use super::{Digest, JournalId};
use crate::certificate::CaId;

/// What the first line begins with.
const FORMAT: &str = "npki-signatures/1";

/// The longest first line that is read, in octets.
pub(super) const MOST: usize = 512;

/// A node's name: of the machine that a journal is written on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeName(String);

impl NodeName {
    /// Takes a name as hosts have: letters, digits, hyphens and dots, at most 63, which begins with a letter or digit.
    ///
    /// # Errors
    /// Any other name.
    pub fn new(name: impl Into<String>) -> Result<Self, UnfitNodeName> {
        let name = name.into();
        let fits = (1..=63).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        if fits { Ok(Self(name)) } else { Err(UnfitNodeName) }
    }

    /// The name of a machine that has none.
    pub fn unnamed() -> Self {
        Self("node".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NodeName {
    type Error = UnfitNodeName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name)
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

impl std::fmt::Display for NodeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not a node's name.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a node's name has 1 to 63 letters, digits, hyphens and dots, and begins with a letter or a digit")]
pub struct UnfitNodeName;

/// A journal's first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalHeader {
    /// Its identifier.
    pub journal: JournalId,
    /// The CA whose key it is about.
    pub ca: CaId,
    /// The node that writes it.
    pub node: NodeName,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub key: Digest,
    /// When it was begun, UTC.
    pub begun: OffsetDateTime,
}

impl JournalHeader {
    /// The first line, with its end.
    pub(super) fn line(&self) -> String {
        let Self { journal, ca, node, key, begun } = self;
        let begun = write_time(*begun);
        format!("{FORMAT} journal={journal} ca={ca} node={node} key={key} begun={begun}\n")
    }

    /// Reads a first line with its end.
    pub(super) fn parse(line: &str) -> Result<Self, &'static str> {
        let line = line.strip_suffix('\n').ok_or("its first line has no end")?;
        let mut fields = line.split(' ');
        if fields.next() != Some(FORMAT) {
            return Err("it does not begin with npki-signatures/1");
        }
        let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix('=');
        let parsed = (|| {
            Some(Self {
                journal: JournalId::parse(field("journal")?)?,
                ca: CaId::new(field("ca")?).ok()?,
                node: NodeName::new(field("node")?).ok()?,
                key: field("key")?.parse().ok()?,
                begun: read_time(field("begun")?)?,
            })
        })();
        parsed.filter(|parsed| parsed.line().trim_end() == line).ok_or("its first line cannot be read")
    }

    /// The chain before the first entry.
    pub(super) fn chain(&self) -> Digest {
        Digest::of(self.line().as_bytes())
    }
}
