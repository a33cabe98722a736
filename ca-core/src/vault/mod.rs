//! Personal data at rest: each subject's values are encrypted under a key of its own, which a master key wraps.
//!
//! Erasing that one key erases the person, in every table, while the ledger and everybody else's records stay whole.
//!
//! - [`Vault::for_writing`] gives the subject's [`Envelope`] and a [`Change`] that must be committed together with what
//!   was sealed. It stores the subject's key with its first value; afterwards it demands that the key still stands, so
//!   that a value is never written for somebody erased meanwhile. A conflict means: begin again.
//! - [`Vault::for_reading`] gives the [`Envelope`], or `None` for a subject that was erased.
//! - [`Vault::erase`] destroys a subject's key for good. A record of it stays, so that the reference never silently gets
//!   another key.
//! - [`Vault::make_current`] exchanges the master key and [`Vault::rotate`] re-wraps every key under the current one, both
//!   while others read and write.
//!
//! What erasure does not reach: copies of the store made before it, and whatever of an overwritten record the storage
//! engine or its disk still keeps. They open as long as the master key of that time exists: after erasures, rotate, and
//! destroy the old master key as well when backups are due.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::clock::{Clock, Entropy, EntropyError};
use crate::ledger::{Action, Actor, Ledger};
use crate::storage::{AuditedChange, Change, CommitError, Expect, StorageError, Store, Version};
use crate::subject::IdentityRef;
use crate::token::TokenError;

mod cache;
mod envelope;
pub mod master;
mod octets;
mod record;
mod rotation;
mod text;

use cache::{KeyCache, Ticket};
use master::{KeyRing, MasterKey, MasterKeyId};
use octets::RawKey;
use record::{KeptKey, KeyRecord, place};

pub use envelope::Envelope;
pub use record::SUBJECT_KEYS;
pub use rotation::{MADE_CURRENT, ROTATED, Rotation};
pub use text::{SealedText, purpose_of, purpose_of_field};

/// A subject's key was destroyed, and with it everything personal.
pub const ERASED: Action = Action::named("subject.erased");

/// What a vault is made of.
#[derive(Debug)]
pub struct VaultParts {
    /// Where the wrapped keys are kept.
    pub store: Arc<dyn Store>,
    /// What wraps them at first; [`Vault::make_current`] exchanges it.
    pub keys: KeyRing,
    /// What records erasures and rotations.
    pub ledger: Ledger,
    /// Dates keys.
    pub clock: Arc<dyn Clock>,
    /// Makes keys and nonces.
    pub entropy: Arc<dyn Entropy>,
    /// How many subjects' keys are kept unwrapped in memory, at most. About 200 octets each; 0 keeps none.
    pub cached_subjects: usize,
}

/// Seals, opens and erases what belongs to subjects.
pub struct Vault {
    store: Arc<dyn Store>,
    /// Exchanged whole: who works with a ring goes on with it, and what it still wraps under the former key the next
    /// rotation finds.
    keys: RwLock<Arc<KeyRing>>,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    cache: KeyCache,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("store", &self.store)
            .field("keys", &self.ring())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault over these parts.
    pub fn new(parts: VaultParts) -> Self {
        let VaultParts { store, keys, ledger, clock, entropy, cached_subjects } = parts;
        let (keys, cache) = (RwLock::new(Arc::new(keys)), KeyCache::of(cached_subjects));
        Self { store, keys, ledger, clock, entropy, cache }
    }

    /// The master keys in use now.
    pub fn ring(&self) -> Arc<KeyRing> {
        // Nothing panics while it is held.
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The subject's envelope for writing, and what must be committed with the values it seals.
    ///
    /// Several values of one change are sealed in one envelope: asking twice for a subject that has no key yet makes
    /// two keys, and a store refuses a change with both.
    ///
    /// # Errors
    /// [`VaultError::Erased`]; or key, randomness or store failed.
    pub fn for_writing(&self, subject: &IdentityRef) -> Result<(Envelope, Change), VaultError> {
        let ticket = self.cache.ticket();
        let (key, change) = match self.record(subject)? {
            None => self.first_key(subject, ticket)?,
            Some((KeyRecord::Erased { .. }, _)) => return Err(VaultError::Erased(subject.clone())),
            Some((KeyRecord::Kept(kept), version)) => {
                let still = Change::new().check(SUBJECT_KEYS, place(subject), Expect::Version(version));
                (self.unwrapped(subject, &kept, ticket)?, still)
            }
        };
        Ok((self.envelope(subject, key), change))
    }

    /// The subject's envelope for reading; `None` when the subject was erased.
    ///
    /// # Errors
    /// [`VaultError::NoKey`]: nothing was ever sealed for this subject. Or key or store failed.
    pub fn for_reading(&self, subject: &IdentityRef) -> Result<Option<Envelope>, VaultError> {
        let ticket = self.cache.ticket();
        match self.record(subject)? {
            None => Err(VaultError::NoKey(subject.clone())),
            Some((KeyRecord::Erased { .. }, _)) => {
                self.cache.let_go(subject);
                Ok(None)
            }
            Some((KeyRecord::Kept(kept), _)) => {
                let key = self.unwrapped(subject, &kept, ticket)?;
                Ok(Some(self.envelope(subject, key)))
            }
        }
    }

    /// Seals one value: [`Vault::for_writing`] and [`Envelope::seal`].
    ///
    /// # Errors
    /// As these two.
    pub fn seal(
        &self,
        subject: &IdentityRef,
        purpose: &str,
        plaintext: &[u8],
    ) -> Result<(Vec<u8>, Change), VaultError> {
        let (envelope, change) = self.for_writing(subject)?;
        Ok((envelope.seal(purpose, plaintext)?, change))
    }

    /// Seals one record as JSON: [`Vault::for_writing`] and [`Envelope::seal_record`].
    ///
    /// # Errors
    /// As these two.
    pub fn seal_record(
        &self,
        subject: &IdentityRef,
        purpose: &str,
        record: &impl Serialize,
    ) -> Result<(Vec<u8>, Change), VaultError> {
        let (envelope, change) = self.for_writing(subject)?;
        Ok((envelope.seal_record(purpose, record)?, change))
    }

    /// The envelope of a subject that was named just now. Whether it has a key is not looked up, the change demands that it
    /// has none; and its key is not kept in memory, so that a long list of new subjects does not drive out those in use.
    ///
    /// # Errors
    /// Key or randomness failed.
    pub fn for_first_writing(&self, subject: &IdentityRef) -> Result<(Envelope, Change), VaultError> {
        let (key, _, change) = self.new_key(subject)?;
        Ok((self.envelope(subject, key), change))
    }

    /// Opens one value; `None` when the subject was erased.
    ///
    /// # Errors
    /// As [`Vault::for_reading`] and [`Envelope::open`].
    pub fn open(
        &self,
        subject: &IdentityRef,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.for_reading(subject)?.map(|envelope| envelope.open(purpose, sealed)).transpose()
    }

    /// Opens one record; `None` when the subject was erased.
    ///
    /// # Errors
    /// As [`Vault::for_reading`] and [`Envelope::open_record`].
    pub fn open_record<R: DeserializeOwned>(
        &self,
        subject: &IdentityRef,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Option<R>, VaultError> {
        self.for_reading(subject)?.map(|envelope| envelope.open_record(purpose, sealed)).transpose()
    }

    /// Whether the subject was erased.
    ///
    /// # Errors
    /// The store failed.
    pub fn is_erased(&self, subject: &IdentityRef) -> Result<bool, VaultError> {
        Ok(matches!(self.record(subject)?, Some((KeyRecord::Erased { .. }, _))))
    }

    /// Destroys the subject's key, for good, and commits `also` with it. A subject without a key never gets one.
    ///
    /// # Errors
    /// [`VaultError::Erased`]: it was before. [`VaultError::Commit`] with a conflict: `also` no longer holds. Or the
    /// store failed; then whether the subject was erased is not known until it is read back.
    pub fn erase(
        &self,
        subject: &IdentityRef,
        actor: &Actor,
        reason: &str,
        also: &AuditedChange,
    ) -> Result<(), VaultError> {
        loop {
            let change = self.erasure(subject, actor, reason)?.and(also.clone());
            let outcome = self.store.commit(change);
            // Whatever came of it: a key too few in memory is no loss.
            self.cache.forget(subject);
            match outcome {
                Ok(_) => return Ok(()),
                // Each conflict is somebody else's progress: a first value, another erasure, a page of a rotation.
                Err(CommitError::Conflict { table, key })
                    if table == SUBJECT_KEYS && key == place(subject) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn erasure(
        &self,
        subject: &IdentityRef,
        actor: &Actor,
        reason: &str,
    ) -> Result<AuditedChange, VaultError> {
        let found = self.record(subject)?;
        let event = self.ledger.event(actor, ERASED, format!("identity:{subject}"))?.because(reason);
        let erased = KeyRecord::Erased { erased_at: event.at }.encode()?;
        let change = match found {
            Some((KeyRecord::Erased { .. }, _)) => return Err(VaultError::Erased(subject.clone())),
            Some((KeyRecord::Kept(_), version)) => {
                Change::new().replace(SUBJECT_KEYS, place(subject), version, erased)
            }
            None => Change::new().insert(SUBJECT_KEYS, place(subject), erased),
        };
        Ok(change.explained_by(&event))
    }

    fn record(&self, subject: &IdentityRef) -> Result<Option<(KeyRecord, Version)>, VaultError> {
        let place = place(subject);
        let Some(entry) = self.store.get(SUBJECT_KEYS, &place)? else { return Ok(None) };
        Ok(Some((KeyRecord::decode(&place, &entry.value)?, entry.version)))
    }

    fn first_key(&self, subject: &IdentityRef, ticket: Ticket) -> Result<(Arc<RawKey>, Change), VaultError> {
        let (key, wrapped, change) = self.new_key(subject)?;
        self.cache.keep(ticket, subject, &wrapped, &key);
        Ok((key, change))
    }

    /// A key for a subject that has none, as it is wrapped, and what must be committed with what it seals.
    fn new_key(&self, subject: &IdentityRef) -> Result<(Arc<RawKey>, Vec<u8>, Change), VaultError> {
        let key = Arc::new(octets::draw_key(self.entropy.as_ref())?);
        let kept = wrapped(self.ring().current(), &subject.0, &key, self.clock.now())?;
        let wrapped = kept.wrapped.clone();
        let record = KeyRecord::Kept(kept).encode()?;
        Ok((key, wrapped, Change::new().insert(SUBJECT_KEYS, place(subject), record)))
    }

    fn unwrapped(
        &self,
        subject: &IdentityRef,
        kept: &KeptKey,
        ticket: Ticket,
    ) -> Result<Arc<RawKey>, VaultError> {
        if let Some(key) = self.cache.find(subject, &kept.wrapped) {
            return Ok(key);
        }
        let ring = self.ring();
        let master = ring.named(&kept.master_key)?;
        let key = Arc::new(master.unwrap(&kept.wrapped, &key_context(&subject.0))?);
        self.cache.keep(ticket, subject, &kept.wrapped, &key);
        Ok(key)
    }

    fn envelope(&self, subject: &IdentityRef, key: Arc<RawKey>) -> Envelope {
        Envelope::new(subject.clone(), key, self.entropy.clone())
    }
}

/// Wraps a subject's key under a master key.
fn wrapped(
    master: &dyn MasterKey,
    subject: &str,
    key: &RawKey,
    created_at: time::OffsetDateTime,
) -> Result<KeptKey, VaultError> {
    let wrapped = master.wrap(key, &key_context(subject))?;
    Ok(KeptKey { master_key: master.id().clone(), wrapped, created_at })
}

/// What a wrapped key is bound to: nobody's key passes for another's.
fn key_context(subject: &str) -> Vec<u8> {
    octets::context(&["npki subject key", subject])
}

/// Something could not be sealed, opened, erased or re-wrapped.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The subject was erased: it gets no key any more, and nothing of it opens.
    #[error("{0} was erased; nothing more is kept of it")]
    Erased(IdentityRef),
    /// A value is said to be of a subject for which nothing was ever sealed: it belongs to another, or the store lost
    /// the key.
    #[error("{0} has no key, so nothing can have been sealed for it")]
    NoKey(IdentityRef),
    /// The value was sealed for another subject or purpose, or somebody altered it: these cannot be told apart.
    #[error("{purpose} was not sealed for {subject}, or it was altered")]
    NotSealed {
        /// Whose it should be.
        subject: IdentityRef,
        /// What it should be.
        purpose: String,
    },
    /// A record cannot be turned into JSON or back. Its content is not told: it is personal.
    #[error("the record {purpose} does not have the form expected (line {line}, column {column})")]
    Record {
        /// Which record.
        purpose: String,
        /// Where in it, from 1; 0 where it could not be written.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// The master key did not wrap this, or not for this subject, or it was altered.
    #[error("master key {0} did not wrap this key for this subject, or it was altered")]
    NotWrapped(MasterKeyId),
    /// A subject's key was wrapped by a master key that this vault was not given.
    #[error("master key {0} is needed and not at hand; add it as a retired master key")]
    UnknownMasterKey(MasterKeyId),
    /// A ring was given two keys of one name.
    #[error("two master keys have the name {0}")]
    TwoKeysOfOneName(MasterKeyId),
    /// The value is longer than AES-GCM takes.
    #[error("the value is too long to be sealed")]
    TooLong,
    /// The token could not be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

#[cfg(test)]
mod tests;
