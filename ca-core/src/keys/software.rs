//! Keys held in this process's memory.

use std::fmt;

use der::asn1::{BitString, OctetString};
use der::{Decode, Encode, Sequence};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

use super::{KeyError, Signer};
use crate::algorithm::KeyAlgorithm;

/// id-ecPublicKey (RFC 5480 section 2.1.1)
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// secp384r1
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// id-Ed25519 (RFC 8410 section 3)
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A signing key in memory. Its private part never prints and is wiped when the key is dropped, as far as the
/// provider's own copy allows.
pub struct SoftwareKey {
    pair: Pair,
    algorithm: KeyAlgorithm,
    public_key_info: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Destructured, so that a new field has to be looked at before it prints.
        let Self { pair: _, algorithm, public_key_info: _, pkcs8: _ } = self;
        f.debug_struct("SoftwareKey").field("algorithm", algorithm).finish_non_exhaustive()
    }
}

/// PrivateKeyInfo (RFC 5208 section 5); attributes and a public key (RFC 5958) may follow and are not needed.
#[derive(Sequence)]
struct PrivateKeyInfo {
    version: u8,
    algorithm: AlgorithmIdentifierOwned,
    private_key: OctetString,
}

/// ECPrivateKey (RFC 5915 section 3).
#[derive(Sequence)]
struct EcPrivateKey {
    version: u8,
    private_key: OctetString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    parameters: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public_key: Option<BitString>,
}

impl SoftwareKey {
    /// Makes a new key. Its randomness is the provider's, which is the operating system's: ring takes no other.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let failed = |_| KeyError::Unusable("the provider could not make a key");
        let document = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random),
            KeyAlgorithm::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random),
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
        }
        .map_err(failed)?;
        Self::from_complete_pkcs8(algorithm, Zeroizing::new(document.as_ref().to_vec()))
    }

    /// Reads a PKCS#8 key, with or without its public part inside.
    ///
    /// # Errors
    /// Not PKCS#8, or a key of another algorithm.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, parameters) = pkcs8_algorithm(der)?;
        let named = match (algorithm, parameters) {
            (EC_PUBLIC_KEY, Some(P256)) => KeyAlgorithm::P256,
            (EC_PUBLIC_KEY, Some(P384)) => KeyAlgorithm::P384,
            (ED25519, _) => KeyAlgorithm::Ed25519,
            _ => return Err(KeyError::UnsupportedAlgorithm(algorithm.to_string())),
        };
        if named == KeyAlgorithm::Ed25519 {
            return Self::from_complete_pkcs8(named, Zeroizing::new(der.to_vec()));
        }
        let scalar = ec_scalar(&pkcs8_private_key(der)?)?;
        Self::from_scalar(named, &scalar)
    }

    /// Reads a PEM key as npki, OpenSSL and GnuTLS write it: `PRIVATE KEY` (PKCS#8) or `EC PRIVATE KEY` (RFC 5915).
    ///
    /// # Errors
    /// No such PEM block, an encrypted key, or a key of another algorithm.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(text).map_err(|error| KeyError::Malformed(error.to_string()))?;
        for block in blocks {
            let contents = Zeroizing::new(block.contents().to_vec());
            match block.tag() {
                "PRIVATE KEY" => return Self::from_pkcs8(&contents),
                "EC PRIVATE KEY" => return Self::from_sec1(&contents),
                "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
                // OpenSSL writes the curve before the key.
                _ => {}
            }
        }
        Err(KeyError::Malformed("it holds no PEM private key".to_owned()))
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let key = EcPrivateKey::from_der(der).map_err(malformed)?;
        let algorithm = match key.parameters {
            Some(P256) => KeyAlgorithm::P256,
            Some(P384) => KeyAlgorithm::P384,
            other => return Err(KeyError::UnsupportedAlgorithm(format!("curve {other:?}"))),
        };
        Self::from_scalar(algorithm, key.private_key.as_bytes())
    }

    /// ring wants the public key inside; it is computed here, so that a wrong one in a file cannot matter.
    fn from_scalar(algorithm: KeyAlgorithm, scalar: &[u8]) -> Result<Self, KeyError> {
        let unfit = KeyError::Malformed("the private key is not on its curve".to_owned());
        let (curve, point) = match algorithm {
            KeyAlgorithm::P256 => {
                let secret = p256::SecretKey::from_slice(scalar).map_err(|_| unfit)?;
                (P256, secret.public_key().to_sec1_bytes().to_vec())
            }
            KeyAlgorithm::P384 => {
                let secret = p384::SecretKey::from_slice(scalar).map_err(|_| unfit)?;
                (P384, secret.public_key().to_sec1_bytes().to_vec())
            }
            KeyAlgorithm::Ed25519 => return Err(unfit),
        };
        let inner = EcPrivateKey {
            version: 1,
            private_key: OctetString::new(scalar).map_err(malformed)?,
            parameters: None,
            public_key: Some(BitString::from_bytes(&point).map_err(malformed)?),
        };
        let parameters = Some(der::Any::encode_from(&curve).map_err(malformed)?);
        let info = PrivateKeyInfo {
            version: 0,
            algorithm: AlgorithmIdentifierOwned { oid: EC_PUBLIC_KEY, parameters },
            private_key: OctetString::new(inner.to_der().map_err(malformed)?).map_err(malformed)?,
        };
        Self::from_complete_pkcs8(algorithm, Zeroizing::new(info.to_der().map_err(malformed)?))
    }

    /// Takes PKCS#8 that ring accepts as it is.
    fn from_complete_pkcs8(algorithm: KeyAlgorithm, pkcs8: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let rejected = |error: ring::error::KeyRejected| KeyError::Malformed(error.to_string());
        let pair = match algorithm {
            KeyAlgorithm::P256 => Pair::Ecdsa(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8, &random)
                    .map_err(rejected)?,
            ),
            KeyAlgorithm::P384 => Pair::Ecdsa(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &pkcs8, &random)
                    .map_err(rejected)?,
            ),
            KeyAlgorithm::Ed25519 => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).map_err(rejected)?)
            }
        };
        let public_key_info = public_key_info(algorithm, &pair)?;
        Ok(Self { pair, algorithm, public_key_info, pkcs8 })
    }

    /// The key as PKCS#8 DER: for sealing it, and for TLS.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key as PKCS#8 PEM (RFC 7468 section 10).
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        let block = pem::Pem::new("PRIVATE KEY", self.pkcs8.to_vec());
        Zeroizing::new(pem::encode_config(
            &block,
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        ))
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ecdsa(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Unusable("the provider could not sign")),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

fn public_key_info(algorithm: KeyAlgorithm, pair: &Pair) -> Result<Vec<u8>, KeyError> {
    let (oid, curve) = match algorithm {
        KeyAlgorithm::P256 => (EC_PUBLIC_KEY, Some(P256)),
        KeyAlgorithm::P384 => (EC_PUBLIC_KEY, Some(P384)),
        KeyAlgorithm::Ed25519 => (ED25519, None),
    };
    let public = match pair {
        Pair::Ecdsa(pair) => pair.public_key().as_ref(),
        Pair::Ed25519(pair) => pair.public_key().as_ref(),
    };
    let parameters = curve.map(|curve| der::Any::encode_from(&curve)).transpose().map_err(malformed)?;
    SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid, parameters },
        subject_public_key: BitString::from_bytes(public).map_err(malformed)?,
    }
    .to_der()
    .map_err(malformed)
}

fn pkcs8_fields(der: &[u8]) -> Result<Vec<der::Any>, KeyError> {
    // PKCS#8 (RFC 5208) and OneAsymmetricKey (RFC 5958) differ in what follows the first three fields.
    Vec::<der::Any>::from_der(der).map_err(malformed)
}

fn pkcs8_algorithm(der: &[u8]) -> Result<(ObjectIdentifier, Option<ObjectIdentifier>), KeyError> {
    let fields = pkcs8_fields(der)?;
    let algorithm = fields.get(1).ok_or_else(|| KeyError::Malformed("no algorithm".to_owned()))?;
    let algorithm: AlgorithmIdentifierOwned = algorithm.decode_as().map_err(malformed)?;
    let parameters = algorithm.parameters.and_then(|any| any.decode_as().ok());
    Ok((algorithm.oid, parameters))
}

fn pkcs8_private_key(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let fields = pkcs8_fields(der)?;
    let key = fields.get(2).ok_or_else(|| KeyError::Malformed("no private key".to_owned()))?;
    let key: OctetString = key.decode_as().map_err(malformed)?;
    Ok(Zeroizing::new(key.into_bytes().into()))
}

fn ec_scalar(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let key = EcPrivateKey::from_der(der).map_err(malformed)?;
    Ok(Zeroizing::new(key.private_key.into_bytes().into()))
}

fn malformed(error: der::Error) -> KeyError {
    KeyError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm,
    };

    use super::*;

    fn verifies(key: &SoftwareKey) -> bool {
        let info = spki::SubjectPublicKeyInfoRef::from_der(key.public_key_info()).unwrap();
        let algorithm: &dyn VerificationAlgorithm = match key.algorithm() {
            KeyAlgorithm::P256 => &ECDSA_P256_SHA256_ASN1,
            KeyAlgorithm::P384 => &ECDSA_P384_SHA384_ASN1,
            KeyAlgorithm::Ed25519 => &ED25519,
        };
        let signature = key.sign(b"message").unwrap();
        UnparsedPublicKey::new(algorithm, info.subject_public_key.raw_bytes())
            .verify(b"message", &signature)
            .is_ok()
    }

    #[test]
    fn every_algorithm_signs_and_survives_pem() {
        for algorithm in KeyAlgorithm::ALL {
            let key = SoftwareKey::generate(algorithm).unwrap();
            assert!(verifies(&key), "{algorithm}");
            let again = SoftwareKey::from_pem(&key.to_pkcs8_pem()).unwrap();
            assert_eq!(again.public_key_info(), key.public_key_info());
            assert!(verifies(&again));
        }
    }

    /// What OpenSSL writes is read: SEC 1 with the curve before it, PKCS#8, PKCS#8 without the public key.
    #[test]
    fn keys_that_openssl_wrote_are_read() {
        let openssl = |arguments: &[&str]| {
            let output = std::process::Command::new("openssl").args(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        for curve in ["prime256v1", "secp384r1"] {
            assert!(verifies(
                &SoftwareKey::from_pem(&openssl(&["ecparam", "-name", curve, "-genkey"])).unwrap()
            ));
            let option = format!("ec_paramgen_curve:{curve}");
            let key = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", &option]);
            assert!(verifies(&SoftwareKey::from_pem(&key).unwrap()));
        }
        assert!(verifies(&SoftwareKey::from_pem(&openssl(&["genpkey", "-algorithm", "ED25519"])).unwrap()));
        let rsa = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
        assert!(matches!(SoftwareKey::from_pem(&rsa), Err(KeyError::UnsupportedAlgorithm(_))));
    }

    #[test]
    fn a_key_does_not_print() {
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        assert_eq!(format!("{key:?}"), "SoftwareKey { algorithm: P256, .. }");
    }
}
