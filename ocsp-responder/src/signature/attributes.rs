//! Signed attributes: what the signer's key vouches for besides the content.

use std::time::Duration;

use const_oid::db::rfc5911;
use der::asn1::{GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use der::{Any, DateTime, Decode, Encode};
use time::OffsetDateTime;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use super::content::ContentDigest;
use super::error::SignatureError;
use super::message::{EssCertificateIdV2, IssuerSerial, SigningCertificateV2};
use super::policy::SignaturePolicy;
use crate::validation::algorithm::{DigestAlgorithm, read_digest};
use crate::validation::certificate::Certificate;
use crate::validation::names::DistinguishedName;

pub(super) const DATA: ObjectIdentifier = rfc5911::ID_DATA;
pub(super) const CONTENT_TYPE: ObjectIdentifier = rfc5911::ID_CONTENT_TYPE;
pub(super) const MESSAGE_DIGEST: ObjectIdentifier = rfc5911::ID_MESSAGE_DIGEST;
pub(super) const SIGNING_TIME: ObjectIdentifier = rfc5911::ID_SIGNING_TIME;
/// id-aa-signingCertificate with SHA-1 (RFC 2634 section 5.4).
const SIGNING_CERTIFICATE_V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// id-aa-signingCertificateV2 (RFC 5035 section 3).
pub(crate) const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// id-aa-ets-sigPolicyId (EN 319 122-1 clause 5.2.9.1).
const SIGNATURE_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.15");

/// The attributes that EN 319 122-1 section 6.3 asks of level B-B: content-type, message-digest, signing-time and
/// signing-certificate-v2.
pub(super) fn baseline(
    digest: &ContentDigest,
    certificate: &Certificate,
    signing_time: OffsetDateTime,
) -> der::Result<Attributes> {
    let mut attributes = of_content(DATA, digest, certificate)?;
    attributes.insert(attribute(SIGNING_TIME, &cms_time(signing_time)?)?)?;
    Ok(attributes)
}

/// What every signature signs besides its content: content-type, message-digest and signing-certificate-v2.
pub(super) fn of_content(
    content_type: ObjectIdentifier,
    digest: &ContentDigest,
    certificate: &Certificate,
) -> der::Result<Attributes> {
    let reference = SigningCertificateV2 {
        certificates: vec![EssCertificateIdV2 {
            hash_algorithm: None,
            hash: OctetString::new(certificate.sha256())?,
            issuer_serial: None,
        }],
        policies: None,
    };
    SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, &content_type)?,
        attribute(MESSAGE_DIGEST, &OctetString::new(digest.octets())?)?,
        attribute(SIGNING_CERTIFICATE_V2, &reference)?,
    ])
}

pub(super) fn attribute(oid: ObjectIdentifier, value: &impl Encode) -> der::Result<Attribute> {
    let value = Any::from_der(&value.to_der()?)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

// RFC 5652 section 11.3: UTCTime through 2049, GeneralizedTime from 2050, no fractions of seconds.
fn cms_time(at: OffsetDateTime) -> der::Result<Time> {
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| der::ErrorKind::DateTime)?;
    let date = DateTime::from_unix_duration(Duration::from_secs(seconds))?;
    Ok(if date.year() < 2050 {
        Time::UtcTime(UtcTime::from_date_time(date)?)
    } else {
        Time::GeneralTime(GeneralizedTime::from_date_time(date))
    })
}

/// The signed attributes as read: each type once, each known one with one value.
#[derive(Debug)]
pub(super) struct SignedAttributes {
    pub(super) message_digest: Vec<u8>,
    pub(super) signing_time: Option<OffsetDateTime>,
    pub(super) signing_certificate: Option<SigningCertificateV2>,
    pub(super) policy: Option<SignaturePolicy>,
}

impl SignedAttributes {
    /// Reads them for content of type `content_type`.
    pub(super) fn read(
        attributes: &Attributes,
        content_type: ObjectIdentifier,
    ) -> Result<Self, SignatureError> {
        // RFC 5652 section 11.1: equal to eContentType, and always there.
        let signed_type: ObjectIdentifier = required(attributes, CONTENT_TYPE)?;
        if signed_type != content_type {
            return Err(SignatureError::ContentType(signed_type));
        }
        Self::besides_content_type(attributes)
    }

    /// Reads those of a counter-signature.
    pub(super) fn of_counter_signature(attributes: &Attributes) -> Result<Self, SignatureError> {
        // RFC 5652 section 11.4: it has no content type, as there is no content.
        if attributes.iter().any(|attribute| attribute.oid == CONTENT_TYPE) {
            return Err(SignatureError::MalformedAttribute(CONTENT_TYPE));
        }
        Self::besides_content_type(attributes)
    }

    fn besides_content_type(attributes: &Attributes) -> Result<Self, SignatureError> {
        // RFC 5652 section 5.3: an attribute type stands at most once.
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = attributes.iter().find(|attribute| !seen.insert(attribute.oid)) {
            return Err(SignatureError::RepeatedAttribute(twice.oid));
        }
        let message_digest: OctetString = required(attributes, MESSAGE_DIGEST)?;
        let signing_time: Option<Time> = optional(attributes, SIGNING_TIME)?;
        let signing_certificate = optional(attributes, SIGNING_CERTIFICATE_V2)?;
        // SHA-1 alone binds the signer's certificate no longer.
        if signing_certificate.is_none() && seen.contains(&SIGNING_CERTIFICATE_V1) {
            return Err(SignatureError::WeakCertificateReference);
        }
        let policy: Option<Any> = optional(attributes, SIGNATURE_POLICY)?;
        let unreadable = SignatureError::MalformedAttribute(SIGNATURE_POLICY);
        let policy = policy.map(|value| SignaturePolicy::in_cms(&value).ok_or(unreadable)).transpose()?;
        Ok(Self {
            message_digest: message_digest.as_bytes().to_vec(),
            signing_time: signing_time.map(moment),
            signing_certificate,
            policy,
        })
    }
}

fn optional<T: for<'a> Decode<'a, Error = der::Error>>(
    attributes: &Attributes,
    oid: ObjectIdentifier,
) -> Result<Option<T>, SignatureError> {
    let Some(attribute) = attributes.iter().find(|attribute| attribute.oid == oid) else { return Ok(None) };
    let malformed = |_| SignatureError::MalformedAttribute(oid);
    match attribute.values.as_slice() {
        [value] => {
            let der = value.to_der().map_err(malformed)?;
            T::from_der(&der).map(Some).map_err(malformed)
        }
        // RFC 5652 sections 11.1 to 11.3: exactly one value.
        _ => Err(SignatureError::MalformedAttribute(oid)),
    }
}

pub(super) fn moment(at: Time) -> OffsetDateTime {
    let seconds = i64::try_from(at.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn required<T: for<'a> Decode<'a, Error = der::Error>>(
    attributes: &Attributes,
    oid: ObjectIdentifier,
) -> Result<T, SignatureError> {
    optional(attributes, oid)?.ok_or(SignatureError::MissingAttribute(oid))
}

impl SigningCertificateV2 {
    /// Checks that the first reference is to `signer` (RFC 5035 section 3: the first identifies the signer's).
    pub(super) fn verify(&self, signer: &Certificate) -> Result<(), SignatureError> {
        let malformed = SignatureError::MalformedAttribute(SIGNING_CERTIFICATE_V2);
        let first = self.certificates.first().ok_or(malformed)?;
        let algorithm = match &first.hash_algorithm {
            None => DigestAlgorithm::Sha256,
            Some(identifier) => read_digest(identifier).map_err(SignatureError::Algorithm)?,
        };
        let hash = ring::digest::digest(algorithm.ring(), signer.der());
        let issuer_serial_fits = first.issuer_serial.as_ref().is_none_or(|reference| reference.is_of(signer));
        if hash.as_ref() == first.hash.as_bytes() && issuer_serial_fits {
            Ok(())
        } else {
            Err(SignatureError::SignerReference)
        }
    }
}

impl IssuerSerial {
    /// Whether a certificate has this issuer and serial number.
    pub(super) fn is_of(&self, certificate: &Certificate) -> bool {
        let [GeneralName::DirectoryName(name)] = self.issuer.as_slice() else { return false };
        let name = name.to_der().ok().and_then(|name| DistinguishedName::read(&name).ok());
        self.serial.as_bytes() == certificate.serial_content()
            && name.as_ref() == Some(certificate.issuer_name())
    }
}
