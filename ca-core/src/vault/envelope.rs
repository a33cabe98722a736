//! One subject's key, opened: it seals and opens that subject's values.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::VaultError;
use super::octets::{self, RawKey};
use crate::clock::Entropy;
use crate::subject::IdentityRef;

/// A subject's opened key. Use it for what is at hand and drop it: who holds it does not notice an erasure.
///
/// A value is sealed with AES-256-GCM under a random 96-bit nonce: version octet, nonce, ciphertext and tag, 29 octets
/// longer than the plaintext. Subject and purpose are authenticated with it, so that a value opens nowhere but where
/// it was put. At most 2^32 values of one subject are sealed under one key (NIST SP 800-38D section 8.3).
#[derive(Clone)]
pub struct Envelope {
    subject: IdentityRef,
    key: Arc<RawKey>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Envelope {
    pub(super) fn new(subject: IdentityRef, key: Arc<RawKey>, entropy: Arc<dyn Entropy>) -> Self {
        Self { subject, key, entropy }
    }

    /// Whose values these are.
    pub const fn subject(&self) -> &IdentityRef {
        &self.subject
    }

    /// Seals a value for one purpose: table and key under which it is stored, such as `identity_details/person/P-1`.
    ///
    /// # Errors
    /// No randomness; or the value is longer than AES-GCM takes (64 GiB).
    pub fn seal(&self, purpose: &str, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = octets::draw_nonce(self.entropy.as_ref())?;
        octets::encrypt(&self.key, nonce, &self.context(purpose), plaintext).ok_or(VaultError::TooLong)
    }

    /// Opens a value that was sealed for this subject and purpose.
    ///
    /// # Errors
    /// [`VaultError::NotSealed`]: it was sealed for another subject or purpose, or altered.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        octets::decrypt(&self.key, &self.context(purpose), sealed).ok_or_else(|| self.not_sealed(purpose))
    }

    /// Seals a record as JSON.
    ///
    /// # Errors
    /// As [`Envelope::seal`]; or the record has no form in JSON.
    pub fn seal_record(&self, purpose: &str, record: &impl Serialize) -> Result<Vec<u8>, VaultError> {
        let plaintext = serde_json::to_vec(record).map(Zeroizing::new);
        self.seal(purpose, &plaintext.map_err(|error| unreadable(purpose, &error))?)
    }

    /// Opens a record that was sealed as JSON.
    ///
    /// # Errors
    /// As [`Envelope::open`]; or it is no such record.
    pub fn open_record<R: DeserializeOwned>(&self, purpose: &str, sealed: &[u8]) -> Result<R, VaultError> {
        serde_json::from_slice(&self.open(purpose, sealed)?).map_err(|error| unreadable(purpose, &error))
    }

    fn context(&self, purpose: &str) -> Vec<u8> {
        octets::context(&["npki sealed value", &self.subject.0, purpose])
    }

    pub(super) fn not_sealed(&self, purpose: &str) -> VaultError {
        VaultError::NotSealed { subject: self.subject.clone(), purpose: purpose.to_owned() }
    }
}

/// Says where the record failed, not with what: serde_json's message may quote what it read.
fn unreadable(purpose: &str, error: &serde_json::Error) -> VaultError {
    let (line, column) = (error.line(), error.column());
    VaultError::Record { purpose: purpose.to_owned(), line, column }
}
