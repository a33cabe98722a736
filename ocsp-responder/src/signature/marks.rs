//! What tells one signature from another, for reports.

use super::content::ContentDigest;

/// What a signature is, and what it is over, in digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureMarks {
    /// The digest of what was given, or carried, as the signed content.
    pub content: ContentDigest,
    /// The digest that the signature states of its content; `None` where it is over the content itself.
    pub stated: Option<Vec<u8>>,
    /// The digest of the octets that the signature value is over.
    pub signed: ContentDigest,
    /// The signature value.
    pub value: Vec<u8>,
}
