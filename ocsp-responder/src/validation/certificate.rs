//! A certificate as relying parties read it: parsed, its original octets kept, nothing in it proven yet.

use std::ops::Range;
use std::sync::Arc;

use ca_core::name;
use const_oid::db::rfc5280;
use der::Decode;
use der::asn1::{Null, ObjectIdentifier};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

use super::algorithm::{self, AlgorithmError};
use super::der::{
    BIT_STRING, BOOLEAN, INTEGER, Malformed, OCTET_STRING, OID, Reader, SEQUENCE, boolean, integer, moment,
    oid, signature,
};
use super::extensions::Extensions;
use super::names::DistinguishedName;

/// The most octets a certificate may have. Real ones, ML-DSA included, stay below 16 kB.
pub const MAX_CERTIFICATE_OCTETS: usize = 64 * 1024;

/// id-ce-noRevAvail (RFC 9608 section 2).
const NO_REV_AVAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.56");

/// A certificate as read. Signatures and digests are always taken over the original octets, because decoding and
/// encoding again does not give the same ones (RFC 5280 section 4.1 demands DER; not all issuers heed it).
///
/// A copy shares what it holds.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    places: Places,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    /// Whether the version is 3, the one with extensions.
    is_version_3: bool,
    listed: Vec<Listed>,
    extensions: Result<Extensions, Malformed>,
}

/// Where in the octets the parts are.
struct Places {
    to_be_signed: Range<usize>,
    serial: Range<usize>,
    public_key_info: Range<usize>,
    /// The algorithm identifier outside of what is signed.
    algorithm: Range<usize>,
    /// Whether the one inside is the same (RFC 5280 section 4.1.1.2).
    algorithms_agree: bool,
    signature: Range<usize>,
}

struct Listed {
    id: ObjectIdentifier,
    critical: bool,
    value: Range<usize>,
}

/// The octets are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Larger than [`MAX_CERTIFICATE_OCTETS`].
    #[error("larger than any certificate npki reads ({MAX_CERTIFICATE_OCTETS} octets)")]
    TooLarge,
    /// Not DER, not a certificate, or with something after it.
    #[error("not a DER certificate")]
    Malformed,
    /// A PEM file without a certificate.
    #[error("there is no certificate in the file")]
    None,
    /// An extension stands in it twice (RFC 5280 section 4.2).
    #[error("the certificate has an extension twice")]
    RepeatedExtension,
}

impl From<Malformed> for CertificateError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What a verdict says of one certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateSummary {
    /// Subject, RFC 4514.
    pub subject: String,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// SHA-256 of the DER, lower-case hex.
    pub sha256: String,
    /// Start of validity, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// End of validity, inclusive, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

impl Certificate {
    /// Reads one DER certificate and nothing after it.
    ///
    /// # Errors
    /// Each way in which the octets are no certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_OCTETS {
            return Err(CertificateError::TooLarge);
        }
        let parts = Parts::read(der)?;
        // RFC 5280 section 4.2: no more than one instance of an extension.
        let mut seen = std::collections::HashSet::new();
        if parts.listed.iter().all(|extension| seen.insert(extension.id)) {
            Ok(Self(Arc::new(parts)))
        } else {
            Err(CertificateError::RepeatedExtension)
        }
    }

    /// Reads a file of certificates: one DER certificate, or all certificates of a PEM bundle in their order. Other
    /// PEM objects, such as the key beside its certificate, are passed over.
    ///
    /// # Errors
    /// Any certificate that cannot be read, or none at all.
    pub fn read_bundle(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if !bytes.windows(11).any(|part| part == b"-----BEGIN ") {
            return Ok(vec![Self::from_der(bytes)?]);
        }
        let mut certificates = Vec::new();
        for object in x509_parser::pem::Pem::iter_from_buffer(bytes) {
            let object = object.map_err(|_| CertificateError::Malformed)?;
            if object.label == "CERTIFICATE" {
                certificates.push(Self::from_der(&object.contents)?);
            }
        }
        if certificates.is_empty() { Err(CertificateError::None) } else { Ok(certificates) }
    }

    /// The original octets.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the original octets.
    pub fn sha256(&self) -> [u8; 32] {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, self.der()).as_ref());
        sha256
    }

    /// Subject, RFC 4514.
    pub fn subject(&self) -> String {
        name::text(self.subject_name().der())
    }

    /// What a verdict says of it.
    pub fn summary(&self) -> CertificateSummary {
        CertificateSummary {
            subject: self.subject(),
            issuer: name::text(self.issuer_name().der()),
            serial: hex::encode(self.serial_magnitude()),
            sha256: hex::encode(self.sha256()),
            not_before: self.not_before(),
            not_after: self.not_after(),
        }
    }

    /// The serial number's INTEGER content without the leading zero that only marks the sign.
    pub fn serial_magnitude(&self) -> &[u8] {
        match self.serial_content() {
            [0, rest @ ..] if !rest.is_empty() => rest,
            octets => octets,
        }
    }

    /// Start of validity.
    pub fn not_before(&self) -> OffsetDateTime {
        self.0.not_before
    }

    /// End of validity, inclusive (RFC 5280 section 4.1.2.5).
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.not_after
    }

    /// Whether both are of one CA, by name and key: a CA has other certificates as well, in which other CAs vouch for it.
    pub fn is_of_the_same_ca(&self, other: &Self) -> bool {
        self.public_key_info() == other.public_key_info() && self.subject_name() == other.subject_name()
    }

    fn part(&self, place: &Range<usize>) -> &[u8] {
        self.0.der.get(place.clone()).unwrap_or_default()
    }

    /// The serial number's INTEGER content.
    pub(crate) fn serial_content(&self) -> &[u8] {
        self.part(&self.0.places.serial)
    }

    pub(crate) fn subject_name(&self) -> &DistinguishedName {
        &self.0.subject
    }

    pub(crate) fn issuer_name(&self) -> &DistinguishedName {
        &self.0.issuer
    }

    /// Subject and issuer are one (RFC 5280 section 3.2), whichever key signed.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject_name() == self.issuer_name()
    }

    pub(crate) fn is_version_3(&self) -> bool {
        self.0.is_version_3
    }

    /// What path processing takes from the extensions; an error when one of those cannot be read.
    pub(crate) fn extensions(&self) -> Result<&Extensions, Malformed> {
        self.0.extensions.as_ref().map_err(|malformed| *malformed)
    }

    /// The octets of an extension's value.
    pub(crate) fn extension_value(&self, id: ObjectIdentifier) -> Option<&[u8]> {
        self.0.listed.iter().find(|listed| listed.id == id).map(|listed| self.part(&listed.value))
    }

    /// Whether an extension is there and critical.
    pub(crate) fn is_critical(&self, id: ObjectIdentifier) -> bool {
        self.0.listed.iter().any(|listed| listed.id == id && listed.critical)
    }

    /// The value of an extension; `Some(Err)` when it is there and cannot be read.
    pub(crate) fn extension<T: for<'a> Decode<'a>>(&self, id: ObjectIdentifier) -> Option<Result<T, ()>> {
        self.extension_value(id).map(|value| T::from_der(value).map_err(|_| ()))
    }

    /// Whether the certificate says that its key belongs to a CA (RFC 5280 section 4.2.1.9).
    pub(crate) fn is_ca(&self) -> bool {
        self.extensions().is_ok_and(|found| found.is_ca == Some(true))
    }

    /// Whether it says that nobody tells of its revocation, noRevAvail (RFC 9608 section 2): NULL, and never a CA's.
    pub fn is_never_revoked(&self) -> bool {
        matches!(self.extension::<Null>(NO_REV_AVAIL), Some(Ok(Null))) && !self.is_ca()
    }

    /// Whether the key may be used so: no keyUsage extension leaves it free (RFC 5280 section 4.2.1.3).
    pub(crate) fn key_may(&self, uses: &[KeyUsages]) -> bool {
        match self.extension::<KeyUsage>(rfc5280::ID_CE_KEY_USAGE) {
            None => true,
            Some(Ok(usage)) => uses.iter().any(|wanted| usage.0.contains(*wanted)),
            Some(Err(())) => false,
        }
    }

    /// Whether the authority key identifier here names `issuer`'s key; `None` when one of the two is silent.
    pub(crate) fn names_key_of(&self, issuer: &Self) -> Option<bool> {
        let authority = self.extensions().ok()?.authority_key.as_deref()?;
        issuer.subject_key_identifier().map(|subject| subject == authority)
    }

    /// Same subject and same key: the same CA, whichever certificate says so.
    pub(crate) fn same_entity(&self, other: &Self) -> bool {
        self.public_key_info() == other.public_key_info() && self.subject_name() == other.subject_name()
    }

    /// Checks that `issuer`'s key signed this certificate. Says nothing about whether it was allowed to.
    pub(crate) fn verify_signed_by(&self, issuer: &Self) -> Result<(), AlgorithmError> {
        let places = &self.0.places;
        // RFC 5280 section 4.1.1.2: the two algorithm identifiers MUST be the same.
        if !places.algorithms_agree {
            return Err(AlgorithmError::Parameters);
        }
        algorithm::verify_identified(
            self.part(&places.algorithm),
            issuer.public_key_info(),
            self.part(&places.to_be_signed),
            self.part(&places.signature),
        )
    }

    /// The SubjectPublicKeyInfo, DER.
    pub fn public_key_info(&self) -> &[u8] {
        self.part(&self.0.places.public_key_info)
    }

    /// The subject key identifier, when there is one (RFC 5280 section 4.2.1.2).
    pub(crate) fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extensions().ok()?.subject_key.as_deref()
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("subject", &self.subject()).finish_non_exhaustive()
    }
}

impl Parts {
    /// Certificate (RFC 5280 section 4.1).
    fn read(der: &[u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::only(der, SEQUENCE)?;
        let to_be_signed = outer.expect(SEQUENCE)?;
        let algorithm = outer.expect(SEQUENCE)?;
        let signature = signature(outer.expect(BIT_STRING)?.body);
        outer.end()?;

        let mut tbs = Reader::new(to_be_signed.body);
        let version = version(&mut tbs)?;
        let serial = integer(tbs.expect(INTEGER)?.body)?;
        let inner_algorithm = tbs.expect(SEQUENCE)?;
        let issuer = DistinguishedName::read(tbs.expect(SEQUENCE)?.whole)?;
        let mut validity = tbs.enter(SEQUENCE)?;
        let not_before = moment(validity.next()?.ok_or(Malformed)?)?;
        let not_after = moment(validity.next()?.ok_or(Malformed)?)?;
        validity.end()?;
        let subject = DistinguishedName::read(tbs.expect(SEQUENCE)?.whole)?;
        let public_key_info = tbs.expect(SEQUENCE)?.whole;
        // issuerUniqueID and subjectUniqueID, which nobody relies on (section 4.1.2.8).
        tbs.optional(0x81)?;
        tbs.optional(0x82)?;
        let place = |part: &[u8]| place_of(der, part);
        let (listed, extensions) = match tbs.optional(0xa3)? {
            // Section 4.1.2.9: extensions in version 3 only.
            Some(_) if version != 2 => return Err(Malformed),
            Some(list) => extensions(list.body, &place)?,
            None => (Vec::new(), Ok(Extensions::default())),
        };
        tbs.end()?;
        let places = Places {
            to_be_signed: place(to_be_signed.whole),
            serial: place(serial),
            public_key_info: place(public_key_info),
            algorithm: place(algorithm.whole),
            algorithms_agree: algorithm.whole == inner_algorithm.whole,
            signature: place(signature),
        };
        let is_version_3 = version == 2;
        let der = der.to_vec();
        Ok(Self { der, places, issuer, subject, not_before, not_after, is_version_3, listed, extensions })
    }
}

fn version(tbs: &mut Reader<'_>) -> Result<u8, Malformed> {
    let Some(version) = tbs.optional(0xa0)? else { return Ok(0) };
    let mut reader = Reader::new(version.body);
    let number = reader.expect(INTEGER)?.body;
    reader.end()?;
    match number {
        [number @ 0..=2] => Ok(*number),
        _ => Err(Malformed),
    }
}

fn extensions(
    contents: &[u8],
    place: &impl Fn(&[u8]) -> Range<usize>,
) -> Result<(Vec<Listed>, Result<Extensions, Malformed>), Malformed> {
    let mut list = Reader::only(contents, SEQUENCE)?;
    let (mut listed, mut found, mut outcome) = (Vec::new(), Extensions::default(), Ok(()));
    while !list.is_at_end() {
        let (id, critical, value) = extension(&mut list)?;
        listed.push(Listed { id, critical, value: place(value) });
        // One that cannot be read spoils the paths through this certificate, not the reading of it.
        outcome = outcome.and_then(|()| found.read(id, critical, value));
    }
    if listed.is_empty() { Err(Malformed) } else { Ok((listed, outcome.map(|()| found))) }
}

/// An Extension: its kind, whether it is critical, and its value.
pub(super) fn extension<'a>(list: &mut Reader<'a>) -> Result<(ObjectIdentifier, bool, &'a [u8]), Malformed> {
    let mut extension = list.enter(SEQUENCE)?;
    let id = oid(extension.expect(OID)?.body)?;
    let critical = extension.optional(BOOLEAN)?.map(|flag| boolean(flag.body)).transpose()?;
    let value = extension.expect(OCTET_STRING)?.body;
    extension.end()?;
    Ok((id, critical.unwrap_or(false), value))
}

/// Where `part`, a part of `whole`, is in it.
fn place_of(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start + part.len()
}
