//! Makes CAdES baseline B-B signatures over files, and signs statements of other types.

use std::io::Read;

use ca_core::keys::{KeyError, Signer};
use cms::cert::IssuerAndSerialNumber;
use cms::content_info::CmsVersion;
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use time::OffsetDateTime;
use x509_cert::attr::Attributes;
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

use super::attributes::{DATA, baseline, of_content};
use super::content::ContentDigest;
use super::message::SignedData;
use crate::validation::algorithm::{DigestAlgorithm, SignatureAlgorithm, digests_of};
use crate::validation::certificate::Certificate;

/// A file was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The file could not be read.
    #[error("the file to sign could not be read: {0}")]
    Content(#[from] std::io::Error),
    /// The certificate is for another key.
    #[error("the certificate is not for this key")]
    OtherKey,
    /// The certificate's key usage has neither digitalSignature nor nonRepudiation.
    #[error("the certificate does not allow its key to sign files")]
    KeyUsage,
    /// The certificate is not valid at the signing time.
    #[error("the certificate is valid from {not_before} to {not_after} only")]
    OutOfValidity {
        /// Its start.
        not_before: OffsetDateTime,
        /// Its end.
        not_after: OffsetDateTime,
    },
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signature could not be written (a serial number or time that CMS cannot hold).
    #[error("the signature could not be encoded: {0}")]
    Encoding(#[from] der::Error),
}

/// Signs `content` and returns the detached signature, DER.
///
/// `chain` are the CA certificates above `certificate`; those that are not self-signed are put into the signature,
/// so that relying parties need only the root. The file is read once and never held in memory.
///
/// # Errors
/// Each way in which it was not signed.
pub fn sign_detached(
    content: impl Read,
    signer: &dyn Signer,
    certificate: &Certificate,
    chain: &[Certificate],
    signing_time: OffsetDateTime,
) -> Result<Vec<u8>, SignError> {
    verify_signer(signer, certificate, signing_time)?;
    let digest = ContentDigest::read(content, digest_of(signer.signature_algorithm()))?;
    let attributes = baseline(&digest, certificate, signing_time)?;
    let content = EncapsulatedContentInfo { econtent_type: DATA, econtent: None };
    Ok(signed(content, &digest, attributes, signer, certificate, embedded(certificate, chain)?)?)
}

/// As [`sign_detached`], without a claim of when: where the signature stands, that is said beside it (EN 319 142-1 section 6.3).
///
/// # Errors
/// As [`sign_detached`].
pub fn sign_unclaimed(
    content: &[u8],
    signer: &dyn Signer,
    certificate: &Certificate,
    chain: &[Certificate],
    signing_time: OffsetDateTime,
) -> Result<Vec<u8>, SignError> {
    verify_signer(signer, certificate, signing_time)?;
    let digest = ContentDigest::of(content, digest_of(signer.signature_algorithm()));
    let attributes = of_content(DATA, &digest, certificate)?;
    let content = EncapsulatedContentInfo { econtent_type: DATA, econtent: None };
    Ok(signed(content, &digest, attributes, signer, certificate, embedded(certificate, chain)?)?)
}

/// Signs `content` and returns a signature that carries it, DER.
///
/// # Errors
/// As [`sign_detached`].
pub fn sign_attached(
    content: &[u8],
    signer: &dyn Signer,
    certificate: &Certificate,
    chain: &[Certificate],
    signing_time: OffsetDateTime,
) -> Result<Vec<u8>, SignError> {
    verify_signer(signer, certificate, signing_time)?;
    let digest = ContentDigest::of(content, digest_of(signer.signature_algorithm()));
    let attributes = baseline(&digest, certificate, signing_time)?;
    let content = inside(DATA, content)?;
    Ok(signed(content, &digest, attributes, signer, certificate, embedded(certificate, chain)?)?)
}

/// A statement of this type, signed and carried in its signature: how time-stamp tokens are made.
pub(crate) fn sign_statement(
    content_type: ObjectIdentifier,
    statement: &[u8],
    signer: &dyn Signer,
    certificate: &Certificate,
    embedded: Option<Vec<Any>>,
) -> Result<Vec<u8>, NotSigned> {
    let digest = ContentDigest::of(statement, digest_of(signer.signature_algorithm()));
    let attributes = of_content(content_type, &digest, certificate)?;
    signed(inside(content_type, statement)?, &digest, attributes, signer, certificate, embedded)
}

/// RFC 5652 section 5.2: the content as an OCTET STRING.
fn inside(content_type: ObjectIdentifier, content: &[u8]) -> der::Result<EncapsulatedContentInfo> {
    let octets = Any::from_der(&OctetString::new(content)?.to_der()?)?;
    Ok(EncapsulatedContentInfo { econtent_type: content_type, econtent: Some(octets) })
}

/// A key did not sign, or what it signed cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSigned {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Encoding(#[from] der::Error),
}

impl From<NotSigned> for SignError {
    fn from(error: NotSigned) -> Self {
        match error {
            NotSigned::Key(error) => Self::Key(error),
            NotSigned::Encoding(error) => Self::Encoding(error),
        }
    }
}

pub(super) fn signed(
    content: EncapsulatedContentInfo,
    digest: &ContentDigest,
    attributes: Attributes,
    signer: &dyn Signer,
    certificate: &Certificate,
    certificates: Option<Vec<Any>>,
) -> Result<Vec<u8>, NotSigned> {
    // RFC 5652 section 5.4: the signature is over the DER of the attributes as a SET OF, not with their [0] tag.
    let signature = signer.sign(&attributes.to_der()?)?;
    let digest_algorithm = AlgorithmIdentifierOwned { oid: digest.algorithm().oid(), parameters: None };
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: Name::from_der(certificate.issuer_name().der())?,
            serial_number: SerialNumber::new(certificate.serial_magnitude())?,
        }),
        digest_alg: digest_algorithm.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: AlgorithmIdentifierOwned::from_der(signer.signature_algorithm().identifier())?,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let message = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_algorithm])?,
        content,
        certificates,
        crls: None,
        signer_infos: SetOfVec::try_from(vec![signer_info])?,
    };
    Ok(message.framed()?)
}

/// That the key may sign with this certificate at this moment.
pub(super) fn verify_signer(
    signer: &dyn Signer,
    certificate: &Certificate,
    at: OffsetDateTime,
) -> Result<(), SignError> {
    if signer.public_key_info() != certificate.public_key_info() {
        return Err(SignError::OtherKey);
    }
    if !certificate.key_may(&[KeyUsages::DigitalSignature, KeyUsages::NonRepudiation]) {
        return Err(SignError::KeyUsage);
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if at < not_before || at > not_after {
        return Err(SignError::OutOfValidity { not_before, not_after });
    }
    Ok(())
}

/// The signer's certificate and those above it, self-signed ones left out.
pub(crate) fn embedded(certificate: &Certificate, chain: &[Certificate]) -> der::Result<Option<Vec<Any>>> {
    let mut octets = vec![certificate.der()];
    for above in chain.iter().filter(|above| !above.is_self_issued()) {
        if !octets.contains(&above.der()) {
            octets.push(above.der());
        }
    }
    octets.into_iter().map(Any::from_der).collect::<der::Result<Vec<_>>>().map(Some)
}

fn digest_of(algorithm: SignatureAlgorithm) -> DigestAlgorithm {
    digests_of(algorithm).first().copied().unwrap_or(DigestAlgorithm::Sha512)
}
