//! The forms in which private keys come and go: PKCS#8 (RFC 5958), RFC 5915 `ECPrivateKey`, RFC 8017 `RSAPrivateKey`,
//! RFC 8410 for Ed25519, RFC 9881 for ML-DSA.

use const_oid::db::fips204::{ID_ML_DSA_44, ID_ML_DSA_65, ID_ML_DSA_87};
use const_oid::db::rfc5912::{
    ID_EC_PUBLIC_KEY as EC_PUBLIC_KEY, ID_RSASSA_PSS as RSASSA_PSS, RSA_ENCRYPTION as RSA,
    SECP_256_R_1 as P256, SECP_384_R_1 as P384,
};
use const_oid::db::rfc8410::ID_ED_25519 as ED25519;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode};
use p256::pkcs8::{EncodePrivateKey, PrivateKeyInfoRef};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair,
};
use spki::{AlgorithmIdentifierRef, EncodePublicKey};
use zeroize::Zeroizing;

use super::pair::Pair;
use super::{ml_dsa, rsa};
use crate::algorithm::KeyAlgorithm;
use crate::keys::KeyError;

/// A private key taken apart.
pub(super) struct Decoded {
    pub(super) algorithm: KeyAlgorithm,
    /// DER SubjectPublicKeyInfo.
    pub(super) public_key_info: Vec<u8>,
    /// The key in the one form we write.
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) pair: Pair,
}

pub(super) fn decode_pem(text: &str) -> Result<Decoded, KeyError> {
    let blocks = pem::parse_many(text).map_err(|error| malformed(&error))?;
    let mut keys = blocks.into_iter().filter(|block| block.tag().ends_with("PRIVATE KEY"));
    let block = match (keys.next(), keys.next()) {
        (Some(block), None) => block,
        (None, _) => return Err(malformed(&"there is no private key in PEM form")),
        (Some(_), Some(_)) => return Err(malformed(&"there are several private keys")),
    };
    // RFC 1421 section 4.6.1.1, as OpenSSL still writes it for traditional formats.
    let encrypted = block.headers().get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"));
    let tag = block.tag().to_owned();
    let der = Zeroizing::new(block.into_contents());
    match tag.as_str() {
        "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        _ if encrypted => Err(KeyError::Encrypted),
        "PRIVATE KEY" => decode_pkcs8(&der),
        "EC PRIVATE KEY" => decode_ec(&der),
        "RSA PRIVATE KEY" => rsa::decode_pkcs1(&der),
        other => Err(KeyError::UnsupportedAlgorithm(format!("a PEM block {other}"))),
    }
}

pub(super) fn decode_pkcs8(der: &[u8]) -> Result<Decoded, KeyError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|error| malformed(&error))?;
    match info.algorithm.oid {
        EC_PUBLIC_KEY => match info.algorithm.parameters_oid() {
            Ok(P256) => decode_p256(info),
            Ok(P384) => decode_p384(info),
            Ok(curve) => Err(KeyError::UnsupportedAlgorithm(format!("a key on curve {curve}"))),
            Err(_) => Err(KeyError::UnsupportedAlgorithm("a key on an unnamed curve".to_owned())),
        },
        ED25519 => decode_ed25519(&info),
        RSA => rsa::decode_pkcs8(info),
        RSASSA_PSS => Err(KeyError::UnsupportedAlgorithm("an RSASSA-PSS-only key".to_owned())),
        ID_ML_DSA_44 => ml_dsa::decode_pkcs8::<::ml_dsa::MlDsa44>(&info),
        ID_ML_DSA_65 => ml_dsa::decode_pkcs8::<::ml_dsa::MlDsa65>(&info),
        ID_ML_DSA_87 => ml_dsa::decode_pkcs8::<::ml_dsa::MlDsa87>(&info),
        other => Err(KeyError::UnsupportedAlgorithm(format!("a key of algorithm {other}"))),
    }
}

/// Reads an `ECPrivateKey` that stands alone. It names its curve in `parameters` (RFC 5915 section 3: "MUST", for keys
/// outside PKCS#8); where it does not, its length tells.
fn decode_ec(der: &[u8]) -> Result<Decoded, KeyError> {
    let key = OctetStringRef::new(der).map_err(|error| malformed(&error))?;
    let on = |curve: &ObjectIdentifier, decode: fn(PrivateKeyInfoRef<'_>) -> Result<Decoded, KeyError>| {
        let algorithm = AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(curve.into()) };
        decode(PrivateKeyInfoRef::new(algorithm, key))
    };
    // P-256 first: its decoder refuses longer scalars, that of P-384 would pad shorter ones.
    on(&P256, decode_p256)
        .or_else(|_| on(&P384, decode_p384))
        .map_err(|_| malformed(&"not an EC key on P-256 or P-384, or one whose public key is not its own"))
}

// ring derives no public key from an EC scalar, and refuses keys that come without one: p256 and p384 do both. A public
// key that is there is compared with the derived one by `try_from`.

fn ecdsa<const SIZE: usize>(
    scheme: &'static EcdsaSigningAlgorithm,
    scalar: &Zeroizing<[u8; SIZE]>,
    point: &[u8],
) -> Result<Pair, KeyError> {
    EcdsaKeyPair::from_private_key_and_public_key(scheme, scalar.as_slice(), point, &SystemRandom::new())
        .map(Pair::Ecdsa)
        .map_err(|rejected| malformed(&rejected))
}

fn decode_p256(info: PrivateKeyInfoRef<'_>) -> Result<Decoded, KeyError> {
    let key = p256::SecretKey::try_from(info).map_err(|error| malformed(&error))?;
    let public = key.public_key();
    Ok(Decoded {
        algorithm: KeyAlgorithm::P256,
        pair: ecdsa(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            &Zeroizing::new(key.to_bytes().into()),
            &public.to_sec1_bytes(),
        )?,
        public_key_info: public.to_public_key_der().map_err(|error| malformed(&error))?.into_vec(),
        pkcs8: Zeroizing::new(key.to_pkcs8_der().map_err(|error| malformed(&error))?.as_bytes().to_vec()),
    })
}

fn decode_p384(info: PrivateKeyInfoRef<'_>) -> Result<Decoded, KeyError> {
    let key = p384::SecretKey::try_from(info).map_err(|error| malformed(&error))?;
    let public = key.public_key();
    Ok(Decoded {
        algorithm: KeyAlgorithm::P384,
        pair: ecdsa(
            &ECDSA_P384_SHA384_ASN1_SIGNING,
            &Zeroizing::new(key.to_bytes().into()),
            &public.to_sec1_bytes(),
        )?,
        public_key_info: public.to_public_key_der().map_err(|error| malformed(&error))?.into_vec(),
        pkcs8: Zeroizing::new(key.to_pkcs8_der().map_err(|error| malformed(&error))?.as_bytes().to_vec()),
    })
}

fn decode_ed25519(info: &PrivateKeyInfoRef<'_>) -> Result<Decoded, KeyError> {
    // RFC 8410 section 3: "the parameters MUST be absent".
    if info.algorithm.parameters.is_some() {
        return Err(malformed(&"an Ed25519 key with parameters"));
    }
    // RFC 8410 section 7: the private key is an OCTET STRING in the OCTET STRING.
    let seed = <&OctetStringRef>::from_der(info.private_key.as_bytes()).map_err(|error| malformed(&error))?;
    let pair =
        Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).map_err(|rejected| malformed(&rejected))?;
    let public_key = pair.public_key().as_ref();
    if info.public_key.is_some_and(|given| given.as_bytes() != Some(public_key)) {
        return Err(malformed(&"the public key beside the private key is not its own"));
    }
    let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
    let plain = PrivateKeyInfoRef::new(algorithm, info.private_key);
    Ok(Decoded {
        algorithm: KeyAlgorithm::Ed25519,
        // RFC 8410 section 4.
        public_key_info: public_key_info(algorithm, public_key)?,
        pkcs8: Zeroizing::new(plain.to_der().map_err(|error| malformed(&error))?),
        pair: Pair::Ed25519(pair),
    })
}

/// DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of a key whose octets are the BIT STRING's.
pub(super) fn public_key_info(
    algorithm: AlgorithmIdentifierRef<'_>,
    public_key: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let subject_public_key =
        der::asn1::BitStringRef::from_bytes(public_key).map_err(|error| malformed(&error))?;
    let info = spki::SubjectPublicKeyInfoRef { algorithm, subject_public_key };
    info.to_der().map_err(|error| malformed(&error))
}

pub(super) fn encode_pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let framing = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Zeroizing::new(pem::encode_config(&pem::Pem::new("PRIVATE KEY", pkcs8), framing))
}

pub(super) fn malformed(why: &dyn std::fmt::Display) -> KeyError {
    KeyError::Malformed(why.to_string())
}
