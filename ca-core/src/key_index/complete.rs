//! Entering what was issued before there was an index of keys.

use std::sync::Arc;

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{KeyIndex, completed, entered, is_complete};
use crate::blocked_keys::SpkiDigest;
use crate::certificate::{CaId, CertificateRecord, Certificates};
use crate::ledger::{Action, Actor, Ledger};
use crate::storage::Change;
use crate::vault::{Vault, VaultError};

/// Certificates were entered into the index of keys.
pub const KEYS_INDEXED: Action = Action::named("certificates.indexed");

/// How many certificates one change enters.
const PAGE: usize = 500;

impl KeyIndex {
    /// Enters everything that a CA issued before there was an index of keys; at once when that is done. The CA's own key
    /// is not needed: it may be offline, or retired. May be ended at any moment, and begun again. Returns how many
    /// certificates were entered.
    ///
    /// # Errors
    /// The store or the vault failed.
    pub fn complete(
        &self,
        ca: &CaId,
        vault: &Vault,
        ledger: &Ledger,
        actor: &Actor,
    ) -> Result<usize, VaultError> {
        let store = self.store.as_ref();
        if is_complete(store, ca)? {
            return Ok(0);
        }
        let certificates = Certificates::new(Arc::clone(&self.store), ca.clone());
        let (mut after, mut count) = (None, 0);
        loop {
            let page = certificates.list(after.as_ref(), PAGE)?;
            let last = page.last().map(|record| record.serial.clone());
            let mut change = Change::new();
            for record in &page {
                change = entering(change, record, &certificates, vault)?;
            }
            if last.is_none() {
                change = change.and(completed(ca));
            }
            let event = ledger.event(actor, KEYS_INDEXED, format!("ca:{ca}"))?;
            let event = event.with("certificates", page.len().to_string());
            store.commit(change.explained_by(&event))?;
            count += page.len();
            match last {
                Some(_) => after = last,
                None => return Ok(count),
            }
        }
    }
}

fn entering(
    change: Change,
    record: &CertificateRecord,
    certificates: &Certificates,
    vault: &Vault,
) -> Result<Change, VaultError> {
    let key = SpkiDigest::of_record(record)?;
    // Of an erased identity the digest is left, and the key is not.
    let der = certificates.der(record, vault)?;
    let info = der.as_deref().and_then(|der| X509Certificate::from_der(der).ok());
    let info = info.as_ref().map(|(_, certificate)| certificate.public_key().raw);
    Ok(entered(change, &key, &record.issuer, &record.serial, info))
}
