//! Revocation, hold and release.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Authority, RevokeError, encode};
use crate::blocked_keys::{self, BlockReason, BlockedKey, KeyDigest, SpkiDigest};
use crate::certificate::{CERTIFICATES, CertificateRecord, REVOCATIONS};
use crate::clock::whole_seconds;
use crate::crl::{FOR_SCHEDULE, SHARD, WAITS};
use crate::ledger::{Action, Actor};
use crate::profile::{Profile, oids};
use crate::serial::SerialNumber;
use crate::status::{Grounds, Revocation, RevocationReason};
use crate::storage::{AuditedChange, Change, Expect, Operation, StorageError, Version};

/// A certificate was revoked for good.
pub const REVOKED: Action = Action::named("certificate.revoked");
/// A certificate was put on hold.
pub const HELD: Action = Action::named("certificate.held");
/// A certificate was released from hold.
pub const RELEASED: Action = Action::named("certificate.released");

/// What a CRL needs of a revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationEntry {
    pub(super) revocation: Revocation,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) not_after: OffsetDateTime,
}

impl Authority {
    /// Revokes a certificate or puts it on hold; `also` is committed in the same change.
    ///
    /// # Errors
    /// No such certificate, already revoked, its profile forbids hold, or the change could not be committed.
    pub fn revoke(
        &self,
        serial: &SerialNumber,
        grounds: impl Into<Grounds>,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        self.revoke_as_of(serial, grounds, self.parts.clock.now(), actor, also)
    }

    /// As [`Authority::revoke`], with effect from a past moment: for a CA that is not online when it is decided.
    ///
    /// # Errors
    /// As [`Authority::revoke`].
    pub fn revoke_as_of(
        &self,
        serial: &SerialNumber,
        grounds: impl Into<Grounds>,
        at: OffsetDateTime,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        let (record, change) = self.revoking_as_of(serial, grounds.into(), at, actor, None)?;
        self.parts.store.commit(change.and(also))?;
        Ok(record)
    }

    /// The change that revokes a certificate or puts it on hold, and the record as it then is, to be committed by the caller:
    /// many at once share a flush. `because` stands in its event. Where the reason blocks the key, one change takes one
    /// certificate of each key, as it writes each record once.
    ///
    /// # Errors
    /// As [`Authority::revoke`], but for the commit.
    pub fn revoking(
        &self,
        serial: &SerialNumber,
        grounds: impl Into<Grounds>,
        actor: &Actor,
        because: Option<&str>,
    ) -> Result<(CertificateRecord, AuditedChange), RevokeError> {
        self.revoking_as_of(serial, grounds.into(), self.parts.clock.now(), actor, because)
    }

    fn revoking_as_of(
        &self,
        serial: &SerialNumber,
        Grounds { reason, invalid_since }: Grounds,
        at: OffsetDateTime,
        actor: &Actor,
        because: Option<&str>,
    ) -> Result<(CertificateRecord, AuditedChange), RevokeError> {
        let (record, version) = self.find_issued(serial)?;
        self.may_be_revoked(&record, reason)?;
        // Never before it was valid, never in the future.
        let at = whole_seconds(at.min(self.parts.clock.now()).max(record.not_before));
        let invalid_since = invalid_since.map(|since| believable(since, &record, at)).transpose()?;
        let revocation = Some(Revocation { at, reason, invalid_since });
        let record = CertificateRecord { revocation, ..record };
        let action = if reason == RevocationReason::CertificateHold { HELD } else { REVOKED };
        let change = self.status_change(&record, version, actor, action, because)?;
        Ok((record, change))
    }

    /// Releases a certificate from hold; `also` is committed in the same change.
    ///
    /// # Errors
    /// No such certificate, not on hold, or the change could not be committed.
    pub fn release(
        &self,
        serial: &SerialNumber,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        let (record, change) = self.releasing(serial, actor, None)?;
        self.parts.store.commit(change.and(also))?;
        Ok(record)
    }

    /// The change that releases a certificate from hold, and the record as it then is, to be committed by the caller.
    /// `because` stands in its event.
    ///
    /// # Errors
    /// As [`Authority::release`], but for the commit.
    pub fn releasing(
        &self,
        serial: &SerialNumber,
        actor: &Actor,
        because: Option<&str>,
    ) -> Result<(CertificateRecord, AuditedChange), RevokeError> {
        let (record, version) = self.find_issued(serial)?;
        // RFC 5280 section 5.3.1: of all reasons only certificateHold can be undone.
        match &record.revocation {
            Some(revocation) if revocation.reason == RevocationReason::CertificateHold => {}
            _ => return Err(RevokeError::NotOnHold(serial.clone())),
        }
        let record = CertificateRecord { revocation: None, ..record };
        let change = self.status_change(&record, version, actor, RELEASED, because)?;
        Ok((record, change))
    }

    fn find_issued(&self, serial: &SerialNumber) -> Result<(CertificateRecord, Version), RevokeError> {
        self.certificates.find_versioned(serial)?.ok_or_else(|| RevokeError::Unknown(serial.clone()))
    }

    fn may_be_revoked(
        &self,
        record: &CertificateRecord,
        reason: RevocationReason,
    ) -> Result<(), RevokeError> {
        let hold = reason == RevocationReason::CertificateHold;
        match &record.revocation {
            None => {}
            Some(found) if found.reason != RevocationReason::CertificateHold => {
                return Err(RevokeError::AlreadyRevoked {
                    serial: record.serial.clone(),
                    at: found.at,
                    reason: found.reason,
                });
            }
            Some(_) if hold => return Err(RevokeError::AlreadyOnHold(record.serial.clone())),
            Some(_) => {}
        }
        if hold && self.serves_tls(record)? {
            return Err(RevokeError::HoldForbidden {
                serial: record.serial.clone(),
                profile: record.profile.to_string(),
            });
        }
        Ok(())
    }

    /// CA/Browser Forum BR section 4.9.13: a TLS server's certificate must not be suspended.
    fn serves_tls(&self, record: &CertificateRecord) -> Result<bool, StorageError> {
        let serves = |profile: Arc<Profile>| profile.extended_key_usage.contains(&oids::SERVER_AUTH);
        Ok(self.profile_of(record)?.is_some_and(serves))
    }

    /// The profile that a certificate was issued under, as it was then.
    fn profile_of(&self, record: &CertificateRecord) -> Result<Option<Arc<Profile>>, StorageError> {
        self.parts.profiles.issued_under(&record.profile, record.profile_sha256.as_deref())
    }

    /// A key whose compromise is the reason is blocked with the certificate: nobody gets another one for it.
    fn blocking_for(&self, record: &CertificateRecord, actor: &Actor) -> Result<Change, StorageError> {
        let Some(revocation) = &record.revocation else { return Ok(Change::new()) };
        if !matches!(revocation.reason, RevocationReason::KeyCompromise | RevocationReason::CaCompromise) {
            return Ok(Change::new());
        }
        let digest = SpkiDigest::of_record(record)?;
        let blocked = BlockedKey {
            reason: BlockReason::Compromised,
            source: format!("revocation of certificate {}", record.serial),
            at: revocation.at,
            by: actor.clone(),
        };
        let (change, _) =
            blocked_keys::blocking(self.parts.store.as_ref(), &[KeyDigest::Spki(digest)], &blocked)?;
        Ok(change)
    }

    /// Whether its profile lets a change of status wait for the next CRL.
    fn waits_for_schedule(&self, record: &CertificateRecord) -> Result<bool, StorageError> {
        Ok(self.profile_of(record)?.is_some_and(|profile| !profile.crl_at_once))
    }

    fn status_change(
        &self,
        record: &CertificateRecord,
        version: Version,
        actor: &Actor,
        action: Action,
        because: Option<&str>,
    ) -> Result<AuditedChange, RevokeError> {
        let key = self.parts.id.key(&record.serial);
        let mut listed = record.crl_partition.prefix(&self.parts.id);
        listed.extend_from_slice(record.serial.as_bytes());
        let mut event = self.ledger.event(actor, action, self.subject_of(&record.serial))?;
        event = event.with("identity", record.identity.0.clone());
        if let Some(because) = because {
            event = event.because(because);
        }
        if !record.crl_partition.is_first() {
            event = event.with(SHARD, record.crl_partition.number().to_string());
        }
        if self.waits_for_schedule(record)? {
            event = event.with(WAITS, FOR_SCHEDULE);
        }
        let entry = match &record.revocation {
            Some(revocation) => {
                event = event.with("reason", revocation.reason.name());
                if let Some(since) = revocation.invalid_since.and_then(|since| since.format(&Rfc3339).ok()) {
                    event = event.with("invalid-since", since);
                }
                let entry = RevocationEntry { revocation: revocation.clone(), not_after: record.not_after };
                let value = serde_json::to_vec(&entry).map_err(|error| StorageError(error.to_string()))?;
                Operation::Put(value)
            }
            None => Operation::Delete,
        };
        let change = self
            .blocking_for(record, actor)?
            .replace(CERTIFICATES, key.clone(), version, encode(record)?)
            .write(REVOCATIONS, listed, Expect::Anything, entry)
            .explained_by(&event);
        Ok(change)
    }
}

/// RFC 5280 section 5.3.2 leaves the date to the CA: a certificate cannot be invalid before it is valid, nor from a day
/// that has not come. Most dates out of these bounds are slips of a pen.
fn believable(
    since: OffsetDateTime,
    record: &CertificateRecord,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, RevokeError> {
    let since = whole_seconds(since).to_offset(time::UtcOffset::UTC);
    if (record.not_before..=now).contains(&since) {
        return Ok(since);
    }
    let serial = record.serial.clone();
    Err(RevokeError::InvalidSince { serial, since, from: record.not_before, until: now })
}
