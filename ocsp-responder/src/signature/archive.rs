//! Archive time stamps (level B-LTA: ETSI EN 319 122-1 clause 5.5): a time stamp over the whole signature, its material and
//! its earlier time stamps, so that all of these are believed when their own keys and certificates no longer are.

use der::asn1::OctetString;
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attributes;

use super::content::ContentDigest;
use super::error::SignatureError;
use super::message::SignedData;
use super::unsigned::HASH_INDEX_V3;
use crate::validation::algorithm::{DigestAlgorithm, read_digest};

/// ATSHashIndexV3 (clause 5.5.2): what an archive time stamp covers besides the signature itself, a digest of each part.
#[derive(Debug, Clone, Sequence)]
pub(super) struct HashIndex {
    algorithm: AlgorithmIdentifierOwned,
    certificates: Vec<OctetString>,
    crls: Vec<OctetString>,
    unsigned: Vec<OctetString>,
}

impl HashIndex {
    /// Of all that a message has at present.
    pub(super) fn of(message: &SignedData, algorithm: DigestAlgorithm) -> der::Result<Self> {
        let digests = |parts: Vec<Vec<u8>>| {
            parts
                .iter()
                .map(|part| OctetString::new(digest(algorithm, part)))
                .collect::<der::Result<Vec<_>>>()
        };
        Ok(Self {
            algorithm: AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters: None },
            certificates: digests(encoded(message.certificates.as_deref()))?,
            crls: digests(encoded(message.crls.as_deref()))?,
            unsigned: digests(unsigned_parts(unsigned(message)))?,
        })
    }

    /// Reads one.
    pub(super) fn read(der: &[u8]) -> Result<Self, SignatureError> {
        Self::from_der(der).map_err(|_| SignatureError::MalformedAttribute(HASH_INDEX_V3))
    }

    /// Checks that each part that it names is there (clause 5.5.2): what was taken out afterwards would leave a gap.
    pub(super) fn verify(&self, message: &SignedData) -> Result<(), SignatureError> {
        let algorithm = read_digest(&self.algorithm).map_err(SignatureError::Algorithm)?;
        let there = |listed: &[OctetString], parts: Vec<Vec<u8>>| {
            let parts: Vec<_> = parts.iter().map(|part| digest(algorithm, part)).collect();
            listed.iter().all(|wanted| parts.iter().any(|part| part == wanted.as_bytes()))
        };
        let all = there(&self.certificates, encoded(message.certificates.as_deref()))
            && there(&self.crls, encoded(message.crls.as_deref()))
            && there(&self.unsigned, unsigned_parts(unsigned(message)));
        if all { Ok(()) } else { Err(SignatureError::ArchivedPartMissing) }
    }

    /// Whether it names this value of an unsigned attribute.
    pub(super) fn covers(&self, oid: der::asn1::ObjectIdentifier, value: &[u8]) -> bool {
        let Ok(algorithm) = read_digest(&self.algorithm) else { return false };
        let part = oid.to_der().map(|oid| digest(algorithm, &[oid.as_slice(), value].concat()));
        part.is_ok_and(|part| self.unsigned.iter().any(|listed| listed.as_bytes() == part))
    }
}

/// The octets that an archive time stamp is over (clause 5.5.3): the content's type and digest, what of the signer's info does not
/// change, and the index of the rest. `content` is digested with the time stamp's algorithm.
pub(super) fn imprint(
    message: &SignedData,
    content: &ContentDigest,
    index: &[u8],
) -> Result<ContentDigest, SignatureError> {
    let octets = covered(message, content, index).map_err(|_| SignatureError::NotCms)?;
    Ok(ContentDigest::of(&octets, content.algorithm()))
}

fn covered(message: &SignedData, content: &ContentDigest, index: &[u8]) -> der::Result<Vec<u8>> {
    let [signer] = message.signer_infos.as_slice() else { return Err(der::ErrorKind::Failed.into()) };
    let mut octets = message.content.econtent_type.to_der()?;
    octets.extend(content.octets());
    octets.extend(signer.version.to_der()?);
    octets.extend(signer.sid.to_der()?);
    octets.extend(signer.digest_alg.to_der()?);
    if let Some(signed) = &signer.signed_attrs {
        // As it stands in the message: with its [0] tag, not as the SET OF that was signed.
        let mut attributes = signed.to_der()?;
        if let Some(tag) = attributes.first_mut() {
            *tag = 0xa0;
        }
        octets.extend(attributes);
    }
    octets.extend(signer.signature_algorithm.to_der()?);
    octets.extend(signer.signature.to_der()?);
    octets.extend(index);
    Ok(octets)
}

fn unsigned(message: &SignedData) -> Option<&Attributes> {
    message.signer_infos.get(0).and_then(|signer| signer.unsigned_attrs.as_ref())
}

fn encoded(parts: Option<&[der::Any]>) -> Vec<Vec<u8>> {
    parts.unwrap_or_default().iter().filter_map(|part| part.to_der().ok()).collect()
}

/// Clause 5.5.2: for each value, the attribute's type and that value, one after the other.
fn unsigned_parts(attributes: Option<&Attributes>) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    for attribute in attributes.into_iter().flat_map(|set| set.iter()) {
        let Ok(oid) = attribute.oid.to_der() else { continue };
        let values = attribute.values.iter().filter_map(|value| value.to_der().ok());
        parts.extend(values.map(|value| [oid.as_slice(), &value].concat()));
    }
    parts
}

fn digest(algorithm: DigestAlgorithm, octets: &[u8]) -> Vec<u8> {
    ring::digest::digest(algorithm.ring(), octets).as_ref().to_vec()
}
