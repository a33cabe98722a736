//! What is published besides OCSP: the CAs' certificates and their newest CRLs.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::authority::link;
use ca_core::certificate::CaId;
use ca_core::crl;
use ca_core::storage::{StorageError, Store};
use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerInfos};
use const_oid::db::rfc5911;
use der::asn1::{AnyRef, SetOfVec};
use der::{Any, Decode, Encode, Header, Reader, SliceReader};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::time::Time;

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

    /// A CA's newest CRL, DER; `None` for a CA that is not published here or has made none yet.
    ///
    /// # Errors
    /// Storage failed, or what it holds is no CRL.
    pub fn crl(&self, ca: &CaId) -> Result<Option<PublishedCrl>, StorageError> {
        if !self.certificates.contains_key(ca) {
            return Ok(None);
        }
        let newest = crl::newest(self.store.as_ref(), ca)?;
        newest.map(|crl| PublishedCrl::read(crl.der, ca)).transpose()
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// It does not.
    pub fn check_ready(&self) -> Result<(), StorageError> {
        match self.certificates.keys().next() {
            Some(ca) => self.crl(ca).map(|_| ()),
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

/// A CRL and the times its cache lifetime follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedCrl {
    /// The CRL.
    pub der: Vec<u8>,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// By when there is a newer one, UTC.
    pub next_update: Option<OffsetDateTime>,
}

impl PublishedCrl {
    fn read(der: Vec<u8>, ca: &CaId) -> Result<Self, StorageError> {
        let (this_update, next_update) =
            times(&der).map_err(|error| StorageError(format!("the CRL of {ca} cannot be read: {error}")))?;
        Ok(Self { this_update: moment(this_update), next_update: next_update.map(moment), der })
    }
}

/// thisUpdate and nextUpdate. Reads the head alone: a CRL may have a million entries (RFC 5280 section 5.1).
fn times(crl: &[u8]) -> der::Result<(Time, Option<Time>)> {
    let mut reader = SliceReader::new(crl)?;
    Header::decode(&mut reader)?.tag().assert_eq(der::Tag::Sequence)?;
    Header::decode(&mut reader)?.tag().assert_eq(der::Tag::Sequence)?;
    let _version: Option<u8> = reader.decode()?;
    let _signature: AnyRef<'_> = reader.decode()?;
    let _issuer: AnyRef<'_> = reader.decode()?;
    Ok((reader.decode()?, reader.decode()?))
}

fn moment(time: Time) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time.to_unix_duration()
}
