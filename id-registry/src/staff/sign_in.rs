//! Signing in: from a client certificate to a [`Principal`].

use ca_core::certificate::CertificateRecord;
use ca_core::fingerprint::fingerprint;
use ca_core::status::RevocationReason;
use ca_core::storage::StorageError;
use time::OffsetDateTime;

use super::{Quota, STAFF_CERTIFICATES, StaffRecord};
use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, OfficeId, StaffId};
use crate::identity::{IdentityError, IdentityStatus};
use crate::principal::{Principal, Role};
use crate::record;
use crate::registry::Registry;

impl Registry {
    /// Finds out who presents this client certificate. TLS has checked the path and that the caller holds the key;
    /// whether the certificate still counts is decided here, at every call.
    ///
    /// # Errors
    /// It is no staff certificate of this installation, byte for byte, or it does not count (any more).
    pub fn authenticate(&self, certificate: &[u8]) -> Result<Principal, SignInError> {
        // The certificate is found by its digest, so that nothing a stranger wrote is parsed.
        let (staff, issued) = self.bearer(certificate)?.ok_or(SignInError::NotStaff)?;
        if let Some(disabled) = staff.disabled {
            return Err(SignInError::Disabled { at: disabled.at });
        }
        self.certificate_counts(&issued)?;
        if let Some(organisation) = staff.role.organisation() {
            self.organisation_counts(organisation)?;
        }
        if let Some(office) = staff.office {
            self.office_counts(office)?;
        }
        let rules = &self.settings().officers;
        if staff.role != Role::Officer {
            return Ok(Principal::authenticated(staff.id, staff.name, staff.role, Quota::default()));
        }
        if let Some(hours) =
            rules.hours.as_ref().filter(|hours| !staff.any_hour && !hours.are_open(self.now()))
        {
            return Err(SignInError::OutsideHours { hours: hours.to_string() });
        }
        let quota = staff.quota.or(rules.quota);
        Ok(Principal::authenticated(staff.id, staff.name, staff.role, quota))
    }

    /// Who works for an agency works for one that is there.
    fn organisation_counts(&self, id: IdentityId) -> Result<(), SignInError> {
        match self.identity_record(id).map(|(record, _)| record.status) {
            Ok(IdentityStatus::Active) => Ok(()),
            Ok(IdentityStatus::Suspended | IdentityStatus::Closed) => Err(SignInError::Organisation(id)),
            Err(IdentityError::Fault(fault)) => Err(fault.into()),
            Err(error) => Err(StorageError(error.to_string()).into()),
        }
    }

    /// Who works for an office works for one that is accredited.
    fn office_counts(&self, id: OfficeId) -> Result<(), SignInError> {
        let counts = self.office(id)?.is_some_and(|(office, _)| office.counts_on(self.now().date()));
        if counts { Ok(()) } else { Err(SignInError::Office(id)) }
    }

    fn bearer(&self, certificate: &[u8]) -> Result<Option<(StaffRecord, CertificateRecord)>, SignInError> {
        let sha256 = fingerprint(certificate);
        let Some((id, _)) = record::find::<StaffId>(self.store(), STAFF_CERTIFICATES, &sha256)? else {
            return Ok(None);
        };
        let damaged = || StorageError(format!("{id}'s certificate leads nowhere"));
        let (staff, _) = self.staff_record(id)?.ok_or_else(damaged)?;
        let issued = self.authorities().find(&staff.serial)?.ok_or_else(damaged)?;
        // The same octets: their digest is that of the certificate that was issued.
        Ok((issued.sha256 == sha256).then_some((staff, issued)))
    }

    /// Goes on only for a certificate that counts at this moment.
    pub(crate) fn certificate_counts(&self, certificate: &CertificateRecord) -> Result<(), SignInError> {
        if let Some(revocation) = &certificate.revocation {
            return Err(match revocation.reason {
                RevocationReason::CertificateHold => SignInError::OnHold { since: revocation.at },
                reason => SignInError::Revoked { at: revocation.at, reason },
            });
        }
        let now = self.now();
        if now > certificate.not_after {
            return Err(SignInError::Expired { at: certificate.not_after });
        }
        if now < certificate.not_before {
            return Err(SignInError::NotYetValid { from: certificate.not_before });
        }
        Ok(())
    }
}

/// Nobody is signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInError {
    /// The certificate belongs to no member of staff.
    #[error("this certificate belongs to no member of staff of this installation")]
    NotStaff,
    /// The member of staff was disabled.
    #[error("your access was ended on {at}")]
    Disabled {
        /// When.
        at: OffsetDateTime,
    },
    /// The agency that the member works for is suspended or closed.
    #[error("organisation {0}, which you work for, is suspended or closed")]
    Organisation(IdentityId),
    /// The office that the member works for is not accredited any more.
    #[error("office {0}, which you work for, is not accredited")]
    Office(OfficeId),
    /// Officers act in the hours that the settings name.
    #[error("officers act {hours}")]
    OutsideHours {
        /// The hours.
        hours: String,
    },
    /// The certificate was revoked.
    #[error("your certificate was revoked on {at}: {reason}")]
    Revoked {
        /// When.
        at: OffsetDateTime,
        /// Why.
        reason: RevocationReason,
    },
    /// The certificate is on hold.
    #[error("your certificate is on hold since {since}")]
    OnHold {
        /// Since when.
        since: OffsetDateTime,
    },
    /// The certificate has ended.
    #[error("your certificate ended on {at}")]
    Expired {
        /// When.
        at: OffsetDateTime,
    },
    /// The certificate's time has not come.
    #[error("your certificate is valid from {from} on")]
    NotYetValid {
        /// From when.
        from: OffsetDateTime,
    },
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(SignInError: StorageError);
