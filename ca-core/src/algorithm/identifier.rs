//! The AlgorithmIdentifier of a signature (RFC 5280 section 4.1.1.2), written and read.
//!
//! Written in one form only, kept here as the octets themselves: certificates are compared byte for byte. Read is a
//! whitelist, parameters included: everything else is refused by name.

use const_oid::db::{fips204, rfc5912, rfc8410};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Sequence, Tag, Tagged};
use spki::AlgorithmIdentifierRef;

use super::DigestAlgorithm::{self, Sha256, Sha384, Sha512};
use super::SignatureAlgorithm;

impl SignatureAlgorithm {
    /// Its AlgorithmIdentifier, DER.
    pub const fn identifier(self) -> &'static [u8] {
        const ECDSA: [[u8; 12]; 3] = [ecdsa(2), ecdsa(3), ecdsa(4)];
        const RSA: [[u8; 15]; 3] = [rsa(11), rsa(12), rsa(13)];
        const PSS: [[u8; 67]; 3] = [pss(1, 32), pss(2, 48), pss(3, 64)];
        const ML_DSA: [[u8; 13]; 3] = [ml_dsa(17), ml_dsa(18), ml_dsa(19)];
        match self {
            Self::Ecdsa(Sha256) => &ECDSA[0],
            Self::Ecdsa(Sha384) => &ECDSA[1],
            Self::Ecdsa(Sha512) => &ECDSA[2],
            Self::RsaPkcs1(Sha256) => &RSA[0],
            Self::RsaPkcs1(Sha384) => &RSA[1],
            Self::RsaPkcs1(Sha512) => &RSA[2],
            Self::RsaPss(Sha256) => &PSS[0],
            Self::RsaPss(Sha384) => &PSS[1],
            Self::RsaPss(Sha512) => &PSS[2],
            // RFC 8410 section 3: parameters MUST be absent.
            Self::Ed25519 => &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70],
            Self::MlDsa44 => &ML_DSA[0],
            Self::MlDsa65 => &ML_DSA[1],
            Self::MlDsa87 => &ML_DSA[2],
        }
    }

    /// Reads an AlgorithmIdentifier, DER.
    ///
    /// # Errors
    /// It is none, the algorithm is not accepted, or its parameters are not those that its specification asks for.
    pub fn from_identifier(der: &[u8]) -> Result<Self, IdentifierError> {
        Self::read(&AlgorithmIdentifierRef::from_der(der).map_err(|_| IdentifierError::Malformed)?)
    }

    /// As [`Self::from_identifier`].
    ///
    /// # Errors
    /// As [`Self::from_identifier`].
    pub fn read(identifier: &AlgorithmIdentifierRef<'_>) -> Result<Self, IdentifierError> {
        let algorithm = match identifier.oid {
            rfc5912::ECDSA_WITH_SHA_256 => Self::Ecdsa(Sha256),
            rfc5912::ECDSA_WITH_SHA_384 => Self::Ecdsa(Sha384),
            rfc5912::ECDSA_WITH_SHA_512 => Self::Ecdsa(Sha512),
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION => Self::RsaPkcs1(Sha256),
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION => Self::RsaPkcs1(Sha384),
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION => Self::RsaPkcs1(Sha512),
            rfc5912::ID_RSASSA_PSS => return pss_digest(identifier.parameters).map(Self::RsaPss),
            rfc8410::ID_ED_25519 => Self::Ed25519,
            fips204::ID_ML_DSA_44 => Self::MlDsa44,
            fips204::ID_ML_DSA_65 => Self::MlDsa65,
            fips204::ID_ML_DSA_87 => Self::MlDsa87,
            other => return Err(IdentifierError::NotAccepted(other)),
        };
        let why = match (algorithm, identifier.parameters) {
            (_, None) => return Ok(algorithm),
            // RFC 4055 section 5: NULL MUST be written; absent parameters MUST be accepted too.
            (Self::RsaPkcs1(_), Some(parameters)) if parameters.is_null() => return Ok(algorithm),
            (Self::RsaPkcs1(_), Some(_)) => "they must be NULL",
            // RFC 5758 section 3.2, RFC 8410 section 3, RFC 9881 section 2: absent.
            (_, Some(_)) => "there must be none",
        };
        Err(IdentifierError::Parameters { algorithm: algorithm.to_string(), why })
    }
}

/// A signature's AlgorithmIdentifier is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not the structure of RFC 5280 section 4.1.1.2.
    #[error("the signature's algorithm cannot be read")]
    Malformed,
    /// Unknown, or too weak to rely on.
    #[error("the signature algorithm {0} is not accepted")]
    NotAccepted(ObjectIdentifier),
    /// RSASSA-PSS over a digest that is unknown, or too weak to rely on.
    #[error("RSASSA-PSS over the digest {0} is not accepted")]
    PssDigest(ObjectIdentifier),
    /// RSASSA-PSS with a salt of another length than the digest.
    #[error("the RSASSA-PSS salt has {found} octets, not {expected}, as many as the digest has")]
    PssSalt {
        /// How many came.
        found: u32,
        /// How many are accepted.
        expected: u32,
    },
    /// The parameters do not fit the algorithm.
    #[error("the signature algorithm {algorithm} has wrong parameters: {why}")]
    Parameters {
        /// The algorithm, for people.
        algorithm: String,
        /// What is wrong.
        why: &'static str,
    },
}

// RFC 5758 section 3.2: ecdsa-with-SHA2, parameters absent.
const fn ecdsa(last: u8) -> [u8; 12] {
    [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last]
}

// RFC 4055 section 5: parameters MUST be NULL.
const fn rsa(last: u8) -> [u8; 15] {
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 0x05, 0x00]
}

// RFC 9881 section 2: parameters MUST be absent.
const fn ml_dsa(last: u8) -> [u8; 13] {
    [0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, last]
}

/// RFC 4055 section 3.1: one digest for message and mask, and a salt of its length; the trailer's default is left out,
/// as DER wants it. CA/Browser Forum BR 7.1.3.2.1 has the same octets.
const fn pss(digest: u8, salt: u8) -> [u8; 67] {
    #[rustfmt::skip]
    let octets = [
        0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34,
        0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, digest, 0x05, 0x00,
        0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, digest, 0x05, 0x00,
        0xa2, 0x03, 0x02, 0x01, salt,
    ];
    octets
}

/// RSASSA-PSS-params (RFC 4055 section 3.1), all fields as read.
#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<AnyRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<AnyRef<'a>>,
}

/// The digest of RSASSA-PSS parameters. DER leaves out what has its default value, so a digest that is missing is SHA-1.
///
/// Deviation from RFC 4055, which leaves them free: mask digest and message digest must be one, and the salt as long as
/// the digest, as ring verifies and ETSI TS 119 312 recommends.
fn pss_digest(parameters: Option<AnyRef<'_>>) -> Result<DigestAlgorithm, IdentifierError> {
    let parameters: PssParameters<'_> = parameters
        .and_then(|parameters| parameters.decode_as().ok())
        .ok_or_else(|| pss_parameters("they are no RSASSA-PSS-params"))?;
    let digest = parameters.hash.map_or(Err(IdentifierError::PssDigest(rfc5912::ID_SHA_1)), digest_of)?;
    // RFC 4055 section 3.1 strongly recommends one digest for both; the verifier knows no other pair.
    if parameters.mask.map(mask_digest).transpose()? != Some(digest) {
        return Err(pss_parameters("the mask must be MGF1 over the same digest"));
    }
    // RFC 4055 section 3.1: who verifies MUST take the only trailer there is, left out or written.
    if parameters.trailer.is_some_and(|trailer| trailer.decode_as() != Ok(1_u8)) {
        return Err(pss_parameters("the trailer field must be 1"));
    }
    let (found, expected) = (parameters.salt.map_or(Ok(20), salt_octets)?, u32::from(digest.octets()));
    if found == expected { Ok(digest) } else { Err(IdentifierError::PssSalt { found, expected }) }
}

/// The digest of an AlgorithmIdentifier, its parameters NULL or absent (RFC 4055 section 2.1).
fn digest_of(identifier: AlgorithmIdentifierRef<'_>) -> Result<DigestAlgorithm, IdentifierError> {
    if identifier.parameters.is_some_and(|parameters| !parameters.is_null()) {
        return Err(pss_parameters("a digest's parameters must be NULL or absent"));
    }
    DigestAlgorithm::from_oid(identifier.oid).ok_or(IdentifierError::PssDigest(identifier.oid))
}

fn mask_digest(identifier: AlgorithmIdentifierRef<'_>) -> Result<DigestAlgorithm, IdentifierError> {
    if identifier.oid != rfc5912::ID_MGF_1 {
        return Err(pss_parameters("the mask must be MGF1"));
    }
    let inner = identifier.parameters.and_then(|parameters| parameters.decode_as().ok());
    digest_of(inner.ok_or_else(|| pss_parameters("the mask names no digest"))?)
}

fn salt_octets(salt: AnyRef<'_>) -> Result<u32, IdentifierError> {
    let absurd = || pss_parameters("the salt's length is negative or absurd");
    if salt.tag() != Tag::Integer {
        return Err(absurd());
    }
    salt.decode_as::<u32>().map_err(|_| absurd())
}

fn pss_parameters(why: &'static str) -> IdentifierError {
    IdentifierError::Parameters { algorithm: "RSASSA-PSS".to_owned(), why }
}
