//! The whole answer about a JSON Web Signature.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use ca_core::jws;
use const_oid::db::rfc5912;
use der::Decode;
use spki::SubjectPublicKeyInfoRef;
use time::OffsetDateTime;

use super::detached::{self, Named};
use super::error::JwsError;
use super::header::Header;
use super::unsigned::{Stamp, Unsigned};
use super::wire::{Written, octets};
use crate::signature::content::ContentDigest;
use crate::signature::error::SignatureError;
use crate::signature::marks::SignatureMarks;
use crate::signature::material::Material;
use crate::signature::stamps::{self, InOrder, StampedPart};
use crate::signature::verdict::{Attested, SignatureVerdict, judge_signer};
use crate::signature::verify::SignatureForm;
use crate::timestamp::{TimestampToken, TokenError, VerifiedToken};
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
    unsigned: Unsigned,
    stamps: Vec<Stamp>,
    /// What stands in it to be judged by: nothing of it is trusted.
    carried: Material,
}

impl JwsSignature {
    /// Reads one, compact or flattened JSON.
    ///
    /// # Errors
    /// Each way in which the octets are no signature that npki verifies.
    pub fn parse(octets: &[u8]) -> Result<Self, JwsError> {
        let mut written = Written::read(octets)?;
        let header = Header::read(&written.header()?)?;
        let unsigned = Unsigned::read(written.etsi_u.take())?;
        let (stamps, mut carried) = (unsigned.stamps()?, unsigned.material()?);
        carried.certificates.extend(header.certificates.iter().cloned());
        // TS 119 182-1 clause 5.2.8.1: named elsewhere, or here; not both.
        if header.named.is_some() && written.payload.is_some() {
            return Err(JwsError::Parameter("sigD"));
        }
        Ok(Self { written, header, unsigned, stamps, carried })
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

    /// Whether it carries CRLs or OCSP responses that it can be judged by. Says nothing about what they are worth.
    pub const fn carries_evidence(&self) -> bool {
        self.carried.has_evidence()
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
            Ok(verified) => {
                SignatureVerdict { marks: verified.marks(content), ..verified.judged(content, basis) }
            }
            Err(error) => refused(&error, basis.at),
        }
    }

    /// What it is.
    fn marks(&self, content: JwsContent<'_>) -> Option<SignatureMarks> {
        let digest = self.header.algorithm.digest().unwrap_or(DigestAlgorithm::Sha256);
        let signed = [self.written.protected.as_bytes(), b".", &self.payload(content).ok()?].concat();
        let given = match content {
            JwsContent::Octets(octets) => ContentDigest::of(octets, digest),
            JwsContent::Digest(given) => given.clone(),
            JwsContent::Inside => ContentDigest::of(&self.attached().ok()??, digest),
        };
        let value = octets(&self.written.signature, "the signature value").ok()?;
        Some(SignatureMarks {
            content: given,
            stated: None,
            signed: ContentDigest::of(&signed, digest),
            value,
        })
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

    /// The octets that a time stamp over all is about first: those that were signed, in base64url where they are signed so.
    fn stamped_content<'a>(&'a self, content: JwsContent<'a>) -> Result<Cow<'a, [u8]>, JwsError> {
        match (&self.written.payload, content) {
            (Some(payload), _) => Ok(payload.as_bytes().into()),
            (None, JwsContent::Octets(octets)) if self.header.is_encoded => {
                Ok(URL_SAFE_NO_PAD.encode(octets).into_bytes().into())
            }
            (None, JwsContent::Octets(octets)) => Ok(octets.into()),
            (None, _) => Err(JwsError::Detached),
        }
    }

    /// What a time stamp at this place of `etsiU` is about (TS 119 182-1 clause 5.3.6.3): what was signed, the protected header and
    /// the signature value, with full stops between them, and the elements in front of it.
    pub(super) fn archive_imprint(
        &self,
        place: usize,
        content: JwsContent<'_>,
        algorithm: DigestAlgorithm,
    ) -> Result<ContentDigest, JwsError> {
        let content = self.stamped_content(content)?;
        let Written { protected, signature, .. } = &self.written;
        let before = self.unsigned.written_before(place).ok_or(JwsError::ClearUnsigned)?;
        let signed: [&[u8]; 6] = [&content, b".", protected.as_bytes(), b".", signature.as_bytes(), b"."];
        let parts: Vec<&[u8]> = signed.into_iter().chain(before.into_iter().map(str::as_bytes)).collect();
        Ok(ContentDigest::of_parts(&parts, algorithm))
    }

    fn token(&self, stamp: &Stamp, content: JwsContent<'_>) -> Result<VerifiedToken, TokenError> {
        if stamp.over == StampedPart::Signature {
            return stamps::over_value(&stamp.token, self.written.signature.as_bytes());
        }
        let token = TimestampToken::parse(&stamp.token)?.verify()?;
        let imprint = self.archive_imprint(stamp.place, content, token.statement.digest);
        let imprint = imprint.map_err(|error| TokenError::Document(error.to_string()))?;
        token.statement.verify_about(&imprint)?;
        Ok(token)
    }

    /// What it carries to be judged by.
    pub(super) const fn carried(&self) -> &Material {
        &self.carried
    }

    pub(super) const fn unsigned(&self) -> &Unsigned {
        &self.unsigned
    }

    pub(super) fn into_parts(self) -> (Written, Unsigned) {
        (self.written, self.unsigned)
    }

    fn judged(&self, content: JwsContent<'_>, basis: &Basis<'_>) -> SignatureVerdict {
        let mut material = self.carried.clone();
        self.stamps.iter().for_each(|stamp| stamps::take_token(&mut material, &stamp.token));
        let in_order = |stamp: &Stamp| InOrder {
            place: stamp.place,
            over: stamp.over,
            token: self.token(stamp, content),
        };
        let stamps: Vec<InOrder> = self.stamps.iter().map(in_order).collect();
        let proof = stamps::prove_in_order(&stamps, &material, basis.at, basis);
        // TS 119 182-1 clause 6.3: baseline signatures claim a time, and their certificate is signed.
        let form = match self.header.claimed {
            Some(_) => SignatureForm::JadesBaselineB,
            None => SignatureForm::Jws,
        };
        let Header { signer, algorithm, claimed, .. } = &self.header;
        let attested = Attested { signer, algorithm: *algorithm, form, claimed: *claimed };
        judge_signer(&attested, proof, &material, basis).under(self.header.policy.clone())
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

fn refused(error: &JwsError, checked_at: OffsetDateTime) -> SignatureVerdict {
    SignatureVerdict::refusing(error.sub_indication(), error.to_string(), checked_at)
}
