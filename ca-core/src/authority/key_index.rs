//! Entering what was issued before there was an index of keys.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::Authority;
use crate::blocked_keys::SpkiDigest;
use crate::certificate::CertificateRecord;
use crate::key_index;
use crate::ledger::{Action, Actor};
use crate::storage::{Change, StorageError};
use crate::vault::VaultError;

/// Certificates were entered into the index of keys.
pub const KEYS_INDEXED: Action = Action::named("certificates.indexed");

/// How many certificates one change enters.
const PAGE: usize = 500;

impl Authority {
    /// Enters everything that this CA issued before there was an index of keys; at once when that is done. May be ended
    /// at any moment, and begun again. Returns how many certificates were entered.
    ///
    /// # Errors
    /// The store or the vault failed.
    pub fn complete_key_index(&self, actor: &Actor) -> Result<usize, VaultError> {
        let store = self.parts.store.as_ref();
        if key_index::is_complete(store, &self.parts.id)? {
            return Ok(0);
        }
        let (mut after, mut entered) = (None, 0);
        loop {
            let page = self.certificates.list(after.as_ref(), PAGE)?;
            let last = page.last().map(|record| record.serial.clone());
            let mut change = Change::new();
            for record in &page {
                change = self.entered(change, record)?;
            }
            if last.is_none() {
                change = change.and(key_index::completed(&self.parts.id));
            }
            let event = self.ledger.event(actor, KEYS_INDEXED, format!("ca:{}", self.parts.id))?;
            let event = event.with("certificates", page.len().to_string());
            store.commit(change.explained_by(&event))?;
            entered += page.len();
            match last {
                Some(_) => after = last,
                None => return Ok(entered),
            }
        }
    }

    fn entered(&self, change: Change, record: &CertificateRecord) -> Result<Change, VaultError> {
        let key: SpkiDigest = record.key_sha256.parse().map_err(|_| {
            StorageError(format!("the record of certificate {} has no digest of its key", record.serial))
        })?;
        // Of an erased identity the digest is left, and the key is not.
        let der = self.certificates.der(record, &self.parts.vault)?;
        let info = der.as_deref().and_then(|der| X509Certificate::from_der(der).ok());
        let info = info.as_ref().map(|(_, certificate)| certificate.public_key().raw);
        Ok(key_index::entered(change, &key, &self.parts.id, &record.serial, info))
    }
}
