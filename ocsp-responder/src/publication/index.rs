//! The index of what is published: for those who keep copies of it, and for those who look whether it all agrees.
//!
//! It is not signed. It says which files there are; each of them proves itself.

use ca_core::certificate::CaId;
use ca_core::crl::{self, CrlName, Form, StoredCrl};
use ca_core::storage::{StorageError, Store};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Publication, PublishedFilter};
use crate::trusted_list::{PublishedList, TrustedLists};

/// The form, and its version: members may be added under it.
pub const INDEX_FORM: &str = "npki.published/1";

/// What is published at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedIndex {
    /// [`INDEX_FORM`].
    pub form: String,
    /// CA by CA.
    pub cas: Vec<OfCa>,
    /// The trusted lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_lists: Vec<ListEntry>,
}

/// A trusted list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// Its territory: it is `/trusted-list/TERRITORY.xml`, and the same in JSON `/trusted-list/TERRITORY.json`.
    pub territory: String,
    /// Its number.
    pub number: u64,
    /// SHA-256 of the signed list, lower-case hex.
    pub sha256: String,
    /// When it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub issued: OffsetDateTime,
    /// When the next one comes at the latest, UTC.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_update: Option<OffsetDateTime>,
}

/// What is published of a CA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfCa {
    /// Its name: its certificate is `/ca/NAME.cer`.
    pub ca: CaId,
    /// SHA-256 of its certificate, lower-case hex.
    pub certificate: String,
    /// SHA-256 of `/ca/NAME.p7c`, lower-case hex; nothing where there is none.
    pub bundle: Option<String>,
    /// Its CRLs.
    pub crls: Vec<CrlEntry>,
    /// `/filter/NAME.filter`; nothing where there is none.
    pub filter: Option<FilterEntry>,
}

/// A CRL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrlEntry {
    /// Its path under `/crl/`.
    pub path: String,
    /// Its cRLNumber (RFC 5280 section 5.2.3).
    pub number: u64,
    /// How long it is, in octets.
    pub octets: u64,
    /// SHA-256 of it, lower-case hex.
    pub sha256: String,
    /// When it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub this_update: OffsetDateTime,
    /// When the next one comes at the latest, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub next_update: OffsetDateTime,
}

/// A compact filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterEntry {
    /// SHA-256 of it, lower-case hex.
    pub sha256: String,
    /// When it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub made: OffsetDateTime,
}

impl PublishedIndex {
    /// Of these CAs.
    pub fn of(cas: Vec<OfCa>) -> Self {
        Self { form: INDEX_FORM.to_owned(), cas, trusted_lists: Vec::new() }
    }

    /// With these trusted lists.
    #[must_use]
    pub fn and_lists(mut self, lists: &TrustedLists) -> Self {
        self.trusted_lists = lists.all().into_iter().map(ListEntry::from).collect();
        self
    }

    /// Reads one; `None` of anything else.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok().filter(|index: &Self| index.form == INDEX_FORM)
    }

    /// How it is published.
    ///
    /// # Errors
    /// A moment cannot be written.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

impl Publication {
    /// What is published now. Reads one record for each CRL.
    ///
    /// # Errors
    /// Storage failed, or what it holds is no CRL.
    pub fn index(&self) -> Result<PublishedIndex, StorageError> {
        let of_ca = |(ca, certificate): (&CaId, &Vec<u8>)| {
            Ok(OfCa {
                ca: ca.clone(),
                certificate: sha256(certificate),
                bundle: self.bundle(ca)?.map(|bundle| sha256(&bundle)),
                crls: crls(self.store.as_ref(), ca)?,
                filter: self.filters.find(ca).map(FilterEntry::from),
            })
        };
        let cas = self.certificates.iter().map(of_ca).collect::<Result<Vec<OfCa>, StorageError>>()?;
        Ok(PublishedIndex::of(cas).and_lists(&self.trusted_lists))
    }
}

fn crls(store: &dyn Store, ca: &CaId) -> Result<Vec<CrlEntry>, StorageError> {
    let mut found = Vec::new();
    for partition in crl::published_partitions(store, ca)? {
        for form in [Form::Full, Form::Delta] {
            let name = CrlName::new(ca.clone(), partition, form);
            found.extend(crl::find(store, &name)?.map(CrlEntry::from));
        }
    }
    Ok(found)
}

impl From<StoredCrl> for CrlEntry {
    fn from(crl: StoredCrl) -> Self {
        Self {
            path: crl.name.path(),
            number: crl.number,
            octets: crl.octets(),
            sha256: crl.sha256(),
            this_update: crl.this_update,
            next_update: crl.next_update,
        }
    }
}

impl From<PublishedFilter> for FilterEntry {
    fn from(filter: PublishedFilter) -> Self {
        Self { sha256: filter.sha256.to_string(), made: filter.made }
    }
}

impl From<(String, PublishedList)> for ListEntry {
    fn from((territory, list): (String, PublishedList)) -> Self {
        Self {
            territory,
            number: list.sequence,
            sha256: list.xml.sha256.to_string(),
            issued: list.issued,
            next_update: list.next_update,
        }
    }
}

/// SHA-256, lower-case hex.
pub fn sha256(octets: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, octets))
}
