//! Signed notes: a text with one or more signatures under it (C2SP signed-note).

mod key;
mod signature;

pub use key::{KeyId, KeyName, NoteKeyError, NoteSigner, SignatureKind, VerifierKey};
pub use signature::Signature;

use crate::keys::KeyError;

/// The longest note that is read, in octets.
///
/// signed-note, "Format": "Verifiers SHOULD apply a maximum limit […] but MUST accept at least up to 16 signatures.
/// Remember that post-quantum signatures can be up to nearly 5kB in size": 16 of those, in base64, are 110 000 octets.
pub const MAX_NOTE: usize = 256 * 1024;

/// The most signatures that are read; as in `golang.org/x/mod/sumdb/note`.
pub const MAX_SIGNATURES: usize = 100;

/// A text with signatures under it, of which none has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<Signature>,
}

/// Octets that are no signed note, or a note that nobody known signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE`].
    #[error("the note is longer than {MAX_NOTE} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than newline.
    #[error("the note has control characters")]
    ControlCharacter,
    /// The text does not end in a newline, or no blank line and signature follow it.
    #[error("the note is not a text, a blank line and signature lines")]
    Form,
    /// A line under the text is no signature.
    #[error("the note's signature line {0} is not `— <name> <base64>`")]
    SignatureLine(usize),
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A known key did not make the signature that bears its name.
    #[error("the signature of {name} ({id}) is wrong")]
    WrongSignature {
        /// The key's name.
        name: KeyName,
        /// The key's identifier.
        id: KeyId,
    },
    /// No known key signed.
    #[error("none of the known keys signed the note")]
    NoKnownSignature,
}

impl SignedNote {
    /// Reads a note. What it says is to be ignored until [`SignedNote::verify`] has said who signed it.
    ///
    /// # Errors
    /// The octets are no signed note.
    pub fn parse(octets: &[u8]) -> Result<Self, NoteError> {
        let note = readable(octets)?;
        // signed-note, "Format": "the text is separated from the signatures by the last empty line in the note".
        let end = note.rfind("\n\n").ok_or(NoteError::Form)? + 1;
        let (text, signatures) = (&note[..end], &note[end + 1..]);
        let signatures = Signature::parse_lines(signatures)?;
        // "[…] followed by one or more signature lines".
        if signatures.is_empty() {
            return Err(NoteError::Form);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs a text, which ends in a newline.
    ///
    /// # Errors
    /// The text cannot be a note's, or the key could not be used.
    pub fn sign(text: String, signer: &NoteSigner) -> Result<Self, SignError> {
        readable(text.as_bytes())?;
        if !text.ends_with('\n') {
            return Err(NoteError::Form.into());
        }
        let signature = signer.sign(&text)?;
        Ok(Self { text, signatures: vec![signature] })
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature under the others.
    ///
    /// # Errors
    /// There are [`MAX_SIGNATURES`] already.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The signatures that are of these keys, and right: the first of each key, at least one.
    ///
    /// # Errors
    /// None of the keys signed, or a signature that bears the name and identifier of one of them is wrong.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<&Signature>, NoteError> {
        let mut verified: Vec<&Signature> = Vec::new();
        for signature in &self.signatures {
            // signed-note, "Signatures": "Verifiers MUST ignore signatures from unknown keys, even if they share a name
            // or ID (but not both) with a known key."
            let Some(key) = keys.iter().find(|key| signature.claims(key)) else { continue };
            // "If the key name and ID match a known key, verifiers MUST verify the signature. If a signature from a
            // known key fails to verify, clients SHOULD reject the whole note."
            if !key.is_signature(&self.text, signature.octets()) {
                return Err(NoteError::WrongSignature { name: key.name().clone(), id: key.id() });
            }
            if !verified.iter().any(|earlier| earlier.claims(key)) {
                verified.push(signature);
            }
        }
        // "If no signature from a known key verifies successfully, clients MUST reject the note."
        if verified.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(verified) }
    }

    /// The same text with these signatures only.
    pub(super) fn reduced_to(&self, signatures: Vec<Signature>) -> Self {
        Self { text: self.text.clone(), signatures }
    }
}

/// A text could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The text cannot be a note's.
    #[error(transparent)]
    Text(#[from] NoteError),
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The note's octets, as [`SignedNote::parse`] reads them.
impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn readable(octets: &[u8]) -> Result<&str, NoteError> {
    if octets.len() > MAX_NOTE {
        return Err(NoteError::TooLong);
    }
    // signed-note, "Format": "Signed notes MUST be valid UTF-8 and MUST NOT contain any ASCII control characters (those
    // below U+0020) other than newline."
    let text = std::str::from_utf8(octets).map_err(|_| NoteError::NotUtf8)?;
    let control = text.bytes().any(|octet| octet < 0x20 && octet != b'\n');
    if control { Err(NoteError::ControlCharacter) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
