//! What is published besides OCSP: the CAs' certificates and their newest CRLs.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::certificate::CaId;
use ca_core::crl::{self, CrlName, StoredCrl};
use ca_core::storage::{StorageError, Store};

/// The certificates of the installation's CAs, and the store their newest CRLs are read from.
///
/// A CA that is offline, such as the root, publishes in the same way: whoever brings its CRL over puts it into
/// [`crl::CRLS`] under the CA's name.
#[derive(Debug, Clone)]
pub struct Publication {
    store: Arc<dyn Store>,
    certificates: BTreeMap<CaId, Vec<u8>>,
}

impl Publication {
    /// Publishes the CRLs kept in `store` of the CAs added with [`Self::with`].
    pub const fn new(store: Arc<dyn Store>) -> Self {
        Self { store, certificates: BTreeMap::new() }
    }

    /// Adds a CA and its certificate, DER.
    #[must_use]
    pub fn with(mut self, ca: CaId, certificate: Vec<u8>) -> Self {
        self.certificates.insert(ca, certificate);
        self
    }

    /// A CA's certificate, DER; `None` for a CA that is not published here.
    pub fn certificate(&self, ca: &CaId) -> Option<&[u8]> {
        self.certificates.get(ca).map(Vec::as_slice)
    }

    /// The newest CRL of a name, without the octets of a large one; `None` for a CA that is not published here or has
    /// made none yet.
    ///
    /// # Errors
    /// Storage failed, or what it holds is no CRL.
    pub fn crl(&self, name: &CrlName) -> Result<Option<StoredCrl>, StorageError> {
        if !self.certificates.contains_key(&name.ca) {
            return Ok(None);
        }
        crl::find(self.store.as_ref(), name)
    }

    /// One part of a CRL's DER: see [`StoredCrl::part`].
    ///
    /// # Errors
    /// Storage failed, or the CRL was superseded long since.
    pub fn part(&self, crl: &StoredCrl, place: u32) -> Result<Vec<u8>, StorageError> {
        crl.part(self.store.as_ref(), place)
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// It does not.
    pub fn check_ready(&self) -> Result<(), StorageError> {
        match self.certificates.keys().next() {
            Some(ca) => self.crl(&CrlName::first(ca.clone())).map(|_| ()),
            None => Ok(()),
        }
    }
}
