//! A key whose every use is in a journal before it happens.

use std::sync::Arc;

use super::{Digest, JournalMark, SignatureJournal};
use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use crate::keys::{KeyError, Signer};

/// A key together with its journal.
#[derive(Debug)]
pub struct JournalledSigner {
    key: Arc<dyn Signer>,
    journal: Arc<SignatureJournal>,
}

impl JournalledSigner {
    /// From now on the key is used through this, and nothing else.
    ///
    /// # Errors
    /// The journal is of another key.
    pub fn new(key: Arc<dyn Signer>, journal: Arc<SignatureJournal>) -> Result<Self, KeyError> {
        if Digest::of(key.public_key_info()) != journal.header().key {
            return Err(KeyError::Unusable("the journal of signatures is of another key"));
        }
        Ok(Self { key, journal })
    }

    /// The journal.
    pub fn journal(&self) -> &SignatureJournal {
        &self.journal
    }
}

impl Signer for JournalledSigner {
    fn algorithm(&self) -> KeyAlgorithm {
        self.key.algorithm()
    }

    fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.key.signature_algorithm()
    }

    fn public_key_info(&self) -> &[u8] {
        self.key.public_key_info()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.journal.record(Digest::of(message))?;
        self.key.sign(message)
    }

    fn journal_mark(&self) -> Option<JournalMark> {
        Some(self.journal.mark())
    }
}
