//! Public keys: which are read, and the checks each must pass before anything is said about its holder.

mod curve;
mod kind;

pub use kind::{KeyKind, UnknownKeyKind};

use const_oid::ObjectIdentifier;

use super::CsrError;
use super::names::dotted;
use super::oids;
use super::strict::{self, BIT_STRING, Element, Fault, NULL, OID, Reader, SEQUENCE};
use crate::key_quality::rsa::{self, RsaKey};

/// A public key that passed the quality checks, byte for byte as its holder wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectPublicKey {
    der: Vec<u8>,
    kind: KeyKind,
    octets_at: usize,
}

impl SubjectPublicKey {
    /// Reads and checks a DER SubjectPublicKeyInfo (for keys of our own, which need no proof of possession).
    ///
    /// # Errors
    /// As for a request's key.
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        strict::check(der)?;
        let mut outer = Reader::new(der, PART);
        let mut fields = outer.enter(SEQUENCE, PART)?;
        let mut algorithm = fields.enter(SEQUENCE, PART)?;
        let bits = fields.expect(BIT_STRING)?;
        fields.end()?;
        let oid = algorithm.expect(OID)?.body;
        let parameters = algorithm.next()?;
        algorithm.end()?;
        let octets = strict::whole_octets(&bits, PART)?;
        let kind = check(oid, parameters.as_ref(), octets)?;
        // The BIT STRING is the last field, so the key's octets are the last of the structure.
        Ok(Self { der: der.to_vec(), kind, octets_at: der.len() - octets.len() })
    }

    /// The DER SubjectPublicKeyInfo.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The octets of the subjectPublicKey BIT STRING, without the count of unused bits: what RFC 5280 section 4.2.1.2
    /// hashes to a key identifier.
    pub fn octets(&self) -> &[u8] {
        self.der.get(self.octets_at..).unwrap_or_default()
    }

    /// Its kind and size.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }
}

const PART: &str = "subjectPublicKeyInfo";

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::RSA);
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::RSASSA_PSS);
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::EC);
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::P256);
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::P384);
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::ED25519);
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::ML_DSA_44);
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::ML_DSA_65);
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::ML_DSA_87);

/// The key's kind comes from its own algorithm identifier and from nothing else: what the request is signed with
/// says nothing about it.
fn check(oid: &[u8], parameters: Option<&Element<'_>>, octets: &[u8]) -> Result<KeyKind, CsrError> {
    match ObjectIdentifier::from_bytes(oid) {
        Ok(RSA) => {
            // RFC 3279 section 2.3.1: the parameters of rsaEncryption MUST be NULL. Certificates copy them.
            if parameters.is_none_or(|parameters| parameters.tag != NULL) {
                return Err(CsrError::KeyParameters { key: "RSA", why: "they must be NULL" });
            }
            rsa_key(octets)
        }
        Ok(EC) => ec_key(parameters, octets),
        Ok(ED25519) => {
            // RFC 8410 section 3: the parameters MUST be absent.
            if parameters.is_some() {
                return Err(CsrError::KeyParameters { key: "Ed25519", why: "there must be none" });
            }
            curve::ed25519(octets)?;
            Ok(KeyKind::Ed25519)
        }
        Ok(ML_DSA_44) => ml_dsa_key(KeyKind::MlDsa44, 1312, parameters, octets),
        Ok(ML_DSA_65) => ml_dsa_key(KeyKind::MlDsa65, 1952, parameters, octets),
        Ok(ML_DSA_87) => ml_dsa_key(KeyKind::MlDsa87, 2592, parameters, octets),
        // Certificates for such a key would be refused by many: CA/Browser Forum BR 7.1.3.1.1 forbids the identifier.
        Ok(RSASSA_PSS) => Err(CsrError::UnsupportedKey { found: "RSASSA-PSS-only".to_owned() }),
        _ => Err(CsrError::UnsupportedKey { found: oids::name_of(&dotted(oid)) }),
    }
}

fn ec_key(parameters: Option<&Element<'_>>, point: &[u8]) -> Result<KeyKind, CsrError> {
    match parameters {
        Some(named) if named.tag == OID => match ObjectIdentifier::from_bytes(named.body) {
            Ok(P256) => curve::p256(point).map(|()| KeyKind::P256),
            Ok(P384) => curve::p384(point).map(|()| KeyKind::P384),
            _ => Err(CsrError::UnsupportedKey { found: oids::name_of(&dotted(named.body)) }),
        },
        // RFC 5480 section 2.1.1: implicitCurve and specifiedCurve MUST NOT be used. CVE-2020-0601 is what parameters
        // of the sender's own choosing lead to.
        Some(explicit) if explicit.tag == SEQUENCE => Err(CsrError::ExplicitCurve),
        _ => Err(CsrError::KeyParameters { key: "elliptic-curve", why: "they must name a curve" }),
    }
}

/// RFC 9881 section 4: the octets of the BIT STRING are the public key, as long as FIPS 204 table 2 says. Every
/// string of that length is a key (FIPS 204 algorithm 23), so there is nothing more to check.
fn ml_dsa_key(
    kind: KeyKind,
    length: usize,
    parameters: Option<&Element<'_>>,
    octets: &[u8],
) -> Result<KeyKind, CsrError> {
    // RFC 9881 section 2: the parameters MUST be absent.
    if parameters.is_some() {
        return Err(CsrError::KeyParameters { key: "ML-DSA", why: "there must be none" });
    }
    if octets.len() != length {
        return Err(CsrError::KeyEncoding {
            key: "ML-DSA",
            why: "it is not as long as its parameter set wants",
        });
    }
    Ok(kind)
}

fn rsa_key(octets: &[u8]) -> Result<KeyKind, CsrError> {
    // RFC 8017 appendix A.1.1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
    let malformed = |why| CsrError::KeyEncoding { key: "RSA", why };
    strict::check(octets).map_err(|fault| match fault {
        Fault::Broken { rule, .. } => malformed(rule),
        Fault::Truncated { .. } => malformed("it is cut off"),
        Fault::Trailing { .. } => malformed("octets follow it"),
    })?;
    let structure = |_| malformed("it is no modulus and exponent");
    let mut outer = Reader::new(octets, PART);
    let mut fields = outer.enter(SEQUENCE, PART).map_err(structure)?;
    let modulus = fields.expect(strict::INTEGER).map_err(structure)?;
    let exponent = fields.expect(strict::INTEGER).map_err(structure)?;
    fields.end().map_err(structure)?;
    let key = RsaKey::new(positive(&modulus)?, positive(&exponent)?);
    Ok(KeyKind::Rsa { bits: rsa::check(&key)? })
}

fn positive<'a>(integer: &Element<'a>) -> Result<&'a [u8], CsrError> {
    match integer.body.first() {
        Some(0..0x80) => Ok(integer.body),
        _ => Err(CsrError::KeyEncoding { key: "RSA", why: "its modulus or exponent is negative" }),
    }
}
