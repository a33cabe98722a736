//! The octets of what the vault encrypts: version (1 octet), nonce (12 octets), ciphertext and tag, AES-256-GCM.
//!
//! Nonces are random. NIST SP 800-38D section 8.3 allows 2^32 of them under one key; a subject key encrypts one
//! subject's values and a master key wraps subject keys, so neither comes near.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use zeroize::Zeroizing;

use crate::clock::{Entropy, EntropyError};

/// The form of the octets. Another number is not opened.
const VERSION: u8 = 1;

/// NIST SP 800-38D section 5.2.1.1: the length for which nothing has to be hashed.
pub(super) const NONCE_OCTETS: usize = 12;

/// NIST SP 800-38D section 5.2.1.2: the longest tag.
pub(super) const TAG_OCTETS: usize = 16;

/// An AES-256 key.
pub(super) type RawKey = Zeroizing<[u8; 32]>;

/// A key of 32 random octets.
pub(super) fn draw_key(entropy: &dyn Entropy) -> Result<RawKey, EntropyError> {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(key.as_mut_slice())?;
    Ok(key)
}

/// A random nonce.
pub(super) fn draw_nonce(entropy: &dyn Entropy) -> Result<[u8; NONCE_OCTETS], EntropyError> {
    let mut nonce = [0; NONCE_OCTETS];
    entropy.fill(&mut nonce)?;
    Ok(nonce)
}

/// Parts as one octet string to be authenticated. Each has its length in front, so that no two lists give the same.
pub(super) fn context(parts: &[&str]) -> Vec<u8> {
    let mut octets = Vec::new();
    for part in parts {
        octets.extend_from_slice(&(part.len() as u64).to_be_bytes());
        octets.extend_from_slice(part.as_bytes());
    }
    octets
}

/// Encrypts under `key`, authenticating `context` with it. `None` beyond 2^36 - 32 octets (NIST SP 800-38D section
/// 5.2.1.1).
pub(super) fn encrypt(
    key: &RawKey,
    nonce: [u8; NONCE_OCTETS],
    context: &[u8],
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let ciphertext =
        cipher(key).encrypt(&Nonce::from(nonce), Payload { msg: plaintext, aad: context }).ok()?;
    Some(join(nonce, &ciphertext))
}

/// Decrypts what [`encrypt`] made under the same key and context; `None` for anything else.
pub(super) fn decrypt(key: &RawKey, context: &[u8], octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = split(octets)?;
    let payload = Payload { msg: ciphertext, aad: context };
    cipher(key).decrypt(&Nonce::from(nonce), payload).ok().map(Zeroizing::new)
}

/// Version, nonce, ciphertext.
pub(super) fn join(nonce: [u8; NONCE_OCTETS], ciphertext: &[u8]) -> Vec<u8> {
    [&[VERSION], nonce.as_slice(), ciphertext].concat()
}

/// Nonce and ciphertext of octets in the form that we know.
pub(super) fn split(octets: &[u8]) -> Option<([u8; NONCE_OCTETS], &[u8])> {
    let (version, rest) = octets.split_first()?;
    let (nonce, ciphertext) = rest.split_first_chunk()?;
    (*version == VERSION && ciphertext.len() >= TAG_OCTETS).then_some((*nonce, ciphertext))
}

fn cipher(key: &RawKey) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(**key))
}
