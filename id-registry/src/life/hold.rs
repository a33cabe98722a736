//! What keeps certificates of an identity on hold: a suspension, a lost token, a guardianship. Each ends for itself, and a
//! certificate is released with the last of them.

use ca_core::certificate::CertificateRecord;
use ca_core::serial::SerialNumber;

use super::LifeError;
use super::cascade::{Cascade, Status};
use crate::certificates::CertificateStatus;
use crate::identity::{IdentityRecord, IdentityStatus};
use crate::registry::Registry;

impl IdentityRecord {
    /// Whether its suspension, a lost token or a guardianship keeps a certificate on hold.
    pub(crate) fn keeps_on_hold(&self, serial: &SerialNumber) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.held.contains(serial))
            || self.keeps_beside_suspension(serial)
    }

    /// Whether a lost token or a guardianship does, which does not end with a suspension.
    pub(super) fn keeps_beside_suspension(&self, serial: &SerialNumber) -> bool {
        self.lost_token.as_ref().is_some_and(|lost| lost.held.contains(serial))
            || self.guardianship.as_ref().is_some_and(|guardianship| guardianship.held.contains(serial))
    }
}

impl Registry {
    /// Puts certificates on hold for a ground: those that are. What is on hold for another ground already is on hold for this one
    /// too, so that it does not come back with the other.
    pub(super) fn hold_also(
        &self,
        record: &IdentityRecord,
        certificates: &[CertificateRecord],
        because: &str,
        cascade: &mut Cascade<'_>,
    ) -> Result<Vec<SerialNumber>, LifeError> {
        let mut held = Vec::new();
        for certificate in certificates {
            let serial = &certificate.serial;
            match self.status_of(certificate) {
                CertificateStatus::Active => held.extend(self.hold(certificate, because, cascade)?),
                CertificateStatus::OnHold if record.keeps_on_hold(serial) => held.push(serial.clone()),
                _ => {}
            }
        }
        Ok(held)
    }

    /// Ends a ground that is not in the record any more: what was on hold for it is released, where nothing else keeps it.
    pub(super) fn release_held(
        &self,
        record: &mut IdentityRecord,
        held: &[SerialNumber],
        because: &str,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        if held.is_empty() {
            return Ok(());
        }
        for certificate in self.living(record.id)? {
            let serial = &certificate.serial;
            let on_hold = self.status_of(&certificate) == CertificateStatus::OnHold;
            if !on_hold || !held.contains(serial) || record.keeps_on_hold(serial) {
                continue;
            }
            match (record.status, &mut record.standing) {
                // What is upheld against the person is for an appeal to release.
                (IdentityStatus::Active, _) if self.holding_withdrawal(serial)?.is_some() => {}
                (IdentityStatus::Active, _) => {
                    self.change_status(Status::Released, &certificate, because, cascade)?;
                }
                (_, Some(standing)) => standing.held.push(certificate.serial),
                _ => {}
            }
        }
        Ok(())
    }
}
