//! Writes to-be-signed bytes, once. rcgen encodes them for a key that keeps the bytes instead of signing them; what
//! rcgen cannot carry over unchanged (the issuer's name, the subscriber's key), or does not know (the signature
//! algorithms it lacks), is then put in byte for byte.

use std::sync::{LazyLock, Mutex};

use der::asn1::AnyRef;
use der::{Decode, Encode, Header, Length, Reader, SliceReader, Tag};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, DnValue, IsCa,
    KeyIdMethod, KeyUsagePurpose, PublicKeyData, SigningKey,
};
use time::OffsetDateTime;

use super::issuer::Issuer;
use super::{EncodingError, extensions, qc_statements};
use crate::algorithm::SignatureAlgorithm;
use crate::alternative_name::Name;
use crate::authority::Addresses;
use crate::csr::{KeyKind, SubjectPublicKey};
use crate::profile::{AttributeType, KeyUsage, Profile, ProfileKind};
use crate::serial::SerialNumber;

/// Everything that decides a certificate's bytes.
pub(crate) struct Contents<'a> {
    pub(crate) profile: &'a Profile,
    /// The subject's attributes with the values they are to have, in order.
    pub(crate) attributes: &'a [(AttributeType, String)],
    pub(crate) names: &'a [Name],
    pub(crate) key: &'a SubjectPublicKey,
    pub(crate) serial: &'a SerialNumber,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) addresses: &'a Addresses,
}

/// Where the issuer's name and key identifier come from.
pub(crate) enum IssuedBy<'a> {
    /// Another CA.
    Ca(&'a Issuer),
    /// The certificate's own key: a root.
    Itself(SignatureAlgorithm),
}

/// Writes a TBSCertificate (RFC 5280 section 4.1.2).
pub(crate) fn certificate(
    contents: &Contents<'_>,
    issued_by: &IssuedBy<'_>,
) -> Result<Vec<u8>, EncodingError> {
    let params = parameters(contents, issued_by)?;
    let (written, algorithm) = match issued_by {
        IssuedBy::Ca(issuer) => {
            // rcgen knows few kinds of keys: it writes an empty one, replaced below.
            let capture = Capture::new(&[]);
            params.signed_by(&&capture, &capture.issuer(&issuer.key_identifier))?;
            (capture.into_bytes()?, issuer.algorithm)
        }
        IssuedBy::Itself(algorithm) => {
            let capture = Capture::new(contents.key.octets());
            params.self_signed(&capture)?;
            (capture.into_bytes()?, *algorithm)
        }
    };
    let mut fields = fields(&written)?;
    // RFC 5280 section 4.1.2.3: the algorithm that the CA will sign with, as it stands beside the signature too.
    replace_field(&mut fields, CERTIFICATE_ALGORITHM_FIELD, algorithm.identifier())?;
    if let IssuedBy::Ca(issuer) = issued_by {
        // RFC 5280 section 4.1.2.4: names are compared, so the issuer's must be the very bytes of its subject.
        replace_field(&mut fields, ISSUER_FIELD, &issuer.name)?;
    }
    if let Some(cross) = &contents.profile.cross {
        // The same for a foreign CA's name: it is the issuer of what that CA has issued.
        replace_field(&mut fields, SUBJECT_FIELD, &cross.subject)?;
    }
    // The subscriber's key is kept as its holder wrote it.
    replace_field(&mut fields, KEY_FIELD, contents.key.der())?;
    element(Tag::Sequence, &fields)
}

/// Puts to-be-signed bytes and their signature together (RFC 5280 section 4.1.1).
///
/// `algorithm_field` is where the AlgorithmIdentifier stands among the fields: it must be repeated unchanged.
pub(crate) fn assemble(
    to_be_signed: &[u8],
    algorithm_field: usize,
    signature: &[u8],
) -> Result<Vec<u8>, EncodingError> {
    // No bit of the last octet is unused.
    let signature = element(Tag::BitString, &[&[0], signature])?;
    element(Tag::Sequence, &[to_be_signed, field(to_be_signed, algorithm_field)?, &signature])
}

/// The subject's name in a TBSCertificate, DER.
pub(crate) fn subject(to_be_signed: &[u8]) -> Result<&[u8], EncodingError> {
    field(to_be_signed, SUBJECT_FIELD)
}

fn field(to_be_signed: &[u8], index: usize) -> Result<&[u8], EncodingError> {
    fields(to_be_signed)?.get(index).copied().ok_or_else(|| missing(index))
}

/// The elements of a SEQUENCE, each as it is encoded.
fn fields(sequence: &[u8]) -> Result<Vec<&[u8]>, EncodingError> {
    let mut rest = SliceReader::new(AnyRef::from_der(sequence)?.value())?;
    // A TBSCertificate has eight without unique identifiers, a TBSCertList not more.
    let mut fields = Vec::with_capacity(8);
    while !rest.is_finished() {
        fields.push(rest.tlv_bytes()?);
    }
    Ok(fields)
}

/// An element that holds `parts` one after the other.
fn element(tag: Tag, parts: &[&[u8]]) -> Result<Vec<u8>, EncodingError> {
    let length = Length::try_from(parts.iter().map(|part| part.len()).sum::<usize>())?;
    let header = Header::new(tag, length);
    let mut element = Vec::with_capacity(usize::try_from((header.encoded_len()? + length)?)?);
    header.encode_to_vec(&mut element)?;
    parts.iter().for_each(|part| element.extend_from_slice(part));
    Ok(element)
}

/// Where the AlgorithmIdentifier stands in a TBSCertificate: after version and serialNumber.
pub(crate) const CERTIFICATE_ALGORITHM_FIELD: usize = 2;
const ISSUER_FIELD: usize = 3;
const SUBJECT_FIELD: usize = 5;
const KEY_FIELD: usize = 6;

fn replace_field<'a>(fields: &mut [&'a [u8]], index: usize, der: &'a [u8]) -> Result<(), EncodingError> {
    *fields.get_mut(index).ok_or_else(|| missing(index))? = der;
    Ok(())
}

fn missing(index: usize) -> EncodingError {
    EncodingError(format!("field {index} is missing"))
}

/// The key identifier of a public key: the left 160 bits of SHA-256 over the subjectPublicKey's octets
/// (RFC 7093 section 2, method 1; RFC 5280's SHA-1 is left behind).
pub(crate) fn key_identifier(key: &SubjectPublicKey) -> Vec<u8> {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.octets());
    digest.as_ref().iter().copied().take(20).collect()
}

/// Parameters that say nothing: rcgen's own have a name, which costs more to make than all that is written here.
static NOTHING: LazyLock<CertificateParams> = LazyLock::new(|| {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
});

fn parameters(contents: &Contents<'_>, issued_by: &IssuedBy<'_>) -> Result<CertificateParams, EncodingError> {
    let profile = contents.profile;
    let mut params = NOTHING.clone();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(contents.serial.as_bytes()));
    params.not_before = contents.not_before;
    params.not_after = contents.not_after;
    params.distinguished_name = distinguished_name(contents.attributes)?;
    params.key_usages = key_usages(profile, contents.key.kind());
    let key_identifier = match &profile.cross {
        Some(cross) => cross.key_identifier.clone(),
        None => key_identifier(contents.key),
    };
    params.is_ca = match profile.kind {
        ProfileKind::RootCa => IsCa::Ca(BasicConstraints::Unconstrained),
        ProfileKind::IssuingCa { path_length } => IsCa::Ca(BasicConstraints::Constrained(path_length)),
        ProfileKind::EndEntity => IsCa::NoCa,
    };
    // RFC 5280 section 4.2.1.1: required but in a self-signed certificate.
    params.use_authority_key_identifier_extension = matches!(issued_by, IssuedBy::Ca(_));
    if profile.crl_address {
        let uris = vec![contents.addresses.crl.clone()];
        params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    }
    params.custom_extensions = further_extensions(contents, &key_identifier)?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier);
    Ok(params)
}

fn further_extensions(
    contents: &Contents<'_>,
    key_identifier: &[u8],
) -> Result<Vec<rcgen::CustomExtension>, EncodingError> {
    let profile = contents.profile;
    let mut all = Vec::with_capacity(8);
    if profile.kind == ProfileKind::EndEntity {
        if profile.end_entity_constraints {
            all.push(extensions::end_entity_constraints());
        }
        if profile.subject_key_identifier {
            all.push(extensions::subject_key_identifier(key_identifier)?);
        }
    }
    if !profile.extended_key_usage.is_empty() {
        all.push(extensions::extended_key_usage(profile)?);
    }
    if !profile.policies.is_empty() {
        all.push(extensions::certificate_policies(&profile.policies)?);
    }
    all.extend(extensions::authority_information_access(profile, contents.addresses)?);
    if let Some(address) = contents.addresses.freshest_crl.as_ref().filter(|_| profile.crl_address) {
        all.push(extensions::freshest_crl(address));
    }
    all.extend(extensions::subject_alternative_names(contents.names)?);
    if let Some(statements) = &profile.qc_statements {
        all.push(qc_statements::qc_statements(statements)?);
    }
    if let Some(cross) = &profile.cross {
        all.extend(extensions::cross_certification(cross));
    }
    if let Some(period) = profile.private_key_usage {
        all.push(extensions::private_key_usage_period(contents.not_before, period)?);
    }
    if let Some(term) = profile.short_term {
        all.extend(extensions::short_term(term)?);
    }
    if profile.ocsp_no_check {
        all.push(extensions::ocsp_no_check()?);
    }
    Ok(all)
}

/// RFC 5280 section 4.1.2.6. rcgen's name holds each type once, which profiles guarantee.
fn distinguished_name(attributes: &[(AttributeType, String)]) -> Result<DistinguishedName, EncodingError> {
    let mut name = DistinguishedName::new();
    for (attribute, value) in attributes {
        let value = if attribute.is_printable_string() {
            DnValue::PrintableString(value.as_str().try_into()?)
        } else {
            // RFC 5280 section 4.1.2.4: UTF8String for all new names.
            DnValue::Utf8String(value.clone())
        };
        let arcs: Vec<u64> = attribute.oid().0.arcs().map(u64::from).collect();
        name.push(DnType::from_oid(&arcs), value);
    }
    Ok(name)
}

fn key_usages(profile: &Profile, key: KeyKind) -> Vec<KeyUsagePurpose> {
    let fits = |usage: &&KeyUsage| {
        // RFC 8813 section 3: keyEncipherment is not for elliptic-curve keys; RFC 9295 section 3: nor for Ed25519;
        // RFC 9881 section 5: nor for ML-DSA.
        **usage != KeyUsage::KeyEncipherment || matches!(key, KeyKind::Rsa { .. })
    };
    profile
        .key_usage
        .iter()
        .filter(fits)
        .map(|usage| match usage {
            KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
            KeyUsage::NonRepudiation => KeyUsagePurpose::ContentCommitment,
            KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
            KeyUsage::KeyCertSign => KeyUsagePurpose::KeyCertSign,
            KeyUsage::CrlSign => KeyUsagePurpose::CrlSign,
        })
        .collect()
}

/// A key that keeps what it is asked to sign. Its algorithm is one that rcgen knows, and is replaced in what it wrote.
struct Capture {
    public_key: Vec<u8>,
    captured: Mutex<Option<Vec<u8>>>,
}

impl Capture {
    fn new(public_key: &[u8]) -> Self {
        Self { public_key: public_key.to_vec(), captured: Mutex::new(None) }
    }

    /// An issuer whose name is filled in later, byte for byte.
    fn issuer(&self, key_identifier: &[u8]) -> rcgen::Issuer<'static, &Self> {
        let mut params = NOTHING.clone();
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier.to_vec());
        rcgen::Issuer::new(params, self)
    }

    fn into_bytes(self) -> Result<Vec<u8>, EncodingError> {
        self.captured
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .ok_or_else(|| EncodingError("nothing was written".to_owned()))
    }
}

impl PublicKeyData for Capture {
    fn der_bytes(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for Capture {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        *self.captured.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(message.to_vec());
        Ok(Vec::new())
    }
}
