//! The day comes by which certificates that say what was known before were to be replaced: what is left of them ends.

use ca_core::certificate::CertificateRecord;
use ca_core::ledger::{Actor, EventId};
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::storage::{Change, Versioned};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::REPLACED;
use crate::fault::{Attempt, until_settled};
use crate::id::IdentityId;
use crate::identity::{IDENTITIES, Identity};
use crate::life::cascade::{Cascade, Status};
use crate::life::{IDENTITY_DUE, LifeError};
use crate::record::{self, encode};
use crate::registry::Registry;
use crate::timed;

/// What is due then: an entry of [`IDENTITY_DUE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replaced {
    /// The certificates that were to be replaced.
    pub(super) certificates: Vec<SerialNumber>,
    /// Since when others could be had, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
}

/// What the key of such an entry has between time and identity.
pub(in crate::life) const MARK: &str = "replace";

impl Replaced {
    pub(super) fn key(until: OffsetDateTime, change: EventId, identity: IdentityId) -> String {
        timed::key("", until, format_args!("{MARK}/{change}/{identity}"))
    }
}

impl Registry {
    /// Revokes what was to be replaced, has not been revoked for anything else, and is still untrue.
    pub(in crate::life) fn end_replaced(
        &self,
        id: IdentityId,
        key: &[u8],
        by: &Actor,
    ) -> Result<(), LifeError> {
        until_settled(|| {
            // Another node may have been faster.
            let Some(entry) = self.store().get(IDENTITY_DUE, key)? else {
                return Ok(Attempt::Settled(Ok(())));
            };
            let mut cascade = Cascade::begun(by, None);
            let event = self.event(by, REPLACED, format!("identity:{id}"))?;
            self.revoke_untrue(id, &entry, &mut cascade)?;
            let (mut record, version) = self.identity_record(id)?;
            let mut change = Change::new().delete(IDENTITY_DUE, key.to_vec(), entry.version);
            if record.replace_until.is_some_and(|until| until <= self.now()) {
                record.replace_until = None;
                change = change.replace(IDENTITIES, id.to_string(), version, encode(&record)?);
            }
            let change = change.and(self.history_if_known(id, &event, None)?);
            cascade.add(change.explained_by(&event));
            Ok::<_, LifeError>(Attempt::of(self.commit(cascade.change), || ()))
        })
    }

    fn revoke_untrue(
        &self,
        id: IdentityId,
        entry: &Versioned,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        let due: Replaced = record::decode(IDENTITY_DUE, entry)?;
        let because = format!("{} of identity {id}", REPLACED.as_str());
        let found = self.authorities().find_many(&due.certificates)?;
        for record in found.into_iter().flatten().filter(|record| self.status_of(record).is_living()) {
            let Ok(bearer) = record.identity.0.parse::<IdentityId>() else { continue };
            let bearer = self.with_details(self.identity_record(bearer)?.0)?;
            if bearer.details.is_some() && self.is_untrue(&record, &bearer)? {
                let reason = self.reason_of_end(&record, &bearer, due.since)?;
                self.change_status(Status::Revoked(reason), &record, &because, cascade)?;
            }
        }
        Ok(())
    }

    /// RFC 5280 section 5.3.1, X.509 section 9.5.3.1: superseded is what another certificate took the place of.
    fn reason_of_end(
        &self,
        record: &CertificateRecord,
        bearer: &Identity,
        since: OffsetDateTime,
    ) -> Result<RevocationReason, LifeError> {
        let living = self.living(bearer.id())?;
        let follows = |other: &CertificateRecord| {
            other.serial != record.serial && other.profile == record.profile && other.issued_at >= since
        };
        Ok(if living.iter().any(follows) {
            RevocationReason::Superseded
        } else {
            RevocationReason::AffiliationChanged
        })
    }
}
