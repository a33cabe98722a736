//! From a public key to the certificates that hold it, of all CAs: what a compromised key is looked up in.

mod complete;

pub use complete::KEYS_INDEXED;

use std::sync::Arc;

use crate::blocked_keys::SpkiDigest;
use crate::certificate::{CERTIFICATES, CaId, CertificateRecord, decode};
use crate::key_quality::rsa_key;
use crate::serial::SerialNumber;
use crate::storage::{Change, KeyRange, StorageError, Store, Table};

/// Index: SHA-256 of the SubjectPublicKeyInfo (32 octets), then `ca/serial`. The value is the SubjectPublicKeyInfo
/// itself of RSA keys, which are compared with each other, and empty for others. A key names nobody: it stands in clear,
/// as its digest does. A CA's name alone says that what it issued before there was this index is in it.
pub const CERTIFICATES_BY_KEY: Table = Table::octets("certificates_by_key");

const DIGEST: usize = 32;

/// A place in the index, to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Vec<u8>);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl std::str::FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        hex::decode(text).map(Self).map_err(|_| InvalidPlace)
    }
}

/// Not a place that a page ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor that a page ended with")]
pub struct InvalidPlace;

/// An RSA key and a certificate that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaHolder {
    /// SHA-256 of the key.
    pub key: SpkiDigest,
    /// The CA that issued the certificate.
    pub issuer: CaId,
    /// The certificate's serial number.
    pub serial: SerialNumber,
    /// The key, a DER SubjectPublicKeyInfo.
    pub public_key_info: Vec<u8>,
}

/// Reads the index. Needs no vault.
#[derive(Debug, Clone)]
pub struct KeyIndex {
    store: Arc<dyn Store>,
}

impl KeyIndex {
    /// The index kept in `store`.
    pub const fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// At most `limit` certificates that hold a key, of all CAs, beginning after `after`.
    ///
    /// # Errors
    /// Storage failed, or the index names a certificate that is not there.
    pub fn certificates_of(
        &self,
        key: &SpkiDigest,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<(Place, CertificateRecord)>, StorageError> {
        let range = begun(KeyRange::prefix(&key.0), after);
        let entries = self.store.scan(CERTIFICATES_BY_KEY, &range, limit)?;
        entries.into_iter().map(|(place, _)| Ok((Place(place.clone()), self.certificate(&place)?))).collect()
    }

    /// At most `limit` entries of the index, beginning after `after`, and of these the RSA keys; with the last entry's
    /// place. The index has ended when there is no place.
    ///
    /// # Errors
    /// Storage failed, or an entry cannot be read.
    pub fn rsa_holders(
        &self,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<(Vec<RsaHolder>, Option<Place>), StorageError> {
        let entries = self.store.scan(CERTIFICATES_BY_KEY, &begun(KeyRange::all(), after), limit)?;
        let last = entries.last().map(|(place, _)| Place(place.clone()));
        let rsa = entries.into_iter().filter(|(_, entry)| !entry.value.is_empty());
        let holders = rsa.map(|(place, entry)| {
            let (key, issuer, serial) = parts(&place)?;
            Ok(RsaHolder { key, issuer, serial, public_key_info: entry.value })
        });
        Ok((holders.collect::<Result<_, StorageError>>()?, last))
    }

    fn certificate(&self, place: &[u8]) -> Result<CertificateRecord, StorageError> {
        let key = place.get(DIGEST..).unwrap_or_default();
        let entry = self.store.get(CERTIFICATES, key)?.ok_or_else(|| damaged(place))?;
        decode(&entry)
    }
}

fn begun(range: KeyRange, after: Option<&Place>) -> KeyRange {
    match after {
        Some(place) => range.after(&place.0),
        None => range,
    }
}

fn parts(place: &[u8]) -> Result<(SpkiDigest, CaId, SerialNumber), StorageError> {
    let (digest, rest) = place.split_first_chunk::<DIGEST>().ok_or_else(|| damaged(place))?;
    let slash = rest.iter().position(|octet| *octet == b'/').ok_or_else(|| damaged(place))?;
    let (ca, serial) = rest.split_at(slash);
    let ca = std::str::from_utf8(ca).ok().and_then(|ca| CaId::new(ca).ok()).ok_or_else(|| damaged(place))?;
    let serial = serial.get(1..).unwrap_or_default();
    let serial = SerialNumber::from_der_content(serial).map_err(|_| damaged(place))?;
    Ok((SpkiDigest(*digest), ca, serial))
}

fn damaged(place: &[u8]) -> StorageError {
    StorageError(format!("entry {} of certificates_by_key leads nowhere", hex::encode(place)))
}

/// Enters a certificate, whose key is `public_key_info` where that is known.
pub(crate) fn entered(
    change: Change,
    key: &SpkiDigest,
    ca: &CaId,
    serial: &SerialNumber,
    public_key_info: Option<&[u8]>,
) -> Change {
    let place = [&key.0[..], &ca.key(serial)].concat();
    let kept = public_key_info.filter(|info| rsa_key(info).is_some()).unwrap_or_default();
    // The same entry again is no fault: what was there before the index is entered page by page, and may be resumed.
    change.put(CERTIFICATES_BY_KEY, place, kept)
}

/// Whether everything that a CA issued is in the index.
pub(crate) fn is_complete(store: &dyn Store, ca: &CaId) -> Result<bool, StorageError> {
    Ok(store.get(CERTIFICATES_BY_KEY, ca.as_str().as_bytes())?.is_some())
}

/// Says that everything a CA issued is in the index.
pub(crate) fn completed(ca: &CaId) -> Change {
    Change::new().put(CERTIFICATES_BY_KEY, ca.as_str(), [])
}
