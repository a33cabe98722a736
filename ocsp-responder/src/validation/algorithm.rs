//! Signature algorithms as they stand in certificates, CRLs and signed files, and their verification.
//!
//! The key decides what a signature can be; the algorithm identifier must agree with it in every parameter. SHA-1,
//! MD5, RSA below 2048 bits and DSA are not accepted.

use const_oid::db::{rfc5912, rfc8410};
use der::Sequence;
use der::asn1::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use ring::signature as ring_signature;
use serde::{Deserialize, Serialize};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned};

/// A SHA-2 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its object identifier.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    /// Reads a digest algorithm identifier.
    ///
    /// # Errors
    /// Not SHA-2, or parameters other than absent and NULL (RFC 5754 section 2 tells readers to take both).
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self, AlgorithmError> {
        let parameters = identifier.parameters.as_ref();
        if parameters.is_some_and(|value| !value.is_null()) {
            return Err(AlgorithmError::Parameters);
        }
        Self::from_oid(identifier.oid)
    }

    fn from_oid(oid: ObjectIdentifier) -> Result<Self, AlgorithmError> {
        Self::ALL.into_iter().find(|digest| digest.oid() == oid).ok_or(AlgorithmError::NotAccepted(oid))
    }

    pub(crate) fn ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Sha256 => &ring::digest::SHA256,
            Self::Sha384 => &ring::digest::SHA384,
            Self::Sha512 => &ring::digest::SHA512,
        }
    }
}

impl std::fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// A signature algorithm, parameters checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS with the digest in all places and a salt of its length (RFC 4055 section 3.1).
    RsaPss(DigestAlgorithm),
    /// ECDSA; the key names the curve.
    Ecdsa(DigestAlgorithm),
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// A signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AlgorithmError {
    /// Unknown, or too weak to rely on.
    #[error("the algorithm {0} is not accepted")]
    NotAccepted(ObjectIdentifier),
    /// The parameters do not fit the algorithm.
    #[error("the algorithm's parameters are wrong or not accepted")]
    Parameters,
    /// The key is of another kind than the signature algorithm, or cannot be read.
    #[error("the key does not fit the signature algorithm")]
    KeyMismatch,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Mismatch,
}

/// RSASSA-PSS-params (RFC 4055 section 3.1), all fields as read; the defaults (SHA-1) are not accepted.
#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

impl SignatureAlgorithm {
    /// Reads a signature algorithm identifier of a certificate or CRL.
    ///
    /// # Errors
    /// The algorithm is not accepted, or its parameters are not exactly those its specification asks for.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self, AlgorithmError> {
        let absent = identifier.parameters.is_none();
        let null = identifier.parameters.as_ref().is_some_and(der::Any::is_null);
        let (algorithm, fits) = match identifier.oid {
            // RFC 4055 section 5: parameters MUST be NULL; readers MUST take absent ones too.
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION => (Self::RsaPkcs1(DigestAlgorithm::Sha256), absent || null),
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION => (Self::RsaPkcs1(DigestAlgorithm::Sha384), absent || null),
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION => (Self::RsaPkcs1(DigestAlgorithm::Sha512), absent || null),
            rfc5912::ID_RSASSA_PSS => (Self::RsaPss(pss_digest(identifier)?), true),
            // RFC 5758 section 3.2: parameters MUST be absent.
            rfc5912::ECDSA_WITH_SHA_256 => (Self::Ecdsa(DigestAlgorithm::Sha256), absent),
            rfc5912::ECDSA_WITH_SHA_384 => (Self::Ecdsa(DigestAlgorithm::Sha384), absent),
            rfc5912::ECDSA_WITH_SHA_512 => (Self::Ecdsa(DigestAlgorithm::Sha512), absent),
            // RFC 8410 section 3: parameters MUST be absent.
            rfc8410::ID_ED_25519 => (Self::Ed25519, absent),
            other => return Err(AlgorithmError::NotAccepted(other)),
        };
        if fits { Ok(algorithm) } else { Err(AlgorithmError::Parameters) }
    }

    /// Reads the pair of identifiers of a CMS SignerInfo, which must agree (RFC 5652 section 5.3).
    ///
    /// # Errors
    /// As [`Self::from_identifier`], and when the signature algorithm names another digest than the message's.
    pub fn from_signer_info(
        identifier: &AlgorithmIdentifierOwned,
        digest: DigestAlgorithm,
    ) -> Result<Self, AlgorithmError> {
        // RFC 3370 section 3.2: rsaEncryption leaves the digest to digestAlgorithm.
        if identifier.oid == rfc5912::RSA_ENCRYPTION {
            let fits = identifier.parameters.as_ref().is_none_or(der::Any::is_null);
            return if fits { Ok(Self::RsaPkcs1(digest)) } else { Err(AlgorithmError::Parameters) };
        }
        let algorithm = Self::from_identifier(identifier)?;
        let named = match algorithm {
            Self::RsaPkcs1(named) | Self::RsaPss(named) | Self::Ecdsa(named) => named,
            // RFC 8419 section 3.1: with signed attributes the message digest MUST be SHA-512.
            Self::Ed25519 => DigestAlgorithm::Sha512,
        };
        if named == digest { Ok(algorithm) } else { Err(AlgorithmError::Parameters) }
    }

    /// Verifies `signature` over `message` with the key in `key`.
    ///
    /// # Errors
    /// The key is of another kind, too short, or the signature does not verify.
    pub fn verify(
        self,
        key: &SubjectPublicKeyInfoOwned,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), AlgorithmError> {
        let point = key.subject_public_key.as_bytes().ok_or(AlgorithmError::KeyMismatch)?;
        let algorithm: &dyn ring_signature::VerificationAlgorithm = match (self, KeyKind::of(key)?) {
            (Self::RsaPkcs1(digest), KeyKind::Rsa) => pkcs1(digest),
            (Self::RsaPss(digest), KeyKind::Rsa | KeyKind::RsaPss) => pss(digest),
            (Self::Ed25519, KeyKind::Ed25519) => &ring_signature::ED25519,
            (Self::Ecdsa(DigestAlgorithm::Sha256), KeyKind::P256) => &ring_signature::ECDSA_P256_SHA256_ASN1,
            (Self::Ecdsa(DigestAlgorithm::Sha384), KeyKind::P256) => &ring_signature::ECDSA_P256_SHA384_ASN1,
            (Self::Ecdsa(DigestAlgorithm::Sha256), KeyKind::P384) => &ring_signature::ECDSA_P384_SHA256_ASN1,
            (Self::Ecdsa(DigestAlgorithm::Sha384), KeyKind::P384) => &ring_signature::ECDSA_P384_SHA384_ASN1,
            (Self::Ecdsa(DigestAlgorithm::Sha512), KeyKind::P256) => {
                return p256_sha512(point, message, signature);
            }
            (Self::Ecdsa(DigestAlgorithm::Sha512), KeyKind::P384) => {
                return p384_sha512(point, message, signature);
            }
            _ => return Err(AlgorithmError::KeyMismatch),
        };
        ring_signature::UnparsedPublicKey::new(algorithm, point)
            .verify(message, signature)
            .map_err(|_| AlgorithmError::Mismatch)
    }
}

enum KeyKind {
    Rsa,
    RsaPss,
    P256,
    P384,
    Ed25519,
}

impl KeyKind {
    fn of(key: &SubjectPublicKeyInfoOwned) -> Result<Self, AlgorithmError> {
        let curve =
            || key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        // RSAPublicKey with a modulus of 2048 bits takes more octets than the modulus alone.
        let short_rsa = key.subject_public_key.raw_bytes().len() < 2048 / 8;
        match key.algorithm.oid {
            rfc5912::RSA_ENCRYPTION | rfc5912::ID_RSASSA_PSS if short_rsa => {
                Err(AlgorithmError::NotAccepted(key.algorithm.oid))
            }
            rfc5912::RSA_ENCRYPTION => Ok(Self::Rsa),
            rfc5912::ID_RSASSA_PSS => Ok(Self::RsaPss),
            rfc8410::ID_ED_25519 => Ok(Self::Ed25519),
            rfc5912::ID_EC_PUBLIC_KEY => match curve() {
                Some(rfc5912::SECP_256_R_1) => Ok(Self::P256),
                Some(rfc5912::SECP_384_R_1) => Ok(Self::P384),
                _ => Err(AlgorithmError::NotAccepted(rfc5912::ID_EC_PUBLIC_KEY)),
            },
            other => Err(AlgorithmError::NotAccepted(other)),
        }
    }
}

fn pkcs1(digest: DigestAlgorithm) -> &'static ring_signature::RsaParameters {
    match digest {
        DigestAlgorithm::Sha256 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
        DigestAlgorithm::Sha384 => &ring_signature::RSA_PKCS1_2048_8192_SHA384,
        DigestAlgorithm::Sha512 => &ring_signature::RSA_PKCS1_2048_8192_SHA512,
    }
}

fn pss(digest: DigestAlgorithm) -> &'static ring_signature::RsaParameters {
    match digest {
        DigestAlgorithm::Sha256 => &ring_signature::RSA_PSS_2048_8192_SHA256,
        DigestAlgorithm::Sha384 => &ring_signature::RSA_PSS_2048_8192_SHA384,
        DigestAlgorithm::Sha512 => &ring_signature::RSA_PSS_2048_8192_SHA512,
    }
}

// ring pairs neither curve with SHA-512.
fn p256_sha512(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), AlgorithmError> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| AlgorithmError::KeyMismatch)?;
    let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| AlgorithmError::Mismatch)?;
    let digest = ring::digest::digest(&ring::digest::SHA512, message);
    key.verify_prehash(digest.as_ref(), &signature).map_err(|_| AlgorithmError::Mismatch)
}

fn p384_sha512(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), AlgorithmError> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| AlgorithmError::KeyMismatch)?;
    let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| AlgorithmError::Mismatch)?;
    let digest = ring::digest::digest(&ring::digest::SHA512, message);
    key.verify_prehash(digest.as_ref(), &signature).map_err(|_| AlgorithmError::Mismatch)
}

/// The digest of RSASSA-PSS parameters.
///
/// Deviation from RFC 4055, which leaves them free: mask digest and message digest must be one, and the salt as
/// long as the digest, as ring verifies and ETSI TS 119 312 recommends.
fn pss_digest(identifier: &AlgorithmIdentifierOwned) -> Result<DigestAlgorithm, AlgorithmError> {
    let wrong = AlgorithmError::Parameters;
    let parameters: PssParameters<'_> =
        identifier.parameters.as_ref().ok_or(wrong)?.decode_as().map_err(|_| wrong)?;
    let digest = DigestAlgorithm::from_oid(parameters.hash.ok_or(wrong)?.oid)?;
    let mask = parameters.mask.filter(|mask| mask.oid == rfc5912::ID_MGF_1).ok_or(wrong)?;
    let inner: AlgorithmIdentifierRef<'_> = mask.parameters.ok_or(wrong)?.decode_as().map_err(|_| wrong)?;
    let salt = usize::from(parameters.salt.ok_or(wrong)?);
    let one_digest = inner.oid == digest.oid() && salt == digest.ring().output_len();
    if one_digest && parameters.trailer.is_none_or(|trailer| trailer == 1) { Ok(digest) } else { Err(wrong) }
}
