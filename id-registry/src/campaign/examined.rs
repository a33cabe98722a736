//! Certificates with everything that a selection judges them by, read page by page.

use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::{CertificatePlace, CertificateRecord};
use ca_core::csr::KeyKind;

use super::selection::Traits;
use crate::fault::Fault;
use crate::id::{IdentityId, StaffId};
use crate::key_origin::KeyOrigin;
use crate::registry::Registry;

/// How many certificates are read at once.
pub(super) const AT_ONCE: usize = 500;

/// A certificate in force, and what is known of its key and its holder.
pub(super) struct Examined {
    pub(super) record: CertificateRecord,
    pub(super) key: SpkiDigest,
    pub(super) kind: Option<KeyKind>,
    pub(super) origin: Option<KeyOrigin>,
    pub(super) holder: Holder,
}

/// Whose a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// An identity of the registry, and the organisation that it is or belongs to.
    Identity { id: IdentityId, organisation: Option<IdentityId> },
    /// A member of staff: an administrator enrols whoever needs another certificate.
    Staff,
    /// npki itself: CAs, responders, servers.
    Installation,
}

impl Examined {
    pub(super) fn traits(&self) -> Traits<'_> {
        let organisation = match self.holder {
            Holder::Identity { organisation, .. } => organisation,
            Holder::Staff | Holder::Installation => None,
        };
        Traits {
            kind: self.kind,
            profile: &self.record.profile,
            issuer: &self.record.issuer,
            key: self.key,
            origin: self.origin.as_ref(),
            organisation,
            issued_at: self.record.issued_at,
            not_after: Some(self.record.not_after),
        }
    }
}

/// One page of certificates.
pub(super) struct ExaminedPage {
    /// Those in force.
    pub(super) items: Vec<Examined>,
    /// How many were looked at, whether in force or not.
    pub(super) looked_at: usize,
    /// The last one looked at; `None` when there is none behind it.
    pub(super) next: Option<CertificatePlace>,
}

impl Registry {
    /// The certificates behind a place, of all CAs.
    pub(super) fn examine_after(&self, after: Option<&CertificatePlace>) -> Result<ExaminedPage, Fault> {
        let records = self.authorities().page(after, AT_ONCE)?;
        let looked_at = records.len();
        let next = if looked_at < AT_ONCE { None } else { records.last().map(CertificatePlace::of) };
        let mut counting = records;
        counting.retain(|record| self.status_of(record).is_living());
        Ok(ExaminedPage { items: self.examine(counting)?, looked_at, next })
    }

    /// Adds to records what is known of their keys and their holders.
    pub(super) fn examine(&self, records: Vec<CertificateRecord>) -> Result<Vec<Examined>, Fault> {
        let keys = records.iter().map(SpkiDigest::of_record).collect::<Result<Vec<_>, _>>()?;
        let origins = self.known_origins(&keys)?;
        let holders = self.holders(&records)?;
        let mut examined = Vec::with_capacity(records.len());
        for (((record, key), origin), holder) in records.into_iter().zip(keys).zip(origins).zip(holders) {
            let kind = self.authorities().key_kind(&record, self.vault())?;
            let origin = origin.map(|(known, _)| known.origin);
            examined.push(Examined { record, key, kind, origin, holder });
        }
        Ok(examined)
    }

    fn holders(&self, records: &[CertificateRecord]) -> Result<Vec<Holder>, Fault> {
        let id = |record: &CertificateRecord| record.identity.0.parse::<IdentityId>().ok();
        let known = self.identity_records(records.iter().filter_map(id).collect())?;
        let holder = |record: &CertificateRecord| match id(record) {
            Some(id) => Holder::Identity {
                id,
                organisation: known.get(&id).and_then(|(record, _)| record.organisation()),
            },
            None => other_than_identity(record),
        };
        Ok(records.iter().map(holder).collect())
    }
}

fn other_than_identity(record: &CertificateRecord) -> Holder {
    if record.identity.0.parse::<StaffId>().is_ok() { Holder::Staff } else { Holder::Installation }
}
