//! The whole answer about a JSON Web Signature.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use ca_core::jws;
use const_oid::db::rfc5912;
use der::Decode;
use serde_json::Value;
use spki::SubjectPublicKeyInfoRef;
use time::OffsetDateTime;

use super::detached::{self, Named};
use super::error::JwsError;
use super::header::Header;
use super::strict;
use super::wire::{Written, octets};
use crate::signature::content::ContentDigest;
use crate::signature::error::SignatureError;
use crate::signature::material::Material;
use crate::signature::stamps;
use crate::signature::unsigned::MAX_TIMESTAMPS;
use crate::signature::verdict::{Attested, SignatureVerdict, judge_signer};
use crate::signature::verify::SignatureForm;
use crate::validation::Basis;
use crate::validation::algorithm::{self, AlgorithmError};

/// What was signed, as whoever asks has it.
#[derive(Debug, Clone, Copy)]
pub enum JwsContent<'a> {
    /// Its octets.
    Octets(&'a [u8]),
    /// Its digest.
    Digest(&'a ContentDigest),
    /// It is in the signature.
    Inside,
}

/// A JSON Web Signature as read: nothing is verified yet.
#[derive(Debug)]
pub struct JwsSignature {
    written: Written,
    header: Header,
    stamps: Vec<Vec<u8>>,
}

impl JwsSignature {
    /// Reads one, compact or flattened JSON.
    ///
    /// # Errors
    /// Each way in which the octets are no signature that npki verifies.
    pub fn parse(octets: &[u8]) -> Result<Self, JwsError> {
        let written = Written::read(octets)?;
        let header = Header::read(&written.header()?)?;
        let stamps = stamps_in(&elements(written.etsi_u.as_ref())?)?;
        // TS 119 182-1 clause 5.2.8.1: named elsewhere, or here; not both.
        if header.named.is_some() && written.payload.is_some() {
            return Err(JwsError::Parameter("sigD"));
        }
        Ok(Self { written, header, stamps })
    }

    /// What was signed, where the signature carries it.
    ///
    /// # Errors
    /// The payload is not written as it must be.
    pub fn attached(&self) -> Result<Option<Vec<u8>>, JwsError> {
        let Some(payload) = &self.written.payload else { return Ok(None) };
        if self.header.is_encoded {
            return octets(payload, "the payload").map(Some);
        }
        // RFC 7797 section 5.2: in the compact form only what stands for itself, and no full stop.
        let is_plain = payload.bytes().all(|octet| matches!(octet, 0x20..=0x7e) && octet != b'.');
        if self.written.is_compact && !is_plain {
            return Err(JwsError::Form("its payload has letters that must be encoded"));
        }
        Ok(Some(payload.clone().into_bytes()))
    }

    /// The algorithm of the digest that does in the content's place; `None` where the content itself is signed.
    pub fn digest_algorithm(&self) -> Option<DigestAlgorithm> {
        match &self.header.named {
            Some(Named::Digest(digest)) if !self.header.is_encoded => Some(digest.algorithm()),
            _ => None,
        }
    }

    /// The answer about a signature that may not even be one.
    pub fn judge(
        read: Result<Self, JwsError>,
        content: JwsContent<'_>,
        basis: &Basis<'_>,
    ) -> SignatureVerdict {
        match read.and_then(|signature| signature.verify(content).map(|()| signature)) {
            Ok(verified) => verified.judged(basis),
            Err(error) => refused(&error, basis.at),
        }
    }

    /// Verifies the content, then the value over it, by the key that the certificate has.
    fn verify(&self, content: JwsContent<'_>) -> Result<(), JwsError> {
        let payload = self.payload(content)?;
        let signed = [self.written.protected.as_bytes(), b".", &payload].concat();
        let value = octets(&self.written.signature, "the signature value")?;
        let key = self.header.signer.public_key_info();
        verify_curve(self.header.algorithm, key)?;
        let value = jws::to_der(self.header.algorithm, value).map_err(|_| SignatureError::Mismatch)?;
        Ok(algorithm::verify(self.header.algorithm, key, &signed, &value)?)
    }

    /// What was signed behind the header. What is carried is what was signed, whichever of the two the caller has read.
    fn payload(&self, content: JwsContent<'_>) -> Result<Vec<u8>, JwsError> {
        if let Some(inside) = self.attached()? {
            let is_it = match content {
                JwsContent::Inside => true,
                JwsContent::Octets(octets) => octets == inside,
                JwsContent::Digest(digest) => ContentDigest::of(&inside, digest.algorithm()) == *digest,
            };
            let payload = self.written.payload.as_ref().map(|payload| payload.clone().into_bytes());
            return payload.filter(|_| is_it).ok_or_else(|| SignatureError::ContentAltered.into());
        }
        match (&self.header.named, content) {
            (_, JwsContent::Inside) => Err(JwsError::Detached),
            (Some(Named::Digest(signed)), JwsContent::Octets(octets)) => {
                detached::verify(signed, self.header.is_encoded, octets).map(|()| Vec::new())
            }
            (Some(Named::Digest(signed)), JwsContent::Digest(digest)) if !self.header.is_encoded => {
                if signed == digest { Ok(Vec::new()) } else { Err(SignatureError::ContentAltered.into()) }
            }
            (_, JwsContent::Digest(_)) => Err(JwsError::Detached),
            (_, JwsContent::Octets(octets)) if self.header.is_encoded => {
                Ok(URL_SAFE_NO_PAD.encode(octets).into_bytes())
            }
            (_, JwsContent::Octets(octets)) => Ok(octets.to_vec()),
        }
    }

    fn judged(&self, basis: &Basis<'_>) -> SignatureVerdict {
        let mut material = Material { certificates: self.header.certificates.clone(), ..Material::default() };
        self.stamps.iter().for_each(|token| stamps::take_token(&mut material, token));
        let proof = stamps::prove_value(&self.stamps, self.written.signature.as_bytes(), &material, basis);
        // TS 119 182-1 clause 6.3: baseline signatures claim a time, and their certificate is signed.
        let form = match self.header.claimed {
            Some(_) => SignatureForm::JadesBaselineB,
            None => SignatureForm::Jws,
        };
        let Header { signer, algorithm, claimed, .. } = &self.header;
        let attested = Attested { signer, algorithm: *algorithm, form, claimed: *claimed };
        judge_signer(&attested, proof, &material, basis)
    }
}

/// RFC 7518 section 3.4: ES256 is with P-256, ES384 with P-384, and nothing else.
fn verify_curve(algorithm: SignatureAlgorithm, key: &[u8]) -> Result<(), JwsError> {
    let curve = match algorithm {
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256) => rfc5912::SECP_256_R_1,
        SignatureAlgorithm::Ecdsa(_) => rfc5912::SECP_384_R_1,
        _ => return Ok(()),
    };
    let info = SubjectPublicKeyInfoRef::from_der(key).map_err(|_| AlgorithmError::KeyMismatch)?;
    let fits = info.algorithm.parameters_oid().is_ok_and(|found| found == curve);
    if fits { Ok(()) } else { Err(AlgorithmError::KeyMismatch.into()) }
}

/// The elements of `etsiU` (clause 5.3.1): all objects, or all base64url of objects.
pub(super) fn elements(etsi_u: Option<&Value>) -> Result<Vec<Value>, JwsError> {
    let wrong = || JwsError::Parameter("etsiU");
    let Some(etsi_u) = etsi_u else { return Ok(Vec::new()) };
    let list = etsi_u.as_array().filter(|list| !list.is_empty()).ok_or_else(wrong)?;
    if list.iter().all(Value::is_object) {
        return Ok(list.clone());
    }
    let decoded = |element: &Value| {
        let octets = octets(element.as_str().ok_or_else(wrong)?, "etsiU")?;
        strict::object(&octets, "an element of etsiU").map(Value::Object)
    };
    list.iter().map(decoded).collect()
}

/// The time stamps over the signature value (clause 5.3.4), DER.
fn stamps_in(elements: &[Value]) -> Result<Vec<Vec<u8>>, JwsError> {
    let wrong = || JwsError::Parameter("sigTst");
    let mut stamps = Vec::new();
    for container in elements.iter().filter_map(|element| element.get("sigTst")) {
        let tokens = container.get("tstTokens").and_then(Value::as_array).ok_or_else(wrong)?;
        for token in tokens.iter().take(MAX_TIMESTAMPS) {
            let value = token.get("val").and_then(Value::as_str).ok_or_else(wrong)?;
            stamps.push(STANDARD.decode(value).map_err(|_| wrong())?);
        }
    }
    stamps.truncate(MAX_TIMESTAMPS);
    Ok(stamps)
}

fn refused(error: &JwsError, checked_at: OffsetDateTime) -> SignatureVerdict {
    SignatureVerdict::refusing(error.sub_indication(), error.to_string(), checked_at)
}
