//! CertIDs: which issuer and which serial number is asked about (RFC 6960 section 4.1.1).

use ca_core::serial::SerialNumber;
use const_oid::db::rfc5912;
use der::asn1::{Any, Int, ObjectIdentifier, OctetString};
use ring::digest;
use spki::AlgorithmIdentifierOwned;

use super::asn1::CertId;
use super::certificate::Certificate;

/// The digest that a CertID names its issuer with. Not a matter of security: it only has to tell issuers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CertIdHash {
    /// SHA-1: the one every responder understands (RFC 5019 section 2.1.1 allows no other).
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl CertIdHash {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// SHA-1 of a public key's bits: issuerKeyHash, and the KeyHash of a responder (RFC 6960 section 4.2.1).
pub(super) fn key_hash(certificate: &Certificate) -> Vec<u8> {
    CertIdHash::Sha1.digest(certificate.public_key_bits())
}

/// How CertIDs name one issuer, under every digest npki knows.
#[derive(Debug, Clone)]
pub(super) struct IssuerNames(Vec<IssuerName>);

#[derive(Debug, Clone)]
struct IssuerName {
    hash: CertIdHash,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
}

impl IssuerNames {
    pub(super) fn of(issuer: &Certificate) -> Self {
        let name = |hash: CertIdHash| IssuerName {
            hash,
            name_hash: hash.digest(issuer.subject()),
            key_hash: hash.digest(issuer.public_key_bits()),
        };
        Self(CertIdHash::ALL.into_iter().map(name).collect())
    }

    /// By which digest `id` names this issuer, if it does. A digest npki does not know names no issuer.
    pub(super) fn hash_of(&self, id: &CertId) -> Option<CertIdHash> {
        let named = self.0.iter().find(|name| {
            name.hash.oid() == id.hash_algorithm.oid
                && name.name_hash == id.issuer_name_hash.as_bytes()
                && name.key_hash == id.issuer_key_hash.as_bytes()
        });
        named.map(|name| name.hash)
    }
}

/// The CertID of a certificate of `issuer` with the DER INTEGER content octets `serial`.
pub(super) fn cert_id(hash: CertIdHash, issuer: &Certificate, serial: &[u8]) -> der::Result<CertId> {
    Ok(CertId {
        // RFC 3370 section 2.1 and RFC 5754 section 2 prefer absent parameters; yet openssl, gnutls and Java send
        // NULL, and responders that look up pre-made answers by the CertID's bytes know that form only.
        hash_algorithm: AlgorithmIdentifierOwned { oid: hash.oid(), parameters: Some(Any::null()) },
        issuer_name_hash: OctetString::new(hash.digest(issuer.subject()))?,
        issuer_key_hash: OctetString::new(hash.digest(issuer.public_key_bits()))?,
        serial_number: Int::new(serial)?,
    })
}

/// Whether two CertIDs name the same certificate in the same way. Absent and NULL parameters mean the same.
pub(super) fn same(a: &CertId, b: &CertId) -> bool {
    a.hash_algorithm.oid == b.hash_algorithm.oid
        && a.issuer_name_hash == b.issuer_name_hash
        && a.issuer_key_hash == b.issuer_key_hash
        && a.serial_number == b.serial_number
}

/// The serial number asked about; `None` for one that no CA of ours can have given out.
///
/// RFC 5280 section 4.1.2.2: serial numbers are positive. A negative INTEGER must not be looked up by its content
/// octets, for -128 (80) would then find 128 (00 80).
pub(super) fn serial(id: &CertId) -> Option<SerialNumber> {
    let octets = id.serial_number.as_bytes();
    let positive = octets.first().is_some_and(|first| first & 0x80 == 0);
    if positive { SerialNumber::from_der_content(octets).ok() } else { None }
}
