//! Issued certificates as records, and the tables they are kept in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::crl::Partition;
use crate::csr::KeyKind;
use crate::plain_name::is_plain;
use crate::profile::ProfileId;
use crate::serial::SerialNumber;
use crate::status::{Revocation, SerialStatus, StatusSource};
use crate::storage::{Entry, KeyRange, StorageError, Store, Table, Version, Versioned};
use crate::subject::IdentityRef;
use crate::vault::{Envelope, SealedText, Vault, VaultError, purpose_of, purpose_of_field};

mod place;

pub use place::{CertificatePlace, InvalidPlace};

/// Records of issued certificates: `ca/serial`.
pub const CERTIFICATES: Table = Table::records("certificates");
/// Their DER, apart from the records: `ca/serial`. Each is sealed under its identity's key: it may name a person.
pub const CERTIFICATE_DER: Table = Table::octets("certificate_der");
/// Index: `identity/ca/serial`, empty values.
pub const CERTIFICATES_BY_IDENTITY: Table = Table::octets("certificates_by_identity");
/// Which identity holds a key, for all time: SHA-256 of the SubjectPublicKeyInfo → [`IdentityRef`].
pub const KEYS: Table = Table::octets("keys");
/// Revoked and held certificates, for making CRLs: `ca/serial`, or `ca:shard/serial` where the certificate
/// names a shard.
pub const REVOCATIONS: Table = Table::records("revocations");

/// Names a CA within one installation: `root`, `issuing`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaId(String);

impl CaId {
    /// Takes a name of lower-case letters, digits and hyphens, at most 32 octets, not ending in `-delta`, as used in file
    /// names and addresses.
    ///
    /// # Errors
    /// Any other name.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidCaId> {
        let name = name.into();
        // `issuing-delta.crl` is the delta CRL of `issuing`.
        let fits = is_plain(&name, 32) && !name.ends_with("-delta");
        if fits { Ok(Self(name)) } else { Err(InvalidCaId) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of one of this CA's certificates: the name, a slash (which no name contains), the serial's octets.
    pub fn key(&self, serial: &SerialNumber) -> Vec<u8> {
        let mut key = self.prefix();
        key.extend_from_slice(serial.as_bytes());
        key
    }

    /// What the keys of all of this CA's records begin with.
    pub fn prefix(&self) -> Vec<u8> {
        format!("{}/", self.0).into_bytes()
    }
}

impl std::fmt::Display for CaId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not a CA's name.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a CA's name has 1 to 32 lower-case letters, digits and hyphens, and does not end in -delta")]
pub struct InvalidCaId;

/// What is known of one issued certificate, besides its DER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRecord {
    /// Its serial number.
    pub serial: SerialNumber,
    /// The CA that issued it.
    pub issuer: CaId,
    /// The profile it was issued under.
    pub profile: ProfileId,
    /// Which edition of it: SHA-256 of its text, lower-case hex. Nothing where no book of profiles was kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profile_sha256: Option<String>,
    /// The identity it is bound to.
    pub identity: IdentityRef,
    /// Its subject, as RFC 4514 text, sealed under the identity's key: [`CertificateRecord::open_subject`].
    pub subject: SealedText,
    /// SHA-256 of the certificate's DER, lower-case hex.
    pub sha256: String,
    /// SHA-256 of its SubjectPublicKeyInfo, lower-case hex.
    pub key_sha256: String,
    /// The kind of its key. Records of before this was kept have none: [`Certificates::key_kind`] knows it all the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_kind: Option<KeyKind>,
    /// Start of validity, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// End of validity, inclusive, UTC (RFC 5280 section 4.1.2.5).
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// When it was signed, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    /// Set when it is revoked or on hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revocation: Option<Revocation>,
    /// Which of its issuer's CRLs it names: chosen when it was issued, for ever.
    #[serde(skip_serializing_if = "Partition::is_first", default)]
    pub crl_partition: Partition,
}

impl CertificateRecord {
    /// Its subject, as RFC 4514 text; `None` when the identity was erased.
    ///
    /// # Errors
    /// It does not open: it was altered, or key or store failed.
    pub fn open_subject(&self, vault: &Vault) -> Result<Option<String>, VaultError> {
        let Some(envelope) = vault.for_reading(&self.identity)? else { return Ok(None) };
        envelope.open_text(&subject_purpose(&self.issuer, &self.serial), &self.subject).map(Some)
    }
}

/// Seals the subject of a certificate that is to be kept.
pub(crate) fn seal_subject(
    envelope: &Envelope,
    ca: &CaId,
    serial: &SerialNumber,
    subject: &str,
) -> Result<SealedText, VaultError> {
    envelope.seal_text(&subject_purpose(ca, serial), subject)
}

/// Seals a certificate's DER for [`CERTIFICATE_DER`].
pub(crate) fn seal_der(
    envelope: &Envelope,
    ca: &CaId,
    serial: &SerialNumber,
    der: &[u8],
) -> Result<Vec<u8>, VaultError> {
    envelope.seal(&der_purpose(ca, serial), der)
}

fn subject_purpose(ca: &CaId, serial: &SerialNumber) -> String {
    purpose_of_field(CERTIFICATES, format_args!("{ca}/{serial}"), "subject")
}

fn der_purpose(ca: &CaId, serial: &SerialNumber) -> String {
    purpose_of(CERTIFICATE_DER, format_args!("{ca}/{serial}"))
}

/// Reads the certificates of one CA. Needs no signing key; what is sealed is opened with a vault, which status never
/// needs.
#[derive(Debug, Clone)]
pub struct Certificates {
    store: Arc<dyn Store>,
    ca: CaId,
}

impl Certificates {
    /// The certificates that `ca` issued, as kept in `store`.
    pub const fn new(store: Arc<dyn Store>, ca: CaId) -> Self {
        Self { store, ca }
    }

    /// The CA whose certificates these are.
    pub const fn ca(&self) -> &CaId {
        &self.ca
    }

    /// One certificate's record.
    ///
    /// # Errors
    /// Storage failed; absence is `Ok(None)`.
    pub fn find(&self, serial: &SerialNumber) -> Result<Option<CertificateRecord>, StorageError> {
        Ok(self.find_versioned(serial)?.map(|(record, _)| record))
    }

    /// One certificate's record and the version to expect when changing it.
    pub(crate) fn find_versioned(
        &self,
        serial: &SerialNumber,
    ) -> Result<Option<(CertificateRecord, Version)>, StorageError> {
        let found = self.store.get(CERTIFICATES, &self.ca.key(serial))?;
        found.map(|entry| Ok((decode(&entry)?, entry.version))).transpose()
    }

    /// One certificate's DER; `None` when its identity was erased.
    ///
    /// # Errors
    /// The DER is not there or does not open, or key or store failed.
    pub fn der(&self, record: &CertificateRecord, vault: &Vault) -> Result<Option<Vec<u8>>, VaultError> {
        let CertificateRecord { serial, identity, .. } = record;
        let missing = || StorageError(format!("certificate {serial} has lost its DER"));
        let sealed = self.store.get(CERTIFICATE_DER, &self.ca.key(serial))?.ok_or_else(missing)?;
        let opened = vault.open(identity, &der_purpose(&self.ca, serial), &sealed.value)?;
        Ok(opened.map(|der| der.to_vec()))
    }

    /// The kind of a certificate's key; `None` when it cannot be known any more, as its identity was erased.
    ///
    /// # Errors
    /// As [`Certificates::der`].
    pub fn key_kind(&self, record: &CertificateRecord, vault: &Vault) -> Result<Option<KeyKind>, VaultError> {
        if record.key_kind.is_some() {
            return Ok(record.key_kind);
        }
        let der = self.der(record, vault)?;
        let parsed = der.as_deref().and_then(|der| X509Certificate::from_der(der).ok());
        Ok(parsed.and_then(|(_, certificate)| KeyKind::of(certificate.public_key().raw)))
    }

    /// At most `limit` records in the order of their serial numbers, beginning after `after`.
    ///
    /// # Errors
    /// Storage failed.
    pub fn list(
        &self,
        after: Option<&SerialNumber>,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let range = KeyRange::prefix(&self.ca.prefix());
        let range = match after {
            Some(serial) => range.after(&self.ca.key(serial)),
            None => range,
        };
        self.store.scan(CERTIFICATES, &range, limit)?.iter().map(|(_, entry)| decode(entry)).collect()
    }

    /// At most `limit` certificates of one identity, in the order of their serial numbers, beginning after `after`.
    ///
    /// # Errors
    /// Storage failed, or the index names a certificate that is not there.
    pub fn of_identity(
        &self,
        identity: &IdentityRef,
        after: Option<&SerialNumber>,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let prefix = self.identity_prefix(identity);
        let range = KeyRange::prefix(&prefix);
        let range = match after {
            Some(serial) => range.after(&identity_key(&prefix, serial)),
            None => range,
        };
        let keys = self.store.scan(CERTIFICATES_BY_IDENTITY, &range, limit)?;
        let damaged = |key: &[u8]| StorageError(format!("index entry {} leads nowhere", hex::encode(key)));
        let serial = |(key, _): &Entry| {
            let serial = SerialNumber::from_der_content(key.get(prefix.len()..).unwrap_or_default());
            serial.map_err(|_| damaged(key))
        };
        let serials = keys.iter().map(serial).collect::<Result<Vec<_>, _>>()?;
        let found = self.find_many(&serials)?.into_iter().zip(&keys);
        found.map(|(record, (key, _))| record.ok_or_else(|| damaged(key))).collect()
    }

    /// The records of these certificates, in their order.
    ///
    /// # Errors
    /// Storage failed.
    pub fn find_many(
        &self,
        serials: &[SerialNumber],
    ) -> Result<Vec<Option<CertificateRecord>>, StorageError> {
        let keys: Vec<Vec<u8>> = serials.iter().map(|serial| self.ca.key(serial)).collect();
        let found = self.store.get_many(CERTIFICATES, &keys)?;
        found.iter().map(|entry| entry.as_ref().map(decode).transpose()).collect()
    }

    /// The index key that binds `serial` to `identity`.
    pub(crate) fn binding_key(&self, identity: &IdentityRef, serial: &SerialNumber) -> Vec<u8> {
        identity_key(&self.identity_prefix(identity), serial)
    }

    fn identity_prefix(&self, identity: &IdentityRef) -> Vec<u8> {
        format!("{}/{}/", identity.0, self.ca).into_bytes()
    }
}

/// Where the certificates stand that are bound to identities whose references begin with `begins`, of all CAs; at most `limit`.
///
/// # Errors
/// Storage failed, or the index holds what is no place.
pub fn bound_to_each(
    store: &dyn Store,
    begins: &str,
    limit: usize,
) -> Result<Vec<CertificatePlace>, StorageError> {
    let entries = store.scan(CERTIFICATES_BY_IDENTITY, &KeyRange::prefix(begins.as_bytes()), limit)?;
    let place = |(key, _): &Entry| {
        let slash = key.iter().position(|octet| *octet == b'/');
        let place = slash.and_then(|at| CertificatePlace::from_key(key.get(at + 1..)?));
        place.ok_or_else(|| StorageError(format!("index entry {} leads nowhere", hex::encode(key))))
    };
    entries.iter().map(place).collect()
}

impl StatusSource for Certificates {
    fn status(&self, serial: &SerialNumber) -> Result<SerialStatus, StorageError> {
        Ok(match self.find(serial)? {
            None => SerialStatus::Unknown,
            Some(record) => record.revocation.map_or(SerialStatus::Good, SerialStatus::Revoked),
        })
    }
}

fn identity_key(prefix: &[u8], serial: &SerialNumber) -> Vec<u8> {
    [prefix, serial.as_bytes()].concat()
}

pub(crate) fn decode(entry: &Versioned) -> Result<CertificateRecord, StorageError> {
    serde_json::from_slice(&entry.value)
        .map_err(|error| StorageError(format!("a certificate's record cannot be read: {error}")))
}
