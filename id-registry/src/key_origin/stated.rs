//! Origins that come with requests, and looking origins up.

use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::CertificateRecord;
use ca_core::csr::VerifiedCsr;
use ca_core::storage::{Change, Expect, StorageError, Version};

use super::{KEY_ORIGINS, KnownOrigin};
use crate::enrolment::{Request, RequestError};
use crate::fault::Fault;
use crate::permission::{Permission, Permit, actor_of};
use crate::record::{self, encode};
use crate::registry::Registry;

impl Registry {
    /// What is known of where the key of a certificate lives. Whoever holds a permit may see it: it names nobody.
    ///
    /// # Errors
    /// The store failed.
    pub fn key_origin<P: Permission>(
        &self,
        _permit: &Permit<P>,
        record: &CertificateRecord,
    ) -> Result<Option<KnownOrigin>, Fault> {
        Ok(self.known_origin(&SpkiDigest::of_record(record)?)?.map(|(known, _)| known))
    }

    pub(crate) fn known_origin(
        &self,
        key: &SpkiDigest,
    ) -> Result<Option<(KnownOrigin, Version)>, StorageError> {
        let Some(entry) = self.store().get(KEY_ORIGINS, &key.0)? else { return Ok(None) };
        Ok(Some((record::decode(KEY_ORIGINS, &entry)?, entry.version)))
    }

    /// What is known of several keys, in their order.
    pub(crate) fn known_origins(
        &self,
        keys: &[SpkiDigest],
    ) -> Result<Vec<Option<(KnownOrigin, Version)>>, StorageError> {
        let places: Vec<Vec<u8>> = keys.iter().map(|key| key.0.to_vec()).collect();
        let found = self.store().get_many(KEY_ORIGINS, &places)?;
        let read = |entry: Option<ca_core::storage::Versioned>| {
            entry.map(|entry| Ok((record::decode(KEY_ORIGINS, &entry)?, entry.version))).transpose()
        };
        found.into_iter().map(read).collect()
    }

    /// What keeps the origin that a request states, when its certificate is issued. A key whose origin is known is not
    /// from somewhere else.
    pub(crate) fn keep_origin(&self, request: &Request, csr: &VerifiedCsr) -> Result<Change, RequestError> {
        let Some(stated) = &request.key_origin else { return Ok(Change::new()) };
        let key = SpkiDigest::of(csr.key().der());
        match self.known_origin(&key)? {
            Some((known, version)) if known.origin.is(stated) => {
                Ok(Change::new().check(KEY_ORIGINS, key.0, Expect::Version(version)))
            }
            Some((known, _)) => {
                let (stated, known) = (Box::new(stated.clone()), Box::new(known.origin));
                Err(RequestError::OriginContradicts { stated, known })
            }
            None => {
                let known = KnownOrigin {
                    origin: stated.clone(),
                    request: Some(request.id),
                    at: self.now(),
                    by: actor_of(request.requested_by),
                };
                Ok(Change::new().insert(KEY_ORIGINS, key.0, encode(&known)?))
            }
        }
    }
}
