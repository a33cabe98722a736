//! Signed text: what requests, responses and transcripts are. The text that is signed stands in its file as one string,
//! octet for octet, so that nothing has to be written anew to check a signature: `jq -rj .body FILE` gives it, and
//! `openssl dgst -verify` judges it.
//!
//! A text is JSON and begins with `{`, a certificate's or a CRL's to-be-signed bytes begin with 0x30: a signature of one
//! kind never passes for the other.

use serde::{Deserialize, Serialize};

use crate::algorithm::KeyAlgorithm;
use crate::csr::SubjectPublicKey;
use crate::keys::sealed::passphrase::as_base64;
use crate::keys::{KeyError, Signer};

/// The most octets of such a file.
pub const MOST_OCTETS: usize = 16 * 1024 * 1024;

/// A text and the signatures over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The text, as it was signed.
    pub body: String,
    /// The signatures.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Whose it is said to be: `root`, `ca`, a witness's name.
    pub by: String,
    /// The signature's algorithm, by the key's name: `p384` signs with SHA-384, `p256` with SHA-256.
    pub algorithm: String,
    /// The DER SubjectPublicKeyInfo of the key. Proves nothing by itself.
    #[serde(with = "as_base64")]
    pub public_key: Vec<u8>,
    /// The signature.
    #[serde(with = "as_base64")]
    pub signature: Vec<u8>,
}

impl Signed {
    /// Signs a text.
    ///
    /// # Errors
    /// The key could not be used.
    pub fn sign(body: String, by: &str, signer: &dyn Signer) -> Result<Self, KeyError> {
        let signature = Signature::make(&body, by, signer)?;
        Ok(Self { body, signatures: vec![signature] })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is no signed text, or larger than any.
    pub fn parse(file: &[u8]) -> Result<Self, SignedError> {
        if file.len() > MOST_OCTETS {
            return Err(SignedError::Form("it is too large".to_owned()));
        }
        serde_json::from_slice(file).map_err(|error| SignedError::Form(error.to_string()))
    }

    /// The file.
    pub fn to_file(&self) -> String {
        // Strings, lists and base64 always have a JSON form.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// SHA-256 of the text, hex.
    pub fn digest(&self) -> String {
        super::fingerprint(self.body.as_bytes())
    }

    /// Goes on only with a signature of this key over the text.
    ///
    /// # Errors
    /// No signature of it, or one that does not hold: the text was altered.
    pub fn must_be_signed_by(&self, public_key_info: &[u8]) -> Result<&Signature, SignedError> {
        let of_key = self.signatures.iter().find(|signature| signature.public_key == public_key_info);
        let signature = of_key.ok_or(SignedError::OtherSigner)?;
        if signature.holds(&self.body) { Ok(signature) } else { Err(SignedError::Altered) }
    }
}

impl Signature {
    /// Signs a text.
    ///
    /// # Errors
    /// The key could not be used.
    pub fn make(body: &str, by: &str, signer: &dyn Signer) -> Result<Self, KeyError> {
        Ok(Self {
            by: by.to_owned(),
            algorithm: signer.algorithm().name().to_owned(),
            public_key: signer.public_key_info().to_vec(),
            signature: signer.sign(body.as_bytes())?,
        })
    }

    /// Whether it is this key's over the text.
    pub fn holds(&self, body: &str) -> bool {
        verifies(&self.public_key, body.as_bytes(), &self.signature)
    }
}

/// Whether a signature of a key of ours holds, in one of the ways in which a key of its kind signs.
pub(crate) fn verifies(public_key_info: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = SubjectPublicKey::from_der(public_key_info) else { return false };
    let ways = key.kind().algorithm().map_or(&[][..], KeyAlgorithm::signature_algorithms);
    ways.iter().any(|way| way.verify(public_key_info, message, signature).is_ok())
}

/// A signed text was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// It is no such file.
    #[error("the file cannot be read: {0}")]
    Form(String),
    /// Another key signed it.
    #[error("it is not signed by the key that should have signed it")]
    OtherSigner,
    /// The signature does not hold.
    #[error("it was altered: its signature does not hold")]
    Altered,
}
