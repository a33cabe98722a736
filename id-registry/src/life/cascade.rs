//! What one step changes: the identity's record, its certificates, its history and its event, gathered into one change with
//! those of everything that depends on it.

use ca_core::authority::RevokeError;
use ca_core::certificate::CertificateRecord;
use ca_core::ledger::Actor;
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::storage::{AuditedChange, Change, Expect, StorageError, Version};

use super::step::{Credentials, Next, Step};
use super::take::Touched;
use super::{Cause, DeathSignal, IDENTITY_ISSUANCES, LifeError, Standing, Teller};
use crate::certificates::CertificateStatus;
use crate::id::IdentityId;
use crate::identity::{IDENTITIES, IdentityRecord};
use crate::record::encode;
use crate::registry::Registry;

/// Notes an identity's latest certificate beside whatever else its issuance writes.
pub(crate) fn issued(change: Change, identity: IdentityId, serial: &SerialNumber) -> Change {
    change.put(IDENTITY_ISSUANCES, identity.to_string(), serial.to_string())
}

/// What is to be committed, and what it does.
pub(crate) struct Cascade<'a> {
    pub(crate) by: &'a Actor,
    /// What the officer wrote.
    pub(crate) note: Option<&'a str>,
    pub(crate) change: AuditedChange,
    pub(super) touched: Touched,
}

impl<'a> Cascade<'a> {
    pub(crate) fn begun(by: &'a Actor, note: Option<&'a str>) -> Self {
        Self { by, note, change: AuditedChange::nothing(), touched: Touched::default() }
    }

    pub(crate) fn add(&mut self, change: AuditedChange) {
        self.change = std::mem::take(&mut self.change).and(change);
    }
}

impl Registry {
    /// Takes one identity's step: its record as it then stands. `also` is written with it.
    pub(super) fn step_of(
        &self,
        step: Step,
        (record, version): (IdentityRecord, Version),
        also: Change,
        cascade: &mut Cascade<'_>,
    ) -> Result<IdentityRecord, LifeError> {
        let next = step.from(&record, cascade.by)?;
        let id = record.id;
        let mut held = record.standing.as_ref().map(|standing| standing.held.clone()).unwrap_or_default();
        held.retain(|serial| !record.keeps_beside_suspension(serial));
        let (newly, none_missed) = self.credentials(id, &next, &held, cascade)?;
        let mut stepped = record;
        stepped.status = next.status;
        stepped.standing = self.standing(step, &next, stepped.standing, newly, cascade.by)?;
        let mut event = self.event(cascade.by, next.action.clone(), format!("identity:{id}"))?;
        if let Some(cause) = next.cause {
            event = event.with("cause", cause.name());
        }
        let event = match step {
            Step::ReportDeath(source) => event.with("source", source.name()),
            _ => event,
        };
        let change = also
            .replace(IDENTITIES, id.to_string(), version, encode(&stepped)?)
            .and(none_missed)
            .and(self.history_of(id, &event, next.cause, cascade.note)?);
        cascade.add(change.explained_by(&event));
        Ok(stepped)
    }

    fn standing(
        &self,
        step: Step,
        next: &Next,
        former: Option<Standing>,
        newly_held: Vec<SerialNumber>,
        by: &Actor,
    ) -> Result<Option<Standing>, LifeError> {
        let Some(cause) = next.cause else { return Ok(None) };
        let (before, mut signals, mut held) = match former {
            Some(former) => (former.before.or(told_before(former.cause)), former.signals, former.held),
            None => (None, Vec::new(), Vec::new()),
        };
        if let (Step::ReportDeath(source), Some(by)) = (step, Teller::of(by)) {
            signals.push(DeathSignal { source, at: self.now(), by });
        }
        if matches!(next.credentials, Credentials::Revoke(_)) {
            held.clear();
        }
        held.extend(newly_held);
        let is_death = matches!(cause, Cause::DeathReported | Cause::Deceased);
        Ok(Some(Standing {
            cause,
            since: self.now(),
            by: by.clone(),
            before: before.filter(|_| is_death),
            signals: if is_death { signals } else { Vec::new() },
            held,
        }))
    }

    /// Changes the identity's certificates: those that were put on hold now, and the demand that no other is issued meanwhile.
    fn credentials(
        &self,
        id: IdentityId,
        next: &Next,
        held: &[SerialNumber],
        cascade: &mut Cascade<'_>,
    ) -> Result<(Vec<SerialNumber>, Change), LifeError> {
        if next.credentials == Credentials::Stay {
            return Ok((Vec::new(), Change::new()));
        }
        let none_missed = self.latest_issuance_stands(id)?;
        let because = format!("{} of identity {id}", next.action.as_str());
        let mut newly = Vec::new();
        for record in self.all_certificates_of(id)? {
            let status = self.status_of(&record);
            match (next.credentials, status) {
                (Credentials::Hold, CertificateStatus::Active) => {
                    newly.extend(self.hold(&record, &because, cascade)?);
                }
                (Credentials::Release, CertificateStatus::OnHold)
                    if held.contains(&record.serial)
                        && self.holding_withdrawal(&record.serial)?.is_none() =>
                {
                    self.change_status(Status::Released, &record, &because, cascade)?;
                }
                (Credentials::Revoke(reason), status) if status.is_living() => {
                    self.change_status(Status::Revoked(reason), &record, &because, cascade)?;
                }
                _ => {}
            }
        }
        Ok((newly, none_missed))
    }

    /// Demands that nothing is issued meanwhile to an identity, nor to what it owns. It is read before the certificates are.
    pub(super) fn latest_issuance_stands(&self, id: IdentityId) -> Result<Change, StorageError> {
        let latest = self.store().get(IDENTITY_ISSUANCES, id.to_string().as_bytes())?;
        let expect = latest.map_or(Expect::Absent, |latest| Expect::Version(latest.version));
        Ok(Change::new().check(IDENTITY_ISSUANCES, id.to_string(), expect))
    }

    /// CA/Browser Forum BR section 4.9.13: a TLS server's certificate is not suspended. It is revoked then.
    pub(super) fn hold(
        &self,
        record: &CertificateRecord,
        because: &str,
        cascade: &mut Cascade<'_>,
    ) -> Result<Option<SerialNumber>, LifeError> {
        match self.change_status(Status::Held, record, because, cascade) {
            Err(LifeError::Revoke(RevokeError::HoldForbidden { .. })) => {
                let status = Status::Revoked(RevocationReason::PrivilegeWithdrawn);
                self.change_status(status, record, because, cascade).map(|_| None)
            }
            changed => Ok(changed?.then(|| record.serial.clone())),
        }
    }

    /// Whether it was changed: what others changed the same way meanwhile is left, and so is what no key at hand reaches.
    pub(crate) fn change_status(
        &self,
        status: Status,
        record: &CertificateRecord,
        because: &str,
        cascade: &mut Cascade<'_>,
    ) -> Result<bool, LifeError> {
        let authorities = self.authorities();
        let changed = match status {
            Status::Held => {
                authorities.revoking(record, RevocationReason::CertificateHold, cascade.by, Some(because))
            }
            Status::Revoked(reason) => authorities.revoking(record, reason, cascade.by, Some(because)),
            Status::Released => authorities.releasing(record, cascade.by, Some(because)),
        };
        match changed {
            Ok((_, change)) => {
                cascade.add(change);
                cascade.touched.count(status);
                Ok(true)
            }
            Err(
                RevokeError::AlreadyRevoked { .. }
                | RevokeError::AlreadyOnHold(_)
                | RevokeError::NotOnHold(_),
            ) => Ok(false),
            Err(RevokeError::KeyElsewhere { .. }) => {
                cascade.touched.beyond_reach.push(record.serial.clone());
                Ok(false)
            }
            Err(error) => Err(LifeError::Revoke(error)),
        }
    }
}

/// What becomes of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Held,
    Released,
    Revoked(RevocationReason),
}

/// What a report of death is put before, and a person found alive goes back to.
const fn told_before(cause: Cause) -> Option<Cause> {
    match cause {
        Cause::Requested | Cause::Investigation => Some(cause),
        _ => None,
    }
}
