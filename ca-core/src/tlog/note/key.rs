//! Keys that sign notes: their names, identifiers and text form.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{Context, SHA256};
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::algorithm::KeyAlgorithm;
use crate::keys::{KeyError, Signer};
use crate::tlog::cosignature;

/// RFC 8410 section 4: what stands before the 32 octets of an Ed25519 key in its SubjectPublicKeyInfo.
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key's name: not empty, without spaces and plus signs. Mostly a URL without its scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for KeyName {
    type Err = NoteKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // signed-note, "Format": "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus (U+002B)
        // characters." A note holds no ASCII control characters either.
        let forbidden = |c: char| c.is_whitespace() || c < ' ' || c == '+';
        if text.is_empty() || text.contains(forbidden) {
            return Err(NoteKeyError::Name);
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key's identifier: tells keys of one name apart. Not a cryptographically strong hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) [u8; KeyId::LENGTH]);

impl KeyId {
    pub(super) const LENGTH: usize = 4;

    fn of(name: &KeyName, kind: SignatureKind, key: &[u8]) -> Self {
        // signed-note, "Signatures": "key ID = SHA-256(key name || 0x0A || signature type || public key)[:4]".
        let mut context = Context::new(&SHA256);
        context.update(name.0.as_bytes());
        context.update(&[0x0a, kind.octet()]);
        context.update(key);
        let mut id = [0; Self::LENGTH];
        id.copy_from_slice(&context.finish().as_ref()[..Self::LENGTH]);
        Self(id)
    }
}

/// Eight hexadecimal digits.
impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// What a key's signatures say. One key can be used for one kind only: its identifier tells the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// "I signed this text" (signed-note, "Ed25519 signatures").
    Ed25519,
    /// "As of this moment, this is the largest tree of this log that I saw, and it goes back to all that I saw before"
    /// (tlog-cosignature, "Ed25519 signed message").
    CosignatureV1,
}

impl SignatureKind {
    const fn octet(self) -> u8 {
        // signed-note, "Signature types".
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    fn from_octet(octet: u8) -> Option<Self> {
        [Self::Ed25519, Self::CosignatureV1].into_iter().find(|kind| kind.octet() == octet)
    }
}

/// A key that notes are verified with. Its text form is `<name>+<identifier>+<base64 of kind and public key>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    kind: SignatureKind,
    key: [u8; 32],
}

impl VerifierKey {
    /// The Ed25519 key with these 32 octets (RFC 8032 section 5.1.5).
    pub fn new(name: KeyName, kind: SignatureKind, key: [u8; 32]) -> Self {
        Self { id: KeyId::of(&name, kind, &key), name, kind, key }
    }

    /// The public side of a signing key.
    ///
    /// # Errors
    /// It is not an Ed25519 key.
    pub fn of_signer(name: KeyName, kind: SignatureKind, signer: &dyn Signer) -> Result<Self, NoteKeyError> {
        let key = signer.public_key_info().strip_prefix(&ED25519_INFO).and_then(|key| key.try_into().ok());
        match key {
            Some(key) if signer.algorithm() == KeyAlgorithm::Ed25519 => Ok(Self::new(name, kind, key)),
            _ => Err(NoteKeyError::NotEd25519),
        }
    }

    /// The key's name.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's identifier.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What its signatures say.
    pub const fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The 32 octets of the Ed25519 public key.
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Whether `signature`, without the key's identifier, is this key's over `text`.
    pub(super) fn is_signature(&self, text: &str, signature: &[u8]) -> bool {
        match self.kind {
            SignatureKind::Ed25519 => self.signed(text.as_bytes(), signature),
            SignatureKind::CosignatureV1 => cosignature::split(signature)
                .is_some_and(|(time, signature)| self.signed(&cosignature::message(time, text), signature)),
        }
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok()
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut material = vec![self.kind.octet()];
        material.extend_from_slice(&self.key);
        write!(f, "{}+{}+{}", self.name, self.id, BASE64.encode(material))
    }
}

impl std::fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl std::str::FromStr for VerifierKey {
    type Err = NoteKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Base64 has plus signs too.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteKeyError::Form);
        };
        let name: KeyName = name.parse()?;
        let mut octets = [0; KeyId::LENGTH];
        hex::decode_to_slice(id, &mut octets).map_err(|_| NoteKeyError::Form)?;
        let material = BASE64.decode(material).map_err(|_| NoteKeyError::Form)?;
        let (kind, key) = material.split_first().ok_or(NoteKeyError::Form)?;
        let kind = SignatureKind::from_octet(*kind).ok_or(NoteKeyError::Kind(*kind))?;
        let key = Self::new(name, kind, key.try_into().map_err(|_| NoteKeyError::Form)?);
        if key.id == KeyId(octets) { Ok(key) } else { Err(NoteKeyError::Identifier) }
    }
}

/// A key that is of no use for notes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteKeyError {
    /// No name for a key.
    #[error("a key's name is not empty and has neither spaces nor plus signs")]
    Name,
    /// The text is no verifier key.
    #[error("a verifier key is written <name>+<8 hexadecimal digits>+<base64>")]
    Form,
    /// Of a kind that npki does not verify.
    #[error("keys of type {0} are not supported: only Ed25519 signatures (1) and cosignatures (4) are")]
    Kind(u8),
    /// The identifier is another key's: a mistyped or altered key.
    #[error("the verifier key's identifier is not that of its name and key")]
    Identifier,
    /// Not an Ed25519 key.
    #[error("notes are signed with Ed25519 keys only")]
    NotEd25519,
}

/// A key that signs notes: [`crate::keys::Signer`] with a name.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    pub(super) key: VerifierKey,
    pub(super) signer: Arc<dyn Signer>,
}

impl NoteSigner {
    /// Gives a signing key the name its notes will show.
    ///
    /// # Errors
    /// It is not an Ed25519 key.
    pub fn new(name: KeyName, signer: Arc<dyn Signer>) -> Result<Self, NoteKeyError> {
        let key = VerifierKey::of_signer(name, SignatureKind::Ed25519, signer.as_ref())?;
        Ok(Self { key, signer })
    }

    /// The key to verify with.
    pub const fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    pub(in crate::tlog) fn sign(&self, text: &str) -> Result<super::Signature, KeyError> {
        let signature = self.signer.sign(text.as_bytes())?;
        Ok(super::Signature::by(&self.key, signature))
    }
}
