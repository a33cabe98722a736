//! What a CRL of this CA lists, and what it says it is about.

use time::OffsetDateTime;

use super::Authority;
use super::revocations::Revocations;
use super::revoke::RevocationEntry;
use crate::certificate::{CERTIFICATES, CertificateRecord};
use crate::crl::extensions::Scope;
use crate::crl::list::{ListWriter, Listed, Reason};
use crate::crl::{self, Contains, CrlName, Form, Partition, PublishError, StoredCrl};
use crate::serial::SerialNumber;
use crate::status::Revocation;
use crate::storage::{KeyRange, StorageError};

/// How many certificates one pass reads at a time.
const PAGE: usize = 1_000;

/// What a CRL may leave out, for the CRLs that this CA makes and for those of another machine that are brought over: it follows
/// from when the CRL before it was made; `None`: there was none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(pub(super) Option<OffsetDateTime>);

impl Since {
    /// For a CRL that was made elsewhere. `known` is the newest that was brought over before it, with its number. Where that is
    /// not the one before, what ended in between may have been on one of those that were never seen here, but nothing that had
    /// not ended when this one was made.
    pub(super) fn brought_over(
        known: Option<(u64, OffsetDateTime)>,
        (number, made): (u64, OffsetDateTime),
    ) -> Self {
        Self(known.map(|(before, then)| if before.checked_add(1) == Some(number) { then } else { made }))
    }

    /// RFC 5280 section 3.3: an entry must stay until it has appeared on one CRL issued beyond the certificate's end, so
    /// only what ended, and was revoked, before the previous CRL is left out.
    pub(super) fn keeps(self, entry: &RevocationEntry) -> bool {
        self.0.is_none_or(|previous| entry.not_after.max(entry.revocation.at) >= previous)
    }
}

impl Authority {
    /// Lists what is revoked in a partition.
    pub(super) fn list_everything(
        &self,
        list: &mut ListWriter,
        partition: Partition,
        since: Since,
    ) -> Result<(), StorageError> {
        let (store, prefix) = (self.parts.store.as_ref(), partition.prefix(&self.parts.id));
        Revocations { store, prefix: &prefix, since }.list(list)
    }

    /// Lists what became of certificates since the base: revoked, or released from hold.
    pub(super) fn list_changes(
        &self,
        list: &mut ListWriter,
        changed: &[SerialNumber],
        now: OffsetDateTime,
    ) -> Result<(), StorageError> {
        for serial in changed {
            let Some(record) = self.certificates.find(serial)? else { continue };
            match &record.revocation {
                Some(revocation) => list.push(&listed(serial.as_bytes(), revocation)),
                // RFC 5280 section 5.3.1: the base, or a delta CRL since, may show it on hold.
                None => list.push(&Listed {
                    serial: serial.as_bytes(),
                    at: now,
                    reason: Reason::RemoveFromCrl,
                    invalid_since: None,
                }),
            }
        }
        Ok(())
    }

    /// What the CRLs of a partition are about. Where there are shards, the first partition too is only about the
    /// certificates that name it.
    pub(super) fn scope(&self, partition: Partition) -> Result<Scope, StorageError> {
        let sharded = || crl::published_partitions(self.parts.store.as_ref(), &self.parts.id);
        let divided = !partition.is_first()
            || self.plan.shards > 0
            || sharded()?.iter().any(|published| !published.is_first());
        let distribution_point = divided.then(|| self.address(partition, Form::Full));
        Ok(Scope { distribution_point, contains: self.plan.contains })
    }

    /// Where the CRLs of a partition are published.
    pub(super) fn address(&self, partition: Partition, form: Form) -> String {
        CrlName::address(partition, form, &self.parts.addresses.crl)
    }

    /// RFC 5280 section 5.2.5: a CRL that says it is about one kind of certificate must be true of what was issued before
    /// it first said so. Asked once, when it is about to say so.
    pub(super) fn not_contrary(&self, previous: Option<&StoredCrl>) -> Result<(), PublishError> {
        let contains = self.plan.contains;
        let said = previous.and_then(|crl| crl.manifest.as_ref()).map(|manifest| manifest.contains);
        if contains == Contains::Everything || said == Some(contains) {
            return Ok(());
        }
        // A profile's kind is the same in all its editions.
        let profiles = self.parts.profiles.current()?;
        let mut range = KeyRange::prefix(&self.parts.id.prefix());
        loop {
            let page = self.parts.store.scan(CERTIFICATES, &range, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            range = range.after(last);
            for (_, entry) in &page {
                let record: CertificateRecord = serde_json::from_slice(&entry.value)
                    .map_err(|error| StorageError(format!("a certificate cannot be read: {error}")))?;
                let profile = profiles.latest(&record.profile);
                if !profile.is_some_and(|profile| contains.covers(profile.kind)) {
                    return Err(PublishError::Contrary {
                        ca: self.parts.id.to_string(),
                        contains,
                        serial: record.serial,
                        profile: record.profile.to_string(),
                    });
                }
            }
        }
    }
}

pub(super) fn listed<'a>(serial: &'a [u8], revocation: &Revocation) -> Listed<'a> {
    Listed {
        serial,
        at: revocation.at,
        reason: Reason::Revoked(revocation.reason),
        invalid_since: revocation.invalid_since,
    }
}
