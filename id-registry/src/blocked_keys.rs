//! Blocking keys that are in others' hands, and revoking every certificate that holds one.
//!
//! Blocking takes effect at once. Revoking goes page by page, each certificate in a change of its own: what was cut off
//! is taken up again by asking again, as only what still counts is left to do.

use std::sync::Arc;

use ca_core::authority::RevokeError;
use ca_core::blocked_keys::{self, BLOCKED, BlockReason, BlockedKey, KeyDigest, SpkiDigest};
use ca_core::certificate::{CaId, CertificateRecord};
use ca_core::key_index::{KeyIndex, Place, RsaHolder};
use ca_core::status::RevocationReason;
use ca_core::storage::{AuditedChange, StorageError};

use crate::certificates::CertificateError;
use crate::fault::{Attempt, Fault, by_fault, until_settled};
use crate::identity::{FieldError, reason_line};
use crate::page::{Page, PageSize};
use crate::permission::{BlockKeys, Permit};
use crate::registry::Registry;

/// The most keys that are blocked in one change.
pub const MOST_KEYS: usize = 1_000;

/// Which keys to block, and why.
#[derive(Debug, Clone, Copy)]
pub struct Blocking<'a> {
    /// The keys, 1 to [`MOST_KEYS`].
    pub digests: &'a [KeyDigest],
    /// Why.
    pub reason: BlockReason,
    /// Where that is known from. It stays for good and must name nobody.
    pub source: &'a str,
    /// The CAs of the installation that may be stopped by this, as their own key is among these.
    pub stops: &'a [String],
}

/// What blocking did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// How many keys were free before.
    pub blocked: usize,
    /// How many were blocked already.
    pub known: usize,
    /// Which of the keys certificates that count are for.
    pub in_use: Vec<SpkiDigest>,
    /// The CAs whose own key is among these: they issue nothing more.
    pub stopped: Vec<CaId>,
}

/// How far the certificates of a key are revoked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevokedByKey {
    /// Those that were revoked now.
    pub revoked: Vec<CertificateRecord>,
    /// How many that count are left for another call.
    pub left: usize,
    /// Those of CAs whose key is not at hand here, such as an offline root.
    pub elsewhere: Vec<CertificateRecord>,
}

impl Registry {
    /// Blocks keys for all time. Keys that are blocked already keep their record. A CA whose own key is blocked issues
    /// nothing more, so this takes that CA's name: a list of others' making stops no CA.
    ///
    /// # Errors
    /// Too many keys or none, a source that does not fit, the key of a CA that was not named, or the registry failed.
    pub fn block_keys(&self, permit: &Permit<BlockKeys>, wish: &Blocking<'_>) -> Result<Blocked, BlockError> {
        let Blocking { digests, reason, source, stops } = *wish;
        let source = reason_line("source", source)?;
        if digests.is_empty() || digests.len() > MOST_KEYS {
            return Err(BlockError::Count(digests.len()));
        }
        let mut each = digests.to_vec();
        each.sort_unstable();
        each.dedup();
        let stopped = self.authorities().with_own_key(&each)?;
        if let Some(ca) = stopped.iter().find(|ca| !stops.iter().any(|name| name == ca.as_str())) {
            return Err(BlockError::OfCa { ca: ca.clone() });
        }
        let record = BlockedKey { reason, source, at: self.now(), by: permit.actor() };
        let blocked = until_settled(|| self.block(permit, &each, &record))?;
        let in_use = each.iter().filter_map(|digest| self.in_use(digest).transpose());
        Ok(Blocked {
            blocked,
            known: each.len() - blocked,
            in_use: in_use.collect::<Result<_, StorageError>>()?,
            stopped,
        })
    }

    fn block(
        &self,
        permit: &Permit<BlockKeys>,
        digests: &[KeyDigest],
        record: &BlockedKey,
    ) -> Result<Attempt<usize, BlockError>, BlockError> {
        let (change, count) = blocked_keys::blocking(self.store(), digests, record)?;
        if count == 0 {
            return Ok(Attempt::Settled(Ok(0)));
        }
        let subject = match digests {
            [single] => format!("key:{single}"),
            _ => "blocked-keys".to_owned(),
        };
        let event = self.event(&permit.actor(), BLOCKED, subject)?.because(record.source.clone());
        let event = event.with("reason", record.reason.name()).with("keys", count.to_string());
        Ok(Attempt::of(self.commit(change.explained_by(&event)), || count))
    }

    fn in_use(&self, digest: &KeyDigest) -> Result<Option<SpkiDigest>, StorageError> {
        let KeyDigest::Spki(key) = digest else { return Ok(None) };
        let mut after = None;
        loop {
            let page = self.key_index().certificates_of(key, after.as_ref(), PageSize::MOST)?;
            if page.iter().any(|(_, record)| self.is_in_force(record)) {
                return Ok(Some(*key));
            }
            match page.last() {
                Some((last, _)) => after = Some(last.clone()),
                None => return Ok(None),
            }
        }
    }

    fn is_in_force(&self, record: &CertificateRecord) -> bool {
        self.status_of(record).is_living()
    }

    fn key_index(&self) -> KeyIndex {
        KeyIndex::new(Arc::clone(&self.parts.store))
    }

    /// Revokes certificates of a blocked key for compromise of the key, at most `size` in one call.
    ///
    /// # Errors
    /// The key is not blocked, or the registry failed; what was revoked before stays so.
    pub fn revoke_by_key(
        &self,
        permit: &Permit<BlockKeys>,
        key: &SpkiDigest,
        size: PageSize,
    ) -> Result<RevokedByKey, BlockError> {
        self.blocked_key(permit, &KeyDigest::Spki(*key))?;
        let mut done = RevokedByKey::default();
        let mut after = None;
        loop {
            let page = self.key_index().certificates_of(key, after.as_ref(), PageSize::MOST)?;
            let Some((last, _)) = page.last() else { return Ok(done) };
            after = Some(last.clone());
            for (_, record) in page.into_iter().filter(|(_, record)| self.is_in_force(record)) {
                if self.authorities().of(&record.issuer).is_none() {
                    done.elsewhere.push(record);
                } else if done.revoked.len() == size.entries() {
                    done.left += 1;
                } else {
                    done.revoked.extend(self.revoke_compromised(permit, &record)?);
                }
            }
        }
    }

    /// Revokes one; nothing when somebody else was faster.
    fn revoke_compromised(
        &self,
        permit: &Permit<BlockKeys>,
        record: &CertificateRecord,
    ) -> Result<Option<CertificateRecord>, BlockError> {
        let outcome = until_settled(|| {
            let reason = RevocationReason::KeyCompromise;
            let nothing = AuditedChange::nothing();
            let revoked = self.authorities().revoke(record, reason, &permit.actor(), nothing);
            crate::certificates::attempt(revoked)
        });
        match outcome {
            Ok(revoked) => Ok(Some(revoked)),
            Err(CertificateError::Revoke(RevokeError::AlreadyRevoked { .. })) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Blocked keys in the order of their digests, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn blocked_keys(
        &self,
        _permit: &Permit<BlockKeys>,
        after: Option<&KeyDigest>,
        size: PageSize,
    ) -> Result<Page<(KeyDigest, BlockedKey), KeyDigest>, Fault> {
        let found = blocked_keys::list(self.store(), after, size.entries() + 1)?;
        Ok(Page::cut(found, size, |(digest, _)| *digest))
    }

    /// One blocked key, and the first certificates that hold it.
    ///
    /// # Errors
    /// The key is not blocked, or the store failed.
    pub fn blocked_key(
        &self,
        _permit: &Permit<BlockKeys>,
        digest: &KeyDigest,
    ) -> Result<(BlockedKey, Vec<CertificateRecord>), BlockError> {
        let found = blocked_keys::find(self.store(), digest)?.ok_or(BlockError::NotBlocked(*digest))?;
        let KeyDigest::Spki(key) = digest else { return Ok((found, Vec::new())) };
        let holders = self.key_index().certificates_of(key, None, PageSize::default().entries())?;
        Ok((found, holders.into_iter().map(|(_, record)| record).collect()))
    }

    /// RSA keys of all certificates ever issued, for comparing them with each other. A page may hold fewer than asked
    /// for, or none, and have a successor.
    ///
    /// # Errors
    /// The store failed.
    pub fn rsa_keys(
        &self,
        _permit: &Permit<BlockKeys>,
        after: Option<&Place>,
        size: PageSize,
    ) -> Result<Page<RsaHolder, Place>, Fault> {
        let (items, next) = self.key_index().rsa_holders(after, size.entries())?;
        Ok(Page { items, next })
    }

    /// The certificates that hold a key, of all CAs.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn certificates_of_key(
        &self,
        key: &SpkiDigest,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let found = self.key_index().certificates_of(key, None, PageSize::MOST)?;
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }
}

/// Keys could not be blocked, or their certificates not revoked.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The key is not blocked.
    #[error("the key {0} is not blocked")]
    NotBlocked(KeyDigest),
    /// No keys, or more than one change takes.
    #[error("{0} keys were sent; one call takes 1 to {MOST_KEYS}")]
    Count(usize),
    /// A CA would be stopped, and nobody said that it should be.
    #[error("one of these keys is the own key of CA {ca}: blocking it ends what {ca} issues, for all time")]
    OfCa {
        /// The CA.
        ca: CaId,
    },
    /// The source does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A certificate could not be revoked.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(BlockError: StorageError);
