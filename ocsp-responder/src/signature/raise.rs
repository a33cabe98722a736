//! Raising a signature to a higher level (ETSI EN 319 122-1 clause 6): what is added stands beside the signature and needs
//! none of the signer's keys.

use std::cell::RefCell;
use std::io::Read;

use der::{Any, Decode, Encode};
use time::OffsetDateTime;

use super::archive::{HashIndex, imprint};
use super::content::ContentDigest;
use super::error::SignatureError;
use super::material::{Material, of_ocsp};
use super::message::SignedData;
use super::unsigned::{ARCHIVE_TIMESTAMP_V3, HASH_INDEX_V3, SIGNATURE_TIMESTAMP, values, with_attribute};
use super::verify::{SignedFile, read_message};
use crate::validation::Basis;
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::status::{Finding, OcspVerifier, RevocationEvidence};

/// A signature was not raised.
#[derive(Debug, thiserror::Error)]
pub enum RaiseError {
    /// It cannot be read.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// What was signed could not be read.
    #[error("what was signed could not be read: {0}")]
    Content(#[from] std::io::Error),
    /// It cannot be written.
    #[error("the signature could not be encoded: {0}")]
    Encoding(#[from] der::Error),
}

/// What a time stamp over a signature is to be about: its value.
///
/// # Errors
/// The signature cannot be read.
pub fn signature_imprint(signature: &[u8], algorithm: DigestAlgorithm) -> Result<ContentDigest, RaiseError> {
    let signed = SignedFile::parse(signature)?;
    Ok(ContentDigest::of(signed.value(), algorithm))
}

/// Whether a signature has a time stamp over it; whether that holds is another question.
///
/// # Errors
/// The signature cannot be read.
pub fn is_stamped(signature: &[u8]) -> Result<bool, RaiseError> {
    let signed = SignedFile::parse(signature)?;
    let attributes = signed.message().signer_infos.get(0).and_then(|signer| signer.unsigned_attrs.as_ref());
    Ok(!values(attributes, SIGNATURE_TIMESTAMP).is_empty())
}

/// The signature with a time stamp over it (level B-T): DER.
///
/// # Errors
/// Signature or token cannot be read.
pub fn with_signature_timestamp(signature: &[u8], token: &[u8]) -> Result<Vec<u8>, RaiseError> {
    Ok(with_attribute(&SignedFile::parse(signature)?.der()?, SIGNATURE_TIMESTAMP, token)?)
}

/// The signature with what it was judged by (level B-LT): DER. What it has already is not put in twice.
///
/// # Errors
/// The signature cannot be read, or the evidence cannot be written into it.
pub fn with_material(signature: &[u8], gathered: &Gathered) -> Result<Vec<u8>, RaiseError> {
    filled(read_message(&SignedFile::parse(signature)?.der()?)?, gathered)
}

/// A time stamp with what was gathered, in the fields that its own signature does not cover: DER.
pub(super) fn token_with_material(token: &[u8], gathered: &Gathered) -> Result<Vec<u8>, RaiseError> {
    filled(read_message(token)?, gathered)
}

fn filled(mut message: SignedData, gathered: &Gathered) -> Result<Vec<u8>, RaiseError> {
    let certificates = message.certificates.get_or_insert_default();
    for certificate in &gathered.certificates {
        add(certificates, Any::from_der(certificate.der())?);
    }
    let evidence = message.crls.get_or_insert_default();
    for crl in &gathered.crls {
        add(evidence, Any::from_der(crl)?);
    }
    for response in &gathered.ocsp_responses {
        add(evidence, of_ocsp(response)?);
    }
    if message.crls.as_ref().is_some_and(Vec::is_empty) {
        message.crls = None;
    }
    Ok(message.framed()?)
}

fn add(set: &mut Vec<Any>, element: Any) {
    if !set.contains(&element) {
        set.push(element);
    }
}

/// A signature that waits for its archive time stamp.
#[derive(Debug, Clone)]
pub struct ArchiveDraft {
    signature: Vec<u8>,
    index: Vec<u8>,
    imprint: ContentDigest,
}

impl ArchiveDraft {
    /// Of a signature over `content`, which is read to its end; of what the signature carries where there is none beside it.
    ///
    /// # Errors
    /// The signature cannot be read, or the content.
    pub fn of(
        signature: &[u8],
        content: Option<&mut dyn Read>,
        algorithm: DigestAlgorithm,
    ) -> Result<Self, RaiseError> {
        let signed = SignedFile::parse(signature)?;
        let content = match (content, signed.attached()) {
            (_, Some(attached)) => ContentDigest::of(attached, algorithm),
            (Some(content), None) => ContentDigest::read(content, algorithm)?,
            (None, None) => return Err(SignatureError::Detached.into()),
        };
        let signature = signed.der()?;
        let message = read_message(&signature)?;
        let index = HashIndex::of(&message, algorithm)?.to_der()?;
        let imprint = imprint(&message, &content, &index)?;
        Ok(Self { signature, index, imprint })
    }

    /// What the time stamp is to be about.
    pub const fn imprint(&self) -> &ContentDigest {
        &self.imprint
    }

    /// The signature with its archive time stamp (level B-LTA): DER.
    ///
    /// # Errors
    /// The token cannot be read.
    pub fn complete(&self, token: &[u8]) -> Result<Vec<u8>, RaiseError> {
        let token = with_attribute(token, HASH_INDEX_V3, &self.index)?;
        Ok(with_attribute(&self.signature, ARCHIVE_TIMESTAMP_V3, &token)?)
    }
}

/// What a verdict was found by: the certificates of its paths, and what was said of them.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    pub(super) certificates: Vec<Certificate>,
    pub(super) crls: Vec<Vec<u8>>,
    pub(super) ocsp_responses: Vec<Vec<u8>>,
    /// Certificates that an OCSP response was had for, DER.
    answered: Vec<Vec<u8>>,
}

impl Gathered {
    /// Each once, without what is known already.
    pub(super) fn without(&self, known: &Material) -> Self {
        let mut fresh = Self::default();
        for certificate in &self.certificates {
            let is_it = |other: &Certificate| other.der() == certificate.der();
            if !known.certificates.iter().any(is_it) && !fresh.certificates.iter().any(is_it) {
                fresh.certificates.push(certificate.clone());
            }
        }
        fresh.crls = others(&self.crls, &known.evidence.crls);
        fresh.ocsp_responses = others(&self.ocsp_responses, &known.evidence.ocsp_responses);
        fresh
    }
}

fn others(found: &[Vec<u8>], known: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut fresh: Vec<Vec<u8>> = Vec::new();
    for der in found.iter().filter(|der| !known.contains(der)) {
        if !fresh.contains(der) {
            fresh.push(der.clone());
        }
    }
    fresh
}

/// Evidence that is noted as it is used, so that it can be put into the signature.
#[derive(Clone, Copy)]
pub struct Gathering<'a> {
    basis: &'a Basis<'a>,
    gathered: &'a RefCell<Gathered>,
}

impl std::fmt::Debug for Gathering<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathering").finish_non_exhaustive()
    }
}

impl<'a> Gathering<'a> {
    /// Notes into `gathered` what `basis` says.
    pub const fn into(basis: &'a Basis<'a>, gathered: &'a RefCell<Gathered>) -> Self {
        Self { basis, gathered }
    }
}

impl RevocationEvidence for Gathering<'_> {
    fn crls(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        // A national CRL is large, and an OCSP response says the same of this certificate.
        if self.gathered.borrow().answered.iter().any(|known| known == certificate.der()) {
            return Vec::new();
        }
        let found = self.basis.evidence.crls(certificate, issuer);
        self.gathered.borrow_mut().crls.extend(found.iter().cloned());
        found
    }

    fn ocsp_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        let found = self.basis.evidence.ocsp_responses(certificate, issuer);
        let mut gathered = self.gathered.borrow_mut();
        gathered.certificates.extend([certificate, issuer].map(Certificate::clone));
        if !found.is_empty() {
            gathered.answered.push(certificate.der().to_vec());
            gathered.ocsp_responses.extend(found.iter().cloned());
        }
        found
    }
}

impl OcspVerifier for Gathering<'_> {
    fn ocsp_status(
        &self,
        response: &[u8],
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Finding, String> {
        self.basis.ocsp.ocsp_status(response, certificate, issuer, at)
    }
}
