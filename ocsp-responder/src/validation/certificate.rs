//! A certificate as relying parties read it: parsed, its original octets kept, nothing in it proven yet.

use ca_core::name;
use certval::{CertificateChain, DeferDecodeSigned, ExtensionProcessing, PDVCertificate, PDVExtension};
use const_oid::db::rfc5280;
use der::asn1::{Null, ObjectIdentifier};
use der::{Decode, Encode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use x509_cert::certificate::{CertificateInner, Raw, TbsCertificateInner};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::name::Name;

use super::algorithm::{self, AlgorithmError};

/// The most octets a certificate may have. Real ones, ML-DSA included, stay below 16 kB.
pub const MAX_CERTIFICATE_OCTETS: usize = 64 * 1024;

/// id-ce-noRevAvail (RFC 9608 section 2).
const NO_REV_AVAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.56");

/// A certificate as read. Signatures and digests are always taken over the original octets, because decoding and
/// encoding again does not give the same ones (RFC 5280 section 4.1 demands DER; not all issuers heed it).
#[derive(Clone)]
pub struct Certificate {
    inner: PDVCertificate,
    to_be_signed: Vec<u8>,
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

/// What a verdict says of one certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        let inner = PDVCertificate::try_from(der).map_err(|_| CertificateError::Malformed)?;
        let to_be_signed =
            DeferDecodeSigned::from_der(der).map_err(|_| CertificateError::Malformed)?.tbs_field;
        let certificate = Self { inner, to_be_signed };
        // RFC 5280 section 4.2: no more than one instance of an extension.
        let extensions = certificate.tbs().extensions().map_or(&[][..], |list| list.as_slice());
        let mut seen = std::collections::HashSet::new();
        if extensions.iter().all(|extension| seen.insert(extension.extn_id)) {
            Ok(certificate)
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
        self.inner.as_bytes()
    }

    /// SHA-256 of the original octets.
    pub fn sha256(&self) -> [u8; 32] {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, self.der()).as_ref());
        sha256
    }

    /// Subject, RFC 4514.
    pub fn subject(&self) -> String {
        text_of(self.subject_name())
    }

    /// What a verdict says of it.
    pub fn summary(&self) -> CertificateSummary {
        CertificateSummary {
            subject: self.subject(),
            issuer: text_of(self.issuer_name()),
            serial: hex::encode(self.serial_magnitude()),
            sha256: hex::encode(self.sha256()),
            not_before: self.not_before(),
            not_after: self.not_after(),
        }
    }

    /// The serial number's INTEGER content without the leading zero that only marks the sign.
    pub fn serial_magnitude(&self) -> &[u8] {
        let octets = self.tbs().serial_number().as_bytes();
        match octets {
            [0, rest @ ..] if !rest.is_empty() => rest,
            _ => octets,
        }
    }

    /// Start of validity.
    pub fn not_before(&self) -> OffsetDateTime {
        moment(self.tbs().validity().not_before)
    }

    /// End of validity, inclusive (RFC 5280 section 4.1.2.5).
    pub fn not_after(&self) -> OffsetDateTime {
        moment(self.tbs().validity().not_after)
    }

    pub(crate) const fn processed(&self) -> &PDVCertificate {
        &self.inner
    }

    pub(crate) fn decoded(&self) -> &CertificateInner<Raw> {
        self.inner.decoded()
    }

    pub(crate) fn tbs(&self) -> &TbsCertificateInner<Raw> {
        self.decoded().tbs_certificate()
    }

    pub(crate) fn subject_name(&self) -> &Name {
        self.tbs().subject()
    }

    pub(crate) fn issuer_name(&self) -> &Name {
        self.tbs().issuer()
    }

    /// The value of an extension; `Some(Err)` when it is there and cannot be read.
    pub(crate) fn extension<T: for<'a> Decode<'a>>(&self, oid: ObjectIdentifier) -> Option<Result<T, ()>> {
        let extension = self.tbs().extensions()?.iter().find(|extension| extension.extn_id == oid)?;
        Some(T::from_der(extension.extn_value.as_bytes()).map_err(|_| ()))
    }

    /// Whether the certificate says that its key belongs to a CA (RFC 5280 section 4.2.1.9).
    pub(crate) fn is_ca(&self) -> bool {
        matches!(self.extension::<BasicConstraints>(rfc5280::ID_CE_BASIC_CONSTRAINTS), Some(Ok(found)) if found.ca)
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
        let authority = match self.inner.get_extension(&rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER) {
            Ok(Some(PDVExtension::AuthorityKeyIdentifier(found))) => {
                found.key_identifier.as_ref()?.as_bytes()
            }
            _ => return None,
        };
        issuer.subject_key_identifier().map(|subject| subject == authority)
    }

    /// Same subject and same key: the same CA, whichever certificate says so.
    pub(crate) fn same_entity(&self, other: &Self) -> bool {
        self.tbs().subject_public_key_info() == other.tbs().subject_public_key_info()
            && certval::compare_names(self.subject_name(), other.subject_name())
    }

    /// Checks that `issuer`'s key signed this certificate. Says nothing about whether it was allowed to.
    pub(crate) fn verify_signed_by(&self, issuer: &Self) -> Result<(), AlgorithmError> {
        // RFC 5280 section 4.1.1.2: the two algorithm identifiers MUST be the same.
        if self.tbs().signature() != self.decoded().signature_algorithm() {
            return Err(AlgorithmError::Parameters);
        }
        let signature = self.decoded().signature().as_bytes().ok_or(AlgorithmError::Mismatch)?;
        let algorithm = algorithm::read(self.tbs().signature())?;
        algorithm::verify(algorithm, issuer.tbs().subject_public_key_info(), &self.to_be_signed, signature)
    }

    /// The SubjectPublicKeyInfo, encoded in DER again: for comparison only.
    pub(crate) fn public_key_info(&self) -> der::Result<Vec<u8>> {
        self.tbs().subject_public_key_info().to_der()
    }

    /// The subject key identifier, when there is one (RFC 5280 section 4.2.1.2).
    pub(crate) fn subject_key_identifier(&self) -> Option<&[u8]> {
        match self.inner.get_extension(&rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER) {
            Ok(Some(PDVExtension::SubjectKeyIdentifier(found))) => Some(found.0.as_bytes()),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("subject", &self.subject()).finish_non_exhaustive()
    }
}

pub(crate) fn moment(at: x509_cert::time::Time) -> OffsetDateTime {
    let seconds = i64::try_from(at.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

pub(crate) fn chain(certificates: &[&Certificate]) -> CertificateChain {
    certificates.iter().map(|certificate| certificate.inner.clone()).collect()
}

/// A name as text. Its encoding is its own again: `Name` keeps each value as it came.
pub(super) fn text_of(name: &Name) -> String {
    name::text(&name.to_der().unwrap_or_default())
}
