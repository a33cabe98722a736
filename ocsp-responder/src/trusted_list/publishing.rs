//! The lists that are published: signed, as XML, and the same in plain JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::keeping::KeptList;
use super::model::TrustedList;
use crate::publication::{gzip, sha256};

/// The plain form, and its version: members may be added under it.
pub const JSON_FORM: &str = "npki.trusted-list/1";

/// A list in plain JSON. It is not signed: who relies on it takes the XML, whose digest it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListJson {
    /// [`JSON_FORM`].
    pub form: String,
    /// SHA-256 of the signed list, lower-case hex.
    pub xml_sha256: String,
    /// What it says.
    pub list: TrustedList,
}

impl ListJson {
    /// Of a list whose signed form has this digest.
    pub fn of(list: TrustedList, xml_sha256: String) -> Self {
        Self { form: JSON_FORM.to_owned(), xml_sha256, list }
    }
}

/// One form of a list, as it is sent.
#[derive(Debug, Clone)]
pub struct PublishedForm {
    /// The file.
    pub octets: Arc<[u8]>,
    /// The same in gzip, where that is smaller.
    pub gzip: Option<Arc<[u8]>>,
    /// SHA-256 of it, lower-case hex.
    pub sha256: Arc<str>,
}

/// A list that is published.
#[derive(Debug, Clone)]
pub struct PublishedList {
    /// The signed list.
    pub xml: PublishedForm,
    /// The same in JSON.
    pub json: PublishedForm,
    /// Its number.
    pub sequence: u64,
    /// When it was made, UTC.
    pub issued: OffsetDateTime,
    /// When the next one comes at the latest, UTC.
    pub next_update: Option<OffsetDateTime>,
}

/// The newest list of each territory that is published here.
#[derive(Debug, Default)]
pub struct TrustedLists(RwLock<BTreeMap<String, PublishedList>>);

impl TrustedLists {
    /// Publishes a list in the place of the one before; a list of a lower number changes nothing.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn publish(&self, kept: &KeptList) -> serde_json::Result<()> {
        let xml = form(kept.xml.clone().into_bytes());
        let json = ListJson::of(kept.list.clone(), xml.sha256.to_string());
        let published = PublishedList {
            json: form(serde_json::to_vec(&json)?),
            xml,
            sequence: kept.list.sequence,
            issued: kept.list.issued,
            next_update: kept.list.next_update,
        };
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let territory = &kept.list.scheme.territory;
        if lists.get(territory).is_none_or(|known| known.sequence < published.sequence) {
            lists.insert(territory.clone(), published);
        }
        Ok(())
    }

    /// The list of a territory.
    pub fn find(&self, territory: &str) -> Option<PublishedList> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(territory).cloned()
    }

    /// All of them, by territory.
    pub fn all(&self) -> BTreeMap<String, PublishedList> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn form(octets: Vec<u8>) -> PublishedForm {
    PublishedForm { gzip: gzip(&octets), sha256: sha256(&octets).into(), octets: octets.into() }
}
