//! Certificates of what is registered: reading, revoking and releasing them.

use ca_core::authority::RevokeError;
use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::CertificateRecord;
use ca_core::ledger::Action;
use ca_core::serial::SerialNumber;
use ca_core::status::{Grounds, RevocationReason};
use ca_core::storage::{AuditedChange, Change, CommitError, KeyRange, StorageError, Table};
use time::OffsetDateTime;

use crate::fault::{Attempt, Fault, by_fault, until_settled};
use crate::id::{IdentityId, WithdrawalId};
use crate::identity::{FieldError, IdentityError, reason_line};
use crate::look::Work;
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permission, Permit, ReadRegistry, RevokeCertificates, Scope};
use crate::registry::{Registry, reference};
use crate::withdrawal::person_of;

/// Index: `organisation/serial` for certificates of the organisation and of what it owns, empty values.
pub const CERTIFICATES_BY_ORGANISATION: Table = Table::octets("certificates_by_organisation");

/// Who revoked, held or released a certificate noted why, beside the reason's code.
pub const NOTED: Action = Action::named("certificate.noted");

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStatus {
    /// It counts.
    Active,
    /// It was revoked for good.
    Revoked,
    /// It is on hold.
    OnHold,
    /// It has ended.
    Expired,
}

impl CertificateStatus {
    pub(crate) const ALL: [Self; 4] = [Self::Active, Self::Revoked, Self::OnHold, Self::Expired];

    /// How a certificate stands at a moment. One that was revoked stays so when it ends.
    pub fn of(record: &CertificateRecord, at: OffsetDateTime) -> Self {
        match &record.revocation {
            Some(revocation) if revocation.reason != RevocationReason::CertificateHold => Self::Revoked,
            _ if at > record.not_after => Self::Expired,
            Some(_) => Self::OnHold,
            None => Self::Active,
        }
    }

    /// Whether it counts, or may again.
    pub(crate) const fn is_living(self) -> bool {
        matches!(self, Self::Active | Self::OnHold)
    }

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::OnHold => "on-hold",
            Self::Expired => "expired",
        }
    }
}

impl std::str::FromStr for CertificateStatus {
    type Err = UnknownCertificateStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownCertificateStatus)
    }
}

/// Not a name of [`CertificateStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown status of a certificate: choose active, revoked, on-hold or expired")]
pub struct UnknownCertificateStatus;

/// Which certificates a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CertificateFilter {
    /// Those of this identity only.
    pub identity: Option<IdentityId>,
    /// Those that hold this key only.
    pub key: Option<SpkiDigest>,
    /// Those that stand so only.
    pub status: Option<CertificateStatus>,
}

impl Registry {
    /// How a certificate stands now.
    pub fn status_of(&self, record: &CertificateRecord) -> CertificateStatus {
        CertificateStatus::of(record, self.now())
    }

    /// One certificate's record and DER; no DER when its identity was erased.
    ///
    /// # Errors
    /// No such certificate, it is another organisation's, or the store failed.
    pub fn certificate(
        &self,
        permit: &Permit<ReadRegistry>,
        serial: &SerialNumber,
    ) -> Result<(CertificateRecord, Option<Vec<u8>>), CertificateError> {
        let record = self.certificate_within(permit, serial)?;
        let der = self.authorities().der(&record, self.vault()).map_err(Fault::from)?;
        let asked = Work::on("certificate", format!("{}/{serial}", record.issuer));
        self.record_looks(permit, bearers([&record]), &asked)?;
        Ok((record, der))
    }

    /// A certificate's subject; `None` when its identity was erased.
    ///
    /// # Errors
    /// It does not open, or key or store failed.
    pub(crate) fn subject_of(&self, record: &CertificateRecord) -> Result<Option<String>, Fault> {
        Ok(record.open_subject(self.vault())?)
    }

    /// Certificates in the order of their serial numbers, beginning after `after`.
    ///
    /// # Errors
    /// The identity asked for is not there or another organisation's, or the store failed.
    pub fn certificates(
        &self,
        permit: &Permit<ReadRegistry>,
        filter: CertificateFilter,
        after: Option<SerialNumber>,
        size: PageSize,
    ) -> Result<Page<CertificateRecord, SerialNumber>, CertificateError> {
        if let Some(identity) = filter.identity {
            self.identity_record(identity)?.0.within(permit.scope())?;
        }
        let wanted =
            |record: &CertificateRecord| filter.status.is_none_or(|status| self.status_of(record) == status);
        let fetch = |after: Option<&SerialNumber>, limit: usize| match &filter.key {
            Some(key) => self.certificates_with(permit, key, &filter, after),
            None => Ok(self.certificates_after(permit.scope(), filter.identity, after, limit)?),
        };
        let page = collect(after, size, fetch, wanted)?;
        self.look_up(permit, bearers(&page.items))?;
        Ok(page)
    }

    /// Those that hold a key, where they lie within the permit's reach: so few that they are one page.
    fn certificates_with(
        &self,
        permit: &Permit<ReadRegistry>,
        key: &SpkiDigest,
        filter: &CertificateFilter,
        after: Option<&SerialNumber>,
    ) -> Result<Vec<(SerialNumber, CertificateRecord)>, CertificateError> {
        let mut records = self.certificates_of_key(key)?;
        records.retain(|record| {
            filter.identity.is_none_or(|identity| record.identity == reference(identity))
                && after.is_none_or(|after| record.serial > *after)
        });
        // The index has them CA by CA.
        records.sort_by(|one, other| one.serial.cmp(&other.serial));
        let mut within = Vec::new();
        for record in records {
            match self.certificate_within(permit, &record.serial) {
                Ok(record) => within.push((record.serial.clone(), record)),
                // A CA that was struck from the hierarchy shows nothing any more.
                Err(CertificateError::OfAnother { .. } | CertificateError::Unknown(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(within)
    }

    fn certificates_after(
        &self,
        scope: Scope,
        identity: Option<IdentityId>,
        after: Option<&SerialNumber>,
        limit: usize,
    ) -> Result<Vec<(SerialNumber, CertificateRecord)>, StorageError> {
        let certificates = self.authorities();
        let records = match (identity, scope) {
            (Some(identity), _) => certificates.of_identity(&reference(identity), after, limit)?,
            (None, Scope::Country) => certificates.list(after, limit)?,
            (None, Scope::Organisation(own)) => self.certificates_of_organisation(own, after, limit)?,
        };
        Ok(records.into_iter().map(|record| (record.serial.clone(), record)).collect())
    }

    /// Every certificate of an identity, of all CAs, in the order of their serial numbers.
    pub(crate) fn all_certificates_of(&self, id: IdentityId) -> Result<Vec<CertificateRecord>, StorageError> {
        let mut all = Vec::new();
        let mut after: Option<SerialNumber> = None;
        loop {
            let page = self.authorities().of_identity(&reference(id), after.as_ref(), PageSize::MOST)?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some(last.serial.clone());
            all.extend(page);
        }
    }

    /// An identity's certificates that count, or may again.
    pub(crate) fn living(&self, id: IdentityId) -> Result<Vec<CertificateRecord>, StorageError> {
        let mut living = self.all_certificates_of(id)?;
        living.retain(|record| self.status_of(record).is_living());
        Ok(living)
    }

    fn certificates_of_organisation(
        &self,
        organisation: IdentityId,
        after: Option<&SerialNumber>,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let prefix = format!("{organisation}/");
        let range = KeyRange::prefix(prefix.as_bytes());
        let range = match after {
            Some(serial) => range.after(format!("{prefix}{serial}").as_bytes()),
            None => range,
        };
        let found = self.store().scan(CERTIFICATES_BY_ORGANISATION, &range, limit)?;
        let damaged = || StorageError("an entry of certificates_by_organisation is damaged".to_owned());
        let serial = |key: &[u8]| std::str::from_utf8(key.get(prefix.len()..)?).ok()?.parse().ok();
        let serials = found.iter().map(|(key, _)| serial(key).ok_or_else(damaged));
        let serials = serials.collect::<Result<Vec<SerialNumber>, _>>()?;
        let records = self.authorities().find_many(&serials)?;
        records.into_iter().map(|record| record.ok_or_else(damaged)).collect()
    }

    /// Revokes a certificate, or puts it on hold.
    ///
    /// # Errors
    /// No such certificate, it is another organisation's, it cannot be revoked (again), or the registry failed.
    pub fn revoke(
        &self,
        permit: &Permit<RevokeCertificates>,
        serial: &SerialNumber,
        grounds: impl Into<Grounds>,
        note: Option<&str>,
    ) -> Result<CertificateRecord, CertificateError> {
        let grounds = grounds.into();
        let note = note.map(|note| reason_line("note", note)).transpose()?;
        let record = self.certificate_within(permit, serial)?;
        if grounds.reason == RevocationReason::PrivilegeWithdrawn && person_of(&record).is_some() {
            return Err(CertificateError::TakesNotice(serial.clone()));
        }
        until_settled(|| {
            let noted = self.noted(permit, &record, note.as_deref())?;
            let reviewed = self.to_be_reviewed(&record, grounds.reason, &permit.actor())?;
            attempt(self.authorities().revoke(&record, grounds, &permit.actor(), noted.and(reviewed)))
        })
    }

    /// Releases a certificate from hold.
    ///
    /// # Errors
    /// No such certificate, it is another organisation's, it is not on hold, or the registry failed.
    pub fn release(
        &self,
        permit: &Permit<RevokeCertificates>,
        serial: &SerialNumber,
        note: Option<&str>,
    ) -> Result<CertificateRecord, CertificateError> {
        let note = note.map(|note| reason_line("note", note)).transpose()?;
        let record = self.certificate_within(permit, serial)?;
        until_settled(|| {
            if let Some(withdrawal) = self.holding_withdrawal(serial)? {
                return Err(CertificateError::Withdrawn { serial: serial.clone(), withdrawal });
            }
            self.demand_not_held_with_identity(&record)?;
            let noted = self.noted(permit, &record, note.as_deref())?;
            attempt(self.authorities().release(&record, &permit.actor(), noted))
        })
    }

    /// Two officers put it on hold with its identity, or took part in it: one alone does not release it.
    fn demand_not_held_with_identity(&self, record: &CertificateRecord) -> Result<(), CertificateError> {
        let Ok(identity) = record.identity.0.parse::<IdentityId>() else { return Ok(()) };
        if self.identity_record(identity)?.0.keeps_on_hold(&record.serial) {
            return Err(CertificateError::HeldWithIdentity { serial: record.serial.clone(), identity });
        }
        Ok(())
    }

    /// A note becomes an event of its own, beside the authority's.
    fn noted(
        &self,
        permit: &Permit<RevokeCertificates>,
        record: &CertificateRecord,
        note: Option<&str>,
    ) -> Result<AuditedChange, Fault> {
        let Some(note) = note else { return Ok(AuditedChange::nothing()) };
        let subject = format!("certificate:{}/{}", record.issuer, record.serial);
        let event = self.event(&permit.actor(), NOTED, subject)?.because(note);
        Ok(Change::new().explained_by(&event))
    }

    /// A certificate's record, where it lies within the permit's reach.
    pub(crate) fn certificate_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        serial: &SerialNumber,
    ) -> Result<CertificateRecord, CertificateError> {
        let found = self.authorities().find(serial)?;
        let record = found.ok_or_else(|| CertificateError::Unknown(serial.clone()))?;
        let Scope::Organisation(own) = permit.scope() else { return Ok(record) };
        // Staff and the installation's own certificates belong to no organisation.
        let of_another = || CertificateError::OfAnother { serial: serial.clone(), own };
        let bearer = record.identity.0.parse().map_err(|_| of_another())?;
        let (identity, _) = self.identity_record(bearer)?;
        identity.within(permit.scope()).map_err(|_| of_another())?;
        Ok(record)
    }
}

/// The identities of the registry among those that certificates belong to.
fn bearers<'a>(records: impl IntoIterator<Item = &'a CertificateRecord>) -> impl Iterator<Item = IdentityId> {
    records.into_iter().filter_map(|record| record.identity.0.parse().ok())
}

pub(crate) fn attempt(
    outcome: Result<CertificateRecord, RevokeError>,
) -> Result<Attempt<CertificateRecord, CertificateError>, CertificateError> {
    match outcome {
        Ok(record) => Ok(Attempt::Settled(Ok(record))),
        Err(RevokeError::Commit(conflict @ CommitError::Conflict { .. })) => Ok(Attempt::Overtaken(conflict)),
        Err(RevokeError::Commit(error)) => Err(Fault::from(error).into()),
        Err(RevokeError::Entropy(error)) => Err(Fault::from(error).into()),
        Err(error) => Err(CertificateError::Revoke(error)),
    }
}

/// A certificate could not be read, revoked or released.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// There is no such certificate.
    #[error("no certificate has serial number {0}")]
    Unknown(SerialNumber),
    /// The certificate belongs to another organisation.
    #[error("certificate {serial} does not belong to organisation {own}")]
    OfAnother {
        /// The certificate.
        serial: SerialNumber,
        /// The organisation that the caller works for.
        own: IdentityId,
    },
    /// What a person was entitled to is not taken away without a hearing.
    #[error("certificate {0} is a person's: that a privilege is withdrawn takes notice and a hearing")]
    TakesNotice(SerialNumber),
    /// An appeal releases it, and nothing else.
    #[error("certificate {serial} is on hold by withdrawal {withdrawal}")]
    Withdrawn {
        /// The certificate.
        serial: SerialNumber,
        /// The withdrawal that was upheld.
        withdrawal: WithdrawalId,
    },
    /// It is released with what keeps it on hold, and not by itself.
    #[error(
        "certificate {serial} is on hold with {identity}: its suspension, a lost token or a guardianship"
    )]
    HeldWithIdentity {
        /// The certificate.
        serial: SerialNumber,
        /// The identity.
        identity: IdentityId,
    },
    /// The note does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The identity asked for is not there or somebody else's.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The authority did not revoke or release.
    #[error(transparent)]
    Revoke(RevokeError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(CertificateError: StorageError);
