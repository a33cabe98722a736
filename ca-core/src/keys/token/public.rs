//! The public key beside a private key in a token, as a SubjectPublicKeyInfo.

use const_oid::db::rfc5912::{
    ID_EC_PUBLIC_KEY as EC_PUBLIC_KEY, RSA_ENCRYPTION as RSA, SECP_256_R_1 as P256, SECP_384_R_1 as P384,
};
use const_oid::db::rfc8410::ID_ED_25519 as ED25519;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{AnyRef, Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::algorithm::KeyAlgorithm;
use crate::token::{TokenError, TokenKey};

pub(super) const ASKED: &[AttributeType] = &[
    AttributeType::KeyType,
    AttributeType::EcParams,
    AttributeType::EcPoint,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
];

/// Reads the one public key that has the private key's CKA_ID, which must be of this kind.
pub(super) fn read(key: &TokenKey, algorithm: KeyAlgorithm) -> Result<Vec<u8>, TokenError> {
    let wanted =
        [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Token(true), Attribute::Id(key.id().to_vec())];
    let found = key.with(|session, _| {
        let found = session.find_objects(&wanted)?;
        found.into_iter().map(|object| session.get_attributes(object, ASKED)).collect::<Result<Vec<_>, _>>()
    })?;
    let place = key.place();
    let [attributes] = found.as_slice() else {
        return Err(TokenError::NoPublicKey {
            token: place.token.clone(),
            key: place.key.clone(),
            found: found.len(),
        });
    };
    public_key_info(attributes, algorithm)
        .map_err(|why| TokenError::OtherKey { key: place.key.clone(), why: why.to_owned() })
}

/// The SubjectPublicKeyInfo of a public key with these attributes.
pub(super) fn public_key_info(
    attributes: &[Attribute],
    algorithm: KeyAlgorithm,
) -> Result<Vec<u8>, &'static str> {
    let parts = Parts(attributes);
    match algorithm {
        KeyAlgorithm::P256 => parts.on_curve(P256, 65, "is not on curve P-256, as the settings say"),
        KeyAlgorithm::P384 => parts.on_curve(P384, 97, "is not on curve P-384, as the settings say"),
        KeyAlgorithm::Rsa3072 => parts.rsa(384, "is no RSA key of 3072 bits, as the settings say"),
        KeyAlgorithm::Rsa4096 => parts.rsa(512, "is no RSA key of 4096 bits, as the settings say"),
        KeyAlgorithm::Ed25519 => parts.ed25519("is no Ed25519 key, as the settings say"),
        KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87 => {
            Err("is of a kind that tokens are not used with")
        }
    }
}

/// The attributes of a public key.
struct Parts<'a>(&'a [Attribute]);

/// RFC 8017 appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl Parts<'_> {
    fn is(&self, kind: KeyType) -> bool {
        self.0.contains(&Attribute::KeyType(kind))
    }

    fn point(&self) -> &[u8] {
        let point = self.0.iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point.as_slice()),
            _ => None,
        });
        let point = point.unwrap_or_default();
        // PKCS#11 2.40 section 2.3.3: a DER OCTET STRING; some tokens give its content alone.
        <&OctetStringRef>::from_der(point).map_or(point, OctetStringRef::as_bytes)
    }

    fn parameters(&self) -> &[u8] {
        let parameters = self.0.iter().find_map(|attribute| match attribute {
            Attribute::EcParams(parameters) => Some(parameters.as_slice()),
            _ => None,
        });
        parameters.unwrap_or_default()
    }

    fn on_curve(
        &self,
        curve: ObjectIdentifier,
        octets: usize,
        otherwise: &'static str,
    ) -> Result<Vec<u8>, &'static str> {
        let named = ObjectIdentifier::from_der(self.parameters());
        if !self.is(KeyType::EC) || named != Ok(curve) {
            return Err(otherwise);
        }
        let point = self.point();
        // RFC 5480 section 2.2: uncompressed.
        if point.len() != octets || point.first() != Some(&4) {
            return Err("is not an uncompressed point of its curve");
        }
        info(AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some((&curve).into()) }, point)
    }

    fn ed25519(&self, otherwise: &'static str) -> Result<Vec<u8>, &'static str> {
        // PKCS#11 3.0 section 2.3.5 names the curve by a PrintableString or by its identifier.
        let named = ObjectIdentifier::from_der(self.parameters()) == Ok(ED25519)
            || self.parameters().ends_with(b"edwards25519");
        let point = self.point();
        if !self.is(KeyType::EC_EDWARDS) || !named || point.len() != 32 {
            return Err(otherwise);
        }
        info(AlgorithmIdentifierRef { oid: ED25519, parameters: None }, point)
    }

    fn rsa(&self, octets: usize, otherwise: &'static str) -> Result<Vec<u8>, &'static str> {
        let (mut modulus, mut exponent) = (&[][..], &[][..]);
        for attribute in self.0 {
            match attribute {
                Attribute::Modulus(value) => modulus = value,
                Attribute::PublicExponent(value) => exponent = value,
                _ => {}
            }
        }
        let unreadable = "cannot be read";
        let modulus = UintRef::new(modulus).map_err(|_| unreadable)?;
        let exponent = UintRef::new(exponent).map_err(|_| unreadable)?;
        let full = modulus.as_bytes().first().is_some_and(|first| first & 0x80 != 0);
        if !self.is(KeyType::RSA) || modulus.as_bytes().len() != octets || !full {
            return Err(otherwise);
        }
        let key = RsaPublicKey { modulus, exponent }.to_der().map_err(|_| unreadable)?;
        // RFC 3279 section 2.3.1: the parameters are NULL.
        info(AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) }, &key)
    }
}

fn info(algorithm: AlgorithmIdentifierRef<'_>, octets: &[u8]) -> Result<Vec<u8>, &'static str> {
    let unreadable = |_| "cannot be written";
    let subject_public_key = BitStringRef::from_bytes(octets).map_err(unreadable)?;
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().map_err(unreadable)
}
