//! The end of a CA: it issues nothing more, and its last CRLs hold for ever.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Authority, RevokeError};
use crate::certificate::{CaId, CertificateRecord, Certificates};
use crate::clock::{EntropyError, in_words};
use crate::crl::{CrlName, Form, PublishError, StoredCrl, find, published_partitions};
use crate::hierarchy::RESPONDER_PROFILE;
use crate::ledger::{Action, Actor};
use crate::serial::SerialNumber;
use crate::status::RevocationReason;
use crate::storage::{AuditedChange, Change, CommitError, Expect, StorageError, Store, Table};

/// The CAs that ended, by their names in this installation.
pub const CA_RETIREMENTS: Table = Table::records("ca_retirements");

/// A CA issues nothing more, for good.
pub const RETIRED: Action = Action::named("ca.retired");

/// How many certificates one pass reads at a time.
const PAGE: usize = 1_000;
/// How many certificates are named that are still in force.
const NAMED: usize = 5;

/// That a CA ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who decided it.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// Whether a CA ended, and how; `None`: it did not.
///
/// # Errors
/// Storage failed, or the record cannot be read.
pub fn retirement(store: &dyn Store, ca: &CaId) -> Result<Option<Retirement>, StorageError> {
    let Some(entry) = store.get(CA_RETIREMENTS, ca.as_str().as_bytes())? else { return Ok(None) };
    let unreadable = |error| StorageError(format!("the retirement of CA {ca} cannot be read: {error}"));
    serde_json::from_slice(&entry.value).map(Some).map_err(unreadable)
}

/// Certificates of a CA that still count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StillInForce {
    /// How many.
    pub count: u64,
    /// Some of them.
    pub some: Vec<SerialNumber>,
    /// The last second of the one that ends last, UTC.
    pub until: Option<OffsetDateTime>,
}

impl StillInForce {
    /// What of a CA's certificates still counts at this moment: neither ended nor revoked for good. Those that are `left_out`
    /// are not looked at.
    ///
    /// # Errors
    /// Storage failed.
    pub fn of(
        certificates: &Certificates,
        now: OffsetDateTime,
        left_out: impl Fn(&CertificateRecord) -> bool,
    ) -> Result<Self, StorageError> {
        let (mut found, mut after) = (Self::default(), None);
        loop {
            let page = certificates.list(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.serial.clone());
            page.iter().filter(|record| counts(record, now) && !left_out(record)).for_each(|record| {
                found.count += 1;
                found.until = found.until.max(Some(record.not_after));
                if found.some.len() < NAMED {
                    found.some.push(record.serial.clone());
                }
            });
        }
    }
}

impl std::fmt::Display for StillInForce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let some: Vec<String> = self.some.iter().map(ToString::to_string).collect();
        let until = self.until.map(in_words).unwrap_or_default();
        let and_more = if self.count > self.some.len() as u64 { ", ..." } else { "" };
        write!(f, "{} (the last of them until {until}): {}{and_more}", self.count, some.join(", "))
    }
}

/// On hold counts too: a hold can be released.
fn counts(record: &CertificateRecord, now: OffsetDateTime) -> bool {
    let revoked = record.revocation.as_ref();
    record.not_after >= now && revoked.is_none_or(|it| it.reason == RevocationReason::CertificateHold)
}

fn tells_status(record: &CertificateRecord) -> bool {
    record.profile.0 == RESPONDER_PROFILE
}

impl Authority {
    /// Ends this CA: it issues nothing more, its OCSP responders' certificates are revoked, and its last CRLs are made. Cut off
    /// anywhere, it is done again and goes on.
    ///
    /// # Errors
    /// [`RetireError::InForce`]: what it issued still counts, and nothing was changed. Or the store or the key failed.
    pub fn retire(&self, reason: &str, actor: &Actor) -> Result<Vec<StoredCrl>, RetireError> {
        let store = self.parts.store.as_ref();
        let now = self.parts.clock.now();
        if retirement(store, &self.parts.id)?.is_none() {
            self.all_are_over(now, tells_status)?;
            self.issue_no_more(reason, now, actor)?;
        }
        // Another node may have issued one in the last moment; nothing can be issued from here on.
        self.end_responders(now, actor)?;
        self.all_are_over(now, |_| false)?;
        let mut last = Vec::new();
        for partition in published_partitions(store, &self.parts.id)? {
            let made = find(store, &CrlName::new(self.parts.id.clone(), partition, Form::Full))?;
            match made.filter(StoredCrl::is_last) {
                Some(made) => last.push(made),
                None => last.push(self.publish_last(partition, actor)?),
            }
        }
        Ok(last)
    }

    /// ETSI EN 319 411-1 section 6.3.9: no last CRL before all certificates in its scope have ended or are revoked.
    fn all_are_over(
        &self,
        now: OffsetDateTime,
        left_out: impl Fn(&CertificateRecord) -> bool,
    ) -> Result<(), RetireError> {
        let left = StillInForce::of(&self.certificates, now, left_out)?;
        if left.count == 0 { Ok(()) } else { Err(RetireError::InForce { ca: self.parts.id.clone(), left }) }
    }

    fn issue_no_more(&self, reason: &str, at: OffsetDateTime, actor: &Actor) -> Result<(), RetireError> {
        let event = self.ledger.event(actor, RETIRED, format!("ca:{}", self.parts.id))?.because(reason);
        let retirement = Retirement { at, by: actor.clone(), reason: reason.to_owned() };
        let record = serde_json::to_vec(&retirement).map_err(|error| StorageError(error.to_string()))?;
        let change = Change::new().insert(CA_RETIREMENTS, self.parts.id.as_str(), record);
        self.parts.store.commit(change.explained_by(&event))?;
        Ok(())
    }

    /// They speak for a CA that is no more. Whoever asks them needs no answer: nothing that they tell of is in force.
    fn end_responders(&self, now: OffsetDateTime, actor: &Actor) -> Result<(), RetireError> {
        let mut after = None;
        loop {
            let page = self.certificates.list(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.serial.clone());
            for record in page.iter().filter(|record| counts(record, now) && tells_status(record)) {
                let reason = RevocationReason::CessationOfOperation;
                self.revoke(&record.serial, reason, actor, AuditedChange::nothing())?;
            }
        }
    }

    /// Demands, in the very change that keeps a certificate, that this CA has not ended.
    pub(super) fn not_retired(&self) -> Change {
        Change::new().check(CA_RETIREMENTS, self.parts.id.as_str(), Expect::Absent)
    }
}

/// A CA was not retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// What it issued still counts.
    #[error("certificates of CA {ca} are still in force: {left}")]
    InForce {
        /// The CA.
        ca: CaId,
        /// Which.
        left: StillInForce,
    },
    /// Its responder's certificate could not be revoked.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// Its last CRL was not made.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl From<StorageError> for RetireError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
