//! Signing keys: one [`Signer`] contract for software, PKCS#11 and remote keys alike.

use std::fmt::Debug;

use self::journal::{JournalError, JournalMark};
use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use crate::token::TokenError;

pub mod encrypted;
pub mod journal;
pub mod pkcs12;
pub mod sealed;
pub mod software;
pub mod token;

/// Signs bytes with one key and tells which.
pub trait Signer: Send + Sync + Debug {
    /// The key's algorithm.
    fn algorithm(&self) -> KeyAlgorithm;

    /// What it signs with: one that [`KeyAlgorithm::admits`]. Its identifier stands in whatever is signed.
    fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.algorithm().default_signature_algorithm()
    }

    /// The DER SubjectPublicKeyInfo of the key (RFC 5280 section 4.1.2.7).
    fn public_key_info(&self) -> &[u8];

    /// Signs `message` (not its digest) with [`Self::signature_algorithm`]. ECDSA signatures are the DER
    /// `Ecdsa-Sig-Value` of RFC 3279 section 2.2.3.
    ///
    /// # Errors
    /// The key could not be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Whether a signature is made in this process within a fraction of a millisecond, with nothing to wait for: no token,
    /// disk or network. Whoever serves many may then sign where they stand.
    fn signs_at_once(&self) -> bool {
        false
    }

    /// How far the journal of its uses has come, where one is kept (see [`journal`]).
    fn journal_mark(&self) -> Option<JournalMark> {
        None
    }
}

/// A signing key could not be made, opened or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The passphrase does not open this key, or somebody altered the file: the two cannot be told apart.
    #[error("the passphrase does not open this key, or the key file was altered")]
    WrongPassphrase,
    /// A key is not sealed with an empty passphrase.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The key is damaged, or in no form that we know.
    #[error("the key cannot be read: {0}")]
    Malformed(String),
    /// The key is encrypted in a way npki does not open.
    #[error("the key is encrypted: decrypt it first, for example with `openssl pkcs8`")]
    Encrypted,
    /// It is encrypted with something that is no longer used, or not known here.
    #[error(
        "it is encrypted with {0}, and npki opens PBES2 with AES; write it anew: openssl pkcs12 -legacy -in OLD -nodes | openssl \
         pkcs12 -export -out NEW"
    )]
    OtherEncryption(String),
    /// Whoever made the file wants a computer to be busy for minutes.
    #[error(
        "opening it takes more work than any program asks for: it was altered, or made to keep this computer busy"
    )]
    TooManyRounds,
    /// The key is of another algorithm.
    #[error("{0} cannot be used here; use a P-256, P-384, RSA-3072, RSA-4096, Ed25519 or ML-DSA key")]
    UnsupportedAlgorithm(String),
    /// A key does not sign in the way that was chosen for it.
    #[error("a {key} key does not sign with {chosen}; leave the choice out, or choose one of its kind")]
    OtherSignatureAlgorithm {
        /// The key's kind.
        key: KeyAlgorithm,
        /// What was chosen.
        chosen: &'static str,
    },
    /// Others than its owner may read the key file.
    #[error("{} may be read by others than its owner; run `chmod 600` on it", .0.display())]
    Exposed(std::path::PathBuf),
    /// The key file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The provider refused to make or use the key.
    #[error("the key could not be used: {0}")]
    Unusable(&'static str),
    /// The key's token failed, or is not there.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The use of the key could not be noted, so it was not used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] crate::clock::EntropyError),
}
