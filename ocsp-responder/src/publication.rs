//! What is published besides OCSP: the CAs' certificates, their newest CRLs and their filters, and the trusted list.

mod compressed;
mod copies;
mod index;

pub(crate) use compressed::gzip;
pub use copies::{CopiedFile, Copies, Copy, NotCopied};
pub use index::{CrlEntry, FilterEntry, INDEX_FORM, ListEntry, OfCa, PublishedIndex, sha256};

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use ca_core::authority::link;
use ca_core::certificate::CaId;
use ca_core::crl::{self, CrlName, StoredCrl};
use ca_core::storage::{StorageError, Store};
use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerInfos};
use const_oid::db::rfc5911;
use der::asn1::SetOfVec;
use der::{Any, Decode, Encode};
use time::OffsetDateTime;
use x509_cert::Certificate;

use self::compressed::CompressedFiles;
use crate::trusted_list::TrustedLists;

/// The certificates of the installation's CAs, and the store their newest CRLs are read from.
///
/// A CA that is offline, such as the root, publishes in the same way: whoever brings its CRL over puts it into
/// [`crl::CRLS`] under the CA's name.
#[derive(Debug, Clone)]
pub struct Publication {
    store: Arc<dyn Store>,
    certificates: BTreeMap<CaId, Vec<u8>>,
    filters: Arc<Filters>,
    trusted_lists: Arc<TrustedLists>,
    compressed: Arc<CompressedFiles>,
}

/// The newest filter of each CA. Each node makes its own: it is out of what the node holds in memory, and nobody misses one that a
/// restart forgot for the moment that the next one takes.
#[derive(Debug, Default)]
pub struct Filters(RwLock<BTreeMap<CaId, PublishedFilter>>);

/// A filter as it is published.
#[derive(Debug, Clone)]
pub struct PublishedFilter {
    /// The file.
    pub octets: Arc<[u8]>,
    /// SHA-256 of it, hexadecimal.
    pub sha256: Arc<str>,
    /// When it was made, UTC, whole seconds.
    pub made: OffsetDateTime,
}

impl Filters {
    /// Publishes a CA's filter, in the place of the one before.
    pub fn publish(&self, ca: CaId, filter: Vec<u8>, made: OffsetDateTime) {
        let sha256 = sha256(&filter).into();
        let published = PublishedFilter { octets: filter.into(), sha256, made };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(ca, published);
    }

    /// A CA's filter; `None` if there is none, or not yet.
    pub fn find(&self, ca: &CaId) -> Option<PublishedFilter> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(ca).cloned()
    }
}

impl Publication {
    /// Publishes the CRLs kept in `store` of the CAs added with [`Self::with`].
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            certificates: BTreeMap::new(),
            filters: Arc::default(),
            trusted_lists: Arc::default(),
            compressed: Arc::default(),
        }
    }

    /// The CAs' filters: a share, for whoever makes them.
    pub const fn filters(&self) -> &Arc<Filters> {
        &self.filters
    }

    /// The trusted lists: a share, for whoever makes them.
    pub const fn trusted_lists(&self) -> &Arc<TrustedLists> {
        &self.trusted_lists
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

    /// What helps to get from a root that is trusted to what this CA issued: the certificates in which other roots vouch for
    /// it, or its own where there are none. A certs-only CMS message, DER (RFC 5280 section 4.2.2.1). `None` for a CA that
    /// is not published here.
    ///
    /// # Errors
    /// Storage failed, or what it holds is no certificate.
    pub fn bundle(&self, ca: &CaId) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(own) = self.certificate(ca) else { return Ok(None) };
        let links = link::links_of(self.store.as_ref(), ca)?;
        let mut certificates: Vec<&[u8]> = links.iter().map(|(_, der)| der.as_slice()).collect();
        if certificates.is_empty() {
            certificates.push(own);
        }
        let bundle = certs_only(&certificates);
        bundle
            .map(Some)
            .map_err(|error| StorageError(format!("the certificates of {ca} cannot be read: {error}")))
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

    /// A CRL in gzip; `None` where it is not worth it, and while it is being made.
    ///
    /// # Errors
    /// Storage failed, or the CRL was superseded long since.
    pub fn compressed(&self, crl: &StoredCrl) -> Result<Option<Arc<[u8]>>, StorageError> {
        let whole = || (0..crl.parts()).map(|place| self.part(crl, place)).collect::<Result<Vec<_>, _>>();
        self.compressed.find_or_make(&crl.sha256(), crl.octets(), || Ok(whole()?.concat()))
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

/// A SignedData without signers that carries certificates (RFC 5652 section 5.1, RFC 8551 section 3.8).
fn certs_only(certificates: &[&[u8]]) -> der::Result<Vec<u8>> {
    let mut set = SetOfVec::new();
    for der in certificates {
        set.insert(CertificateChoices::Certificate(Certificate::from_der(der)?))?;
    }
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::new(),
        encap_content_info: EncapsulatedContentInfo { econtent_type: rfc5911::ID_DATA, econtent: None },
        certificates: Some(CertificateSet(set)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::new()),
    };
    let content = Any::encode_from(&signed)?;
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content }.to_der()
}
