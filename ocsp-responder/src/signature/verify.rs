//! Reads and verifies a signature, detached or attached: strictly DER, one signer, signed attributes, every part
//! accounted for.

use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignerIdentifier, SignerInfo};
use const_oid::db::rfc5911;
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode, ErrorKind};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::attributes::{DATA, SignedAttributes};
use super::content::ContentDigest;
use super::error::{MAX_ATTACHED_OCTETS, MAX_EMBEDDED, MAX_SIGNATURE_OCTETS, SignatureError};
use super::marks::SignatureMarks;
use super::message::SignedData;
use super::policy::SignaturePolicy;
use crate::validation::algorithm::{self, AlgorithmError, DigestAlgorithm, SignatureAlgorithm};
use crate::validation::certificate::Certificate;

/// The form of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum SignatureForm {
    /// CAdES baseline: the signer's certificate is bound by a signed reference, and a signing time is claimed.
    #[serde(rename = "cades-baseline-b")]
    CadesBaselineB,
    /// PAdES baseline: in a PDF document; the signer's certificate is bound by a signed reference.
    #[serde(rename = "pades-baseline-b")]
    PadesBaselineB,
    /// JAdES baseline: a JSON Web Signature with its signer's certificate, which claims a signing time.
    #[serde(rename = "jades-baseline-b")]
    JadesBaselineB,
    /// A JSON Web Signature with its signer's certificate, without all that JAdES asks for.
    #[serde(rename = "jws")]
    Jws,
    /// XAdES baseline: an XML signature in a container, whose signer's certificate is bound by a signed reference, which claims a signing
    /// time and says what each file is.
    #[serde(rename = "xades-baseline-b")]
    XadesBaselineB,
    /// XAdES, without all that its baseline asks for.
    #[serde(rename = "xades")]
    Xades,
    /// CMS with signed attributes, without all that CAdES asks for.
    #[serde(rename = "cms")]
    Cms,
}

impl SignatureForm {
    /// The standard that has baseline signatures of this form; `None` for what is none.
    pub const fn standard(self) -> Option<&'static str> {
        match self {
            Self::CadesBaselineB => Some("CAdES"),
            Self::PadesBaselineB => Some("PAdES"),
            Self::JadesBaselineB => Some("JAdES"),
            Self::XadesBaselineB => Some("XAdES"),
            Self::Jws | Self::Xades | Self::Cms => None,
        }
    }
}

/// A signature as read: its parts fit together, nothing is verified yet.
#[derive(Debug)]
pub struct SignedFile {
    signer_info: SignerInfo,
    attributes: SignedAttributes,
    digest: DigestAlgorithm,
    algorithm: SignatureAlgorithm,
    signer: Certificate,
    embedded: Vec<Certificate>,
    /// What was signed, where it is inside.
    attached: Option<Vec<u8>>,
    /// Whether it stands in a PDF document.
    in_pdf: bool,
    message: SignedData,
}

/// A signature whose value verifies over the file, with the key in `signer`. Says nothing about whether that
/// certificate can be relied on.
#[derive(Debug, Clone)]
pub struct VerifiedSignature {
    /// The signer's certificate.
    pub signer: Certificate,
    /// All certificates in the signature, the signer's included. Not trusted.
    pub embedded: Vec<Certificate>,
    /// When the signer claims to have signed.
    pub claimed_signing_time: Option<OffsetDateTime>,
    /// The digest of the file.
    pub digest: ContentDigest,
    /// What it is signed with.
    pub algorithm: SignatureAlgorithm,
    /// The form.
    pub form: SignatureForm,
    /// The policy that the signer states.
    pub policy: Option<SignaturePolicy>,
    /// Whether a signed reference binds the signer's certificate.
    pub(crate) is_bound: bool,
    /// All of it, for what was added after it was made.
    pub(super) message: SignedData,
}

impl SignedFile {
    /// Reads one signature, DER or PEM, and nothing after it.
    ///
    /// # Errors
    /// Each way in which the octets are no signature that npki verifies.
    pub fn parse(octets: &[u8]) -> Result<Self, SignatureError> {
        Self::parse_as(octets, DATA)
    }

    /// Reads a signature over content of this type.
    pub(crate) fn parse_as(octets: &[u8], content_type: ObjectIdentifier) -> Result<Self, SignatureError> {
        if octets.len() > MAX_SIGNATURE_OCTETS + MAX_ATTACHED_OCTETS {
            return Err(SignatureError::TooLarge);
        }
        let der = unframe(octets)?;
        let message = read_message(&der)?;
        let attached = content_inside(&message, content_type)?;
        if der.len() - attached.as_ref().map_or(0, Vec::len) > MAX_SIGNATURE_OCTETS {
            return Err(SignatureError::TooLarge);
        }
        let signer_info = only_signer(&message)?;
        let (digest, algorithm) = algorithms(&signer_info)?;
        verify_versions(&message, &signer_info)?;
        // RFC 5652 section 5.3: the signer's digest algorithm is among those listed ahead.
        if message.digest_algorithms.as_slice() != std::slice::from_ref(&signer_info.digest_alg) {
            return Err(SignatureError::Algorithm(AlgorithmError::Parameters));
        }
        let signed = signer_info.signed_attrs.as_ref().ok_or(SignatureError::NoSignedAttributes)?;
        let attributes = SignedAttributes::read(signed, message.content.econtent_type)?;
        let embedded = embedded(&message)?;
        let signer = find_signer(&signer_info.sid, &embedded)?;
        Ok(Self {
            signer_info,
            attributes,
            digest,
            algorithm,
            signer,
            embedded,
            attached,
            in_pdf: false,
            message,
        })
    }

    /// The same, which stands in a PDF document.
    pub(super) fn within_pdf(self) -> Self {
        Self { in_pdf: true, ..self }
    }

    /// The signature value.
    pub(super) fn value(&self) -> &[u8] {
        self.signer_info.signature.as_bytes()
    }

    /// What it is, beside the digest of what was given as its content.
    pub(super) fn marks(&self, content: &ContentDigest) -> Option<SignatureMarks> {
        let signed = self.signer_info.signed_attrs.as_ref()?.to_der().ok()?;
        Some(SignatureMarks {
            content: content.clone(),
            stated: Some(self.attributes.message_digest.clone()),
            signed: ContentDigest::of(&signed, self.digest),
            value: self.value().to_vec(),
        })
    }

    /// The whole message as it was read, DER.
    pub(super) fn der(&self) -> der::Result<Vec<u8>> {
        self.message.clone().framed()
    }

    pub(super) const fn message(&self) -> &SignedData {
        &self.message
    }

    /// What was signed, where the signature carries it.
    pub fn attached(&self) -> Option<&[u8]> {
        self.attached.as_deref()
    }

    /// Verifies the signature over the content that it carries.
    ///
    /// # Errors
    /// It carries none, or as [`Self::verify`].
    pub fn verify_attached(self) -> Result<VerifiedSignature, SignatureError> {
        let content = self.attached().ok_or(SignatureError::Detached)?;
        let digest = ContentDigest::of(content, self.digest);
        self.verify(digest)
    }

    /// The algorithm with which the file must be digested for [`Self::verify`].
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest
    }

    /// Verifies the signature over the file whose digest is `content`.
    ///
    /// # Errors
    /// The file was altered, the signature does not verify, or it refers to another certificate.
    pub fn verify(self, content: ContentDigest) -> Result<VerifiedSignature, SignatureError> {
        if content.algorithm() != self.digest {
            return Err(SignatureError::OtherDigest { given: content.algorithm(), wanted: self.digest });
        }
        // EN 319 102-1 section 5.2.3: identify the signing certificate before the cryptography.
        if let Some(reference) = &self.attributes.signing_certificate {
            reference.verify(&self.signer)?;
        }
        if content.octets() != self.attributes.message_digest {
            return Err(SignatureError::ContentAltered);
        }
        // What it carries is what it signs, whichever of the two the caller has read.
        let other = |inside: &[u8]| ContentDigest::of(inside, self.digest) != content;
        if self.attached().is_some_and(other) {
            return Err(SignatureError::ContentAltered);
        }
        verify_value(&self.signer_info, self.algorithm, &self.signer)?;
        let is_bound = self.attributes.signing_certificate.is_some();
        let form = match (is_bound, self.in_pdf, self.attributes.signing_time) {
            // EN 319 142-1 section 6.3: in a document, the document says when.
            (true, true, None) => SignatureForm::PadesBaselineB,
            (true, false, Some(_)) => SignatureForm::CadesBaselineB,
            _ => SignatureForm::Cms,
        };
        Ok(VerifiedSignature {
            signer: self.signer,
            embedded: self.embedded,
            claimed_signing_time: self.attributes.signing_time,
            digest: content,
            algorithm: self.algorithm,
            form,
            is_bound,
            policy: self.attributes.policy,
            message: self.message,
        })
    }
}

/// What a signer digests and signs with.
pub(super) fn algorithms(
    signer_info: &SignerInfo,
) -> Result<(DigestAlgorithm, SignatureAlgorithm), SignatureError> {
    let digest = algorithm::read_digest(&signer_info.digest_alg)?;
    let algorithm = algorithm::read_signer_info(&signer_info.signature_algorithm, digest)?;
    Ok((digest, algorithm))
}

/// Verifies a signer's value over the signed attributes, with the key in the certificate.
pub(super) fn verify_value(
    signer_info: &SignerInfo,
    algorithm: SignatureAlgorithm,
    signer: &Certificate,
) -> Result<(), SignatureError> {
    // What was read is encoded again as it was read (`read_message`, and for counter-signatures `counter.rs`): these are the octets signed.
    let signed = signer_info.signed_attrs.as_ref().ok_or(SignatureError::NoSignedAttributes)?;
    let octets = signed.to_der().map_err(|_| SignatureError::NotCms)?;
    let (key, value) = (signer.public_key_info(), signer_info.signature.as_bytes());
    Ok(algorithm::verify(algorithm, key, &octets, value)?)
}

/// Whether a signature carries what was signed.
pub fn carries_content(signature: &[u8]) -> bool {
    SignedFile::parse(signature).is_ok_and(|signed| signed.attached().is_some())
}

/// DER out of DER or PEM. RFC 7468 section 9: label CMS; PKCS7 is what older tools write.
fn unframe(octets: &[u8]) -> Result<Vec<u8>, SignatureError> {
    if !octets.starts_with(b"-----BEGIN ") {
        return Ok(octets.to_vec());
    }
    let text = std::str::from_utf8(octets).map_err(|_| SignatureError::NotCms)?;
    let (label, document) = der::Document::from_pem(text).map_err(|_| SignatureError::NotCms)?;
    if matches!(label, "CMS" | "PKCS7") {
        Ok(document.as_bytes().to_vec())
    } else {
        Err(SignatureError::NotCms)
    }
}

pub(super) fn read_message(der: &[u8]) -> Result<SignedData, SignatureError> {
    // X.690 section 8.1.3.6: the indefinite form, which DER forbids, right at the start.
    if matches!(der, [0x30, 0x80, ..]) {
        return Err(SignatureError::Ber);
    }
    let frame = ContentInfo::from_der(der).map_err(refusal)?;
    if frame.content_type != rfc5911::ID_SIGNED_DATA {
        return Err(SignatureError::OtherMessage(frame.content_type));
    }
    let message: SignedData = frame.content.decode_as().map_err(refusal)?;
    // One message, one encoding: what a lenient reader would pass over (unsorted sets, defaults written out) is
    // refused, so that nothing in the file can be read in two ways.
    let again = message.to_der().and_then(|content| {
        ContentInfo { content_type: frame.content_type, content: der::Any::from_der(&content)? }.to_der()
    });
    if again.is_ok_and(|again| again == der) { Ok(message) } else { Err(SignatureError::Ber) }
}

fn refusal(error: der::Error) -> SignatureError {
    match error.kind() {
        ErrorKind::IndefiniteLength | ErrorKind::Noncanonical { .. } | ErrorKind::SetOrdering => {
            SignatureError::Ber
        }
        _ => SignatureError::NotCms,
    }
}

/// The content, where it is inside (RFC 5652 section 5.2: an OCTET STRING).
pub(super) fn content_inside(
    message: &SignedData,
    content_type: ObjectIdentifier,
) -> Result<Option<Vec<u8>>, SignatureError> {
    if message.content.econtent_type != content_type {
        return Err(SignatureError::ContentType(message.content.econtent_type));
    }
    let Some(content) = &message.content.econtent else { return Ok(None) };
    let content: OctetString = content.decode_as().map_err(|_| SignatureError::NotCms)?;
    Ok(Some(content.into_bytes().into()))
}

fn only_signer(message: &SignedData) -> Result<SignerInfo, SignatureError> {
    match message.signer_infos.as_slice() {
        [] => Err(SignatureError::NoSigner),
        [one] => Ok(one.clone()),
        several => Err(SignatureError::SeveralSigners(several.len())),
    }
}

// RFC 5652 section 5.3: the version follows from how the signer is named; the message's from what it contains.
fn verify_versions(message: &SignedData, signer: &SignerInfo) -> Result<(), SignatureError> {
    let expected = match signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(_) => CmsVersion::V1,
        SignerIdentifier::SubjectKeyIdentifier(_) => CmsVersion::V3,
    };
    if signer.version == expected && message.version == message.due_version() {
        Ok(())
    } else {
        Err(SignatureError::Version)
    }
}

fn embedded(message: &SignedData) -> Result<Vec<Certificate>, SignatureError> {
    let certificates = message.certificates.as_ref().ok_or(SignatureError::NoSignerCertificate)?;
    if certificates.len() > MAX_EMBEDDED {
        return Err(SignatureError::TooLarge);
    }
    certificates
        .iter()
        .map(|any| {
            let der = any.to_der().map_err(|_| SignatureError::Certificate)?;
            Certificate::from_der(&der).map_err(|_| SignatureError::Certificate)
        })
        .collect()
}

pub(super) fn find_signer(
    identifier: &SignerIdentifier,
    embedded: &[Certificate],
) -> Result<Certificate, SignatureError> {
    let mut fitting = embedded.iter().filter(|certificate| match identifier {
        SignerIdentifier::IssuerAndSerialNumber(wanted) => {
            // Octet for octet, stricter than RFC 5280 section 7.1: the identifier is not signed, so nothing in it
            // may vary.
            wanted.issuer.to_der().is_ok_and(|issuer| issuer == certificate.issuer_name().der())
                && wanted.serial_number.as_bytes() == certificate.serial_content()
        }
        SignerIdentifier::SubjectKeyIdentifier(wanted) => {
            certificate.subject_key_identifier() == Some(wanted.0.as_bytes())
        }
    });
    // Two certificates for one identifier would let the sender choose who signed.
    match (fitting.next(), fitting.next()) {
        (Some(signer), None) => Ok(signer.clone()),
        _ => Err(SignatureError::NoSignerCertificate),
    }
}
