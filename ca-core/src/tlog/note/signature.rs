//! Signature lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::key::{KeyId, KeyName, VerifierKey};
use super::{MAX_SIGNATURES, NoteError};

/// A signature under a note: who claims to have made it, and its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    octets: Vec<u8>,
}

impl Signature {
    pub(in crate::tlog) fn by(key: &VerifierKey, octets: Vec<u8>) -> Self {
        Self { name: key.name().clone(), id: key.id(), octets }
    }

    /// The name of the key that is said to have signed.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The identifier of the key that is said to have signed.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The signature, in the form of its kind.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Whether it bears this key's name and identifier.
    pub fn claims(&self, key: &VerifierKey) -> bool {
        // signed-note, "Signatures": "The tuple of key name and key ID uniquely identifies the key".
        self.name == *key.name() && self.id == key.id()
    }

    /// Reads signature lines, each with its newline: those under a note, or a witness's answer.
    ///
    /// # Errors
    /// A line is no signature, or there are more than [`MAX_SIGNATURES`].
    pub fn parse_lines(lines: &str) -> Result<Vec<Self>, NoteError> {
        let mut signatures = Vec::new();
        for (number, line) in lines.split_inclusive('\n').enumerate() {
            if number == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(Self::parse_line(line).ok_or(NoteError::SignatureLine(number + 1))?);
        }
        Ok(signatures)
    }

    fn parse_line(line: &str) -> Option<Self> {
        // signed-note, "Format": "em dash (U+2014), space (U+0020), key name, space, base64-encoded signature, newline".
        let (name, base64) = line.strip_prefix("\u{2014} ")?.strip_suffix('\n')?.split_once(' ')?;
        // "Signatures are the base64 encoding of 4+n bytes. The first four bytes in the signature are the uint32 key ID
        // stored in big-endian order."
        let octets = BASE64.decode(base64).ok()?;
        let (id, signature) = octets.split_first_chunk::<{ KeyId::LENGTH }>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.parse().ok()?, id: KeyId(*id), octets: signature.to_vec() })
    }
}

/// The signature line, without its newline.
impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut octets = self.id.0.to_vec();
        octets.extend_from_slice(&self.octets);
        write!(f, "\u{2014} {} {}", self.name, BASE64.encode(octets))
    }
}
