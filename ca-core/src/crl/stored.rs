//! CRLs as kept: a header of 24 octets (number, thisUpdate, nextUpdate as big-endian integers, times in seconds since
//! 1970), then
//!
//! - the DER itself, which begins with a SEQUENCE: a CRL that was made elsewhere, such as an offline root's; or
//! - `M`, the length of a [`Manifest`] (four octets, big-endian), the manifest in JSON, and the DER unless the manifest
//!   says that it lies in chunks: no engine likes values of fifty million octets, and no reader need hold them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{CRL_CHUNKS, CRLS, Contains, CrlName, NO_NEXT_UPDATE, Partition};
use crate::certificate::CaId;
use crate::storage::{Change, Expect, KeyRange, Operation, StorageError, Store, Version};

/// How many octets a chunk has.
pub(crate) const CHUNK: usize = 256 * 1024;
/// How many chunks are written in one change: this many are in memory at once.
pub(crate) const CHUNKS_AT_ONCE: usize = 16;

const HEADER: usize = 24;
const MANIFEST: u8 = b'M';

/// What part of a CRL's life is left when its end is near: time enough to hold a ceremony.
const ENDING: i32 = 4;

/// How near a CRL is to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Not near.
    Fresh,
    /// Less than a quarter of its life is left.
    Ending,
    /// nextUpdate is past: whoever insists on a current CRL accepts nothing of this CA any more.
    Ended,
}

/// A CRL in memory, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// Its cRLNumber (RFC 5280 section 5.2.3).
    pub number: u64,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// When the next is due at the latest, UTC.
    pub next_update: OffsetDateTime,
    /// The CertificateList, DER.
    pub der: Vec<u8>,
}

impl Crl {
    /// The form in which a CRL that was made elsewhere is kept under [`CRLS`].
    pub fn to_stored(&self) -> Vec<u8> {
        let mut stored = header(self.number, self.this_update, self.next_update);
        stored.extend_from_slice(&self.der);
        stored
    }
}

/// What is known of a CRL of our own, besides its header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The number of the full CRL that a delta CRL begins from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) base: Option<u64>,
    /// It lists whatever stands in the ledger before this position.
    pub(crate) covers: u64,
    /// How many certificates it lists.
    pub(crate) entries: u64,
    /// How many octets the DER has.
    pub(crate) octets: u64,
    /// SHA-256 of the DER, lower-case hex.
    pub(crate) sha256: String,
    /// The IssuingDistributionPoint, DER in hex; empty when there is none.
    #[serde(default)]
    pub(crate) scope: String,
    /// Which certificates it is about.
    #[serde(default)]
    pub(crate) contains: Contains,
    /// Whether it names its delta CRL.
    #[serde(default)]
    pub(crate) names_delta: bool,
    /// In how many chunks the DER lies; 0: it stands behind the manifest.
    pub(crate) chunks: u32,
}

/// The newest CRL of a name, without its octets where these lie in chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCrl {
    /// Its name.
    pub name: CrlName,
    /// Its cRLNumber (RFC 5280 section 5.2.3).
    pub number: u64,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// When the next is due at the latest, UTC.
    pub next_update: OffsetDateTime,
    pub(crate) manifest: Option<Manifest>,
    /// The DER, where it is not in chunks.
    inline: Vec<u8>,
}

impl StoredCrl {
    /// A CRL of our own. `inline` is the DER unless the manifest says that it lies in chunks.
    pub(crate) const fn new(
        name: CrlName,
        number: u64,
        times: (OffsetDateTime, OffsetDateTime),
        manifest: Manifest,
        inline: Vec<u8>,
    ) -> Self {
        Self { name, number, this_update: times.0, next_update: times.1, manifest: Some(manifest), inline }
    }

    /// The form in which it is kept.
    pub(crate) fn to_stored(&self) -> Result<Vec<u8>, StorageError> {
        let mut stored = header(self.number, self.this_update, self.next_update);
        if let Some(manifest) = &self.manifest {
            let manifest = serde_json::to_vec(manifest).map_err(|error| StorageError(error.to_string()))?;
            let length = u32::try_from(manifest.len())
                .map_err(|_| StorageError("a CRL's manifest is too long".into()))?;
            stored.push(MANIFEST);
            stored.extend_from_slice(&length.to_be_bytes());
            stored.extend_from_slice(&manifest);
        }
        stored.extend_from_slice(&self.inline);
        Ok(stored)
    }

    fn from_stored(name: &CrlName, stored: &[u8]) -> Option<Self> {
        let (number, rest) = stored.split_first_chunk()?;
        let (this_update, rest) = rest.split_first_chunk()?;
        let (next_update, rest) = rest.split_first_chunk()?;
        let moment = |octets| OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(octets)).ok();
        let (manifest, inline) = match rest.split_first()? {
            (&MANIFEST, rest) => {
                let (length, rest) = rest.split_first_chunk()?;
                let (manifest, inline) =
                    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
                (Some(serde_json::from_slice(manifest).ok()?), inline)
            }
            // A CertificateList is a SEQUENCE.
            (0x30, _) => (None, rest),
            _ => return None,
        };
        Some(Self {
            name: name.clone(),
            number: u64::from_be_bytes(*number),
            this_update: moment(*this_update)?,
            next_update: moment(*next_update)?,
            manifest,
            inline: inline.to_vec(),
        })
    }

    /// How near it is to its end. A CA at work makes its next one long before; one that is offline must be asked.
    pub fn freshness(&self, now: OffsetDateTime) -> Freshness {
        if now >= self.next_update {
            return Freshness::Ended;
        }
        let left = self.next_update - now;
        let near = left < (self.next_update - self.this_update) / ENDING;
        if near { Freshness::Ending } else { Freshness::Fresh }
    }

    /// How many octets the DER has.
    pub fn octets(&self) -> u64 {
        self.manifest.as_ref().map_or(self.inline.len() as u64, |manifest| manifest.octets)
    }

    /// How many certificates it lists; `None` when that is not known without reading it.
    pub fn entries(&self) -> Option<u64> {
        self.manifest.as_ref().map(|manifest| manifest.entries)
    }

    /// For a delta CRL, the number of the full CRL it begins from.
    pub fn base(&self) -> Option<u64> {
        self.manifest.as_ref().and_then(|manifest| manifest.base)
    }

    /// SHA-256 of the DER, lower-case hex.
    pub fn sha256(&self) -> String {
        match &self.manifest {
            Some(manifest) => manifest.sha256.clone(),
            None => hex::encode(ring::digest::digest(&ring::digest::SHA256, &self.inline)),
        }
    }

    /// Whether none comes after it: its CA ended.
    pub fn is_last(&self) -> bool {
        self.next_update == NO_NEXT_UPDATE
    }

    /// When half of its life is over.
    pub(crate) fn half_life(&self) -> OffsetDateTime {
        self.this_update + (self.next_update - self.this_update) / 2
    }

    /// In how many parts [`Self::part`] gives the DER; at least one.
    pub fn parts(&self) -> u32 {
        self.manifest.as_ref().map_or(1, |manifest| manifest.chunks.max(1))
    }

    /// One part of the DER; all of them in order are the DER. A part is at most 256 KiB where there are several.
    ///
    /// # Errors
    /// Storage failed, or a CRL made long since took this one's place and its octets are gone: begin again.
    pub fn part(&self, store: &dyn Store, place: u32) -> Result<Vec<u8>, StorageError> {
        if self.manifest.as_ref().is_none_or(|manifest| manifest.chunks == 0) {
            return Ok(self.inline.clone());
        }
        let key = chunk_key(&self.name, self.number, place);
        let gone = || StorageError(format!("CRL {} of {} was superseded meanwhile", self.number, self.name));
        Ok(store.get(CRL_CHUNKS, &key)?.ok_or_else(gone)?.value)
    }

    /// The CRL in memory, whole.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub fn load(self, store: &dyn Store) -> Result<Crl, StorageError> {
        let mut der = Vec::new();
        for place in 0..self.parts() {
            der.extend(self.part(store, place)?);
        }
        let Self { number, this_update, next_update, .. } = self;
        Ok(Crl { number, this_update, next_update, der })
    }
}

fn header(number: u64, this_update: OffsetDateTime, next_update: OffsetDateTime) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&number.to_be_bytes());
    header.extend_from_slice(&this_update.unix_timestamp().to_be_bytes());
    header.extend_from_slice(&next_update.unix_timestamp().to_be_bytes());
    header
}

/// Where a chunk lies.
pub(crate) fn chunk_key(name: &CrlName, number: u64, place: u32) -> Vec<u8> {
    let mut key = chunks_of(name);
    key.extend_from_slice(&number.to_be_bytes());
    key.extend_from_slice(&place.to_be_bytes());
    key
}

fn chunks_of(name: &CrlName) -> Vec<u8> {
    let mut key = name.key().into_bytes();
    key.push(0);
    key
}

/// Removes the chunks of CRLs of this name with numbers below `number`, those of CRLs that a crash left unpublished
/// among them.
pub(crate) fn superseded_chunks(
    store: &dyn Store,
    name: &CrlName,
    number: u64,
) -> Result<Change, StorageError> {
    let mut range = KeyRange { from: Some(chunks_of(name)), until: Some(chunk_key(name, number, 0)) };
    let mut change = Change::new();
    loop {
        let page = store.scan(CRL_CHUNKS, &range, CHUNKS_AT_ONCE)?;
        let Some((last, _)) = page.last() else { return Ok(change) };
        range = range.after(last);
        for (key, _) in page {
            change = change.write(CRL_CHUNKS, key, Expect::Anything, Operation::Delete);
        }
    }
}

/// The newest CRL of a name; `None` before the first was made.
///
/// # Errors
/// Storage failed.
pub fn find(store: &dyn Store, name: &CrlName) -> Result<Option<StoredCrl>, StorageError> {
    Ok(newest_versioned(store, name)?.map(|(crl, _)| crl))
}

/// The newest full CRL of a CA's first partition, whole; `None` before the first was made.
///
/// # Errors
/// Storage failed.
pub fn newest(store: &dyn Store, ca: &CaId) -> Result<Option<Crl>, StorageError> {
    find(store, &CrlName::first(ca.clone()))?.map(|crl| crl.load(store)).transpose()
}

pub(crate) fn newest_versioned(
    store: &dyn Store,
    name: &CrlName,
) -> Result<Option<(StoredCrl, Version)>, StorageError> {
    let Some(entry) = store.get(CRLS, name.key().as_bytes())? else { return Ok(None) };
    let crl = StoredCrl::from_stored(name, &entry.value)
        .ok_or_else(|| StorageError(format!("the stored CRL of {name} cannot be read")))?;
    Ok(Some((crl, entry.version)))
}

/// The partitions of a CA that full CRLs were published of.
///
/// # Errors
/// Storage failed.
pub fn published_partitions(store: &dyn Store, ca: &CaId) -> Result<BTreeSet<Partition>, StorageError> {
    let mut found = BTreeSet::new();
    if store.get(CRLS, CrlName::first(ca.clone()).key().as_bytes())?.is_some() {
        found.insert(Partition::FIRST);
    }
    let mut range = KeyRange::prefix(&ca.prefix());
    loop {
        let page = store.scan(CRLS, &range, CHUNKS_AT_ONCE)?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        range = range.after(last);
        let names = page.iter().filter_map(|(key, _)| CrlName::from_key(std::str::from_utf8(key).ok()?));
        found.extend(names.map(|name| name.partition));
    }
}
