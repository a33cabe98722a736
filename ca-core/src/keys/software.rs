//! Private keys in this process's memory.

mod encoding;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use zeroize::Zeroizing;

use self::encoding::Decoded;
use super::{KeyError, Signer};
use crate::algorithm::KeyAlgorithm;

/// A private key in this process's memory.
///
/// The encoded key is wiped when this is dropped. ring keeps a copy of its own, which it does not wipe: whoever can
/// read this process's memory can sign anyway.
pub struct SoftwareKey {
    algorithm: KeyAlgorithm,
    public_key_info: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SoftwareKey {
    /// Makes a new key.
    ///
    /// Randomness is no parameter here: ring makes keys, and ECDSA nonces, from its own `SystemRandom` alone (its trait
    /// is sealed), which asks the operating system as [`crate::clock::SystemEntropy`] does.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let made = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random),
            KeyAlgorithm::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random),
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
        };
        Self::from_pkcs8(made.map_err(|_| KeyError::Entropy(crate::clock::EntropyError))?.as_ref())
    }

    /// Reads a PKCS#8 key (RFC 5958), with or without its public key. A public key that is there must be the right one.
    ///
    /// # Errors
    /// Not such a key, or of a kind that npki does not sign with.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_decoded(encoding::decode_pkcs8(der)?)
    }

    /// Reads the one private key of a PEM file: `PRIVATE KEY` (PKCS#8) or `EC PRIVATE KEY` (RFC 5915), as OpenSSL
    /// writes them. Blocks that hold no private key are passed over.
    ///
    /// # Errors
    /// No private key or several, an encrypted one, or one of a kind that npki does not sign with.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_decoded(encoding::decode_pem(text)?)
    }

    /// The key, unprotected, as PKCS#8 DER, as OpenSSL writes it: for sealing it, and for TLS.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key, unprotected, as a PKCS#8 PEM file (RFC 7468 section 10), as OpenSSL writes it: for a subscriber to keep.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        encoding::encode_pem(&self.pkcs8)
    }

    fn from_decoded(decoded: Decoded) -> Result<Self, KeyError> {
        let Decoded { algorithm, secret, public_key, public_key_info, pkcs8 } = decoded;
        let ecdsa = |scheme| {
            EcdsaKeyPair::from_private_key_and_public_key(scheme, &secret, &public_key, &SystemRandom::new())
                .map(Pair::Ecdsa)
        };
        let pair = match algorithm {
            KeyAlgorithm::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Ed25519 => {
                Ed25519KeyPair::from_seed_and_public_key(&secret, &public_key).map(Pair::Ed25519)
            }
        };
        let pair = pair.map_err(|rejected| KeyError::Malformed(rejected.to_string()))?;
        Ok(Self { algorithm, public_key_info, pkcs8, pair })
    }
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { algorithm, public_key_info, pkcs8: _, pair: _ } = self;
        f.debug_struct("SoftwareKey")
            .field("algorithm", algorithm)
            .field("public_key_info", &hex::encode(public_key_info))
            .finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, UnparsedPublicKey};

    use super::*;

    fn verifies(key: &SoftwareKey, message: &[u8], signature: &[u8]) -> bool {
        // The public key's bits end the SubjectPublicKeyInfo.
        let bits = |octets: usize| &key.public_key_info()[key.public_key_info().len() - octets..];
        match key.algorithm() {
            KeyAlgorithm::P256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bits(65)).verify(message, signature)
            }
            KeyAlgorithm::P384 => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, bits(97)).verify(message, signature)
            }
            KeyAlgorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, bits(32)).verify(message, signature),
        }
        .is_ok()
    }

    #[test]
    fn each_algorithm_signs_and_survives_its_encodings() {
        for algorithm in KeyAlgorithm::ALL {
            let key = SoftwareKey::generate(algorithm).unwrap();
            let der = SoftwareKey::from_pkcs8(key.pkcs8()).unwrap();
            let pem = SoftwareKey::from_pem(&key.to_pkcs8_pem()).unwrap();
            for again in [der, pem] {
                assert_eq!(again.algorithm(), algorithm);
                assert_eq!(again.public_key_info(), key.public_key_info());
                let signature = again.sign(b"message").unwrap();
                assert!(verifies(&key, b"message", &signature));
                assert!(!verifies(&key, b"massage", &signature));
            }
        }
    }

    #[test]
    fn two_keys_are_never_the_same() {
        for algorithm in KeyAlgorithm::ALL {
            let (one, two) =
                (SoftwareKey::generate(algorithm).unwrap(), SoftwareKey::generate(algorithm).unwrap());
            assert_ne!(one.public_key_info(), two.public_key_info());
        }
    }

    #[test]
    fn debug_shows_the_public_key_and_no_secret() {
        for algorithm in KeyAlgorithm::ALL {
            let key = SoftwareKey::generate(algorithm).unwrap();
            let shown = format!("{key:?} {key:#?}");
            assert!(shown.contains(&hex::encode(key.public_key_info())));
            let secret = encoding::decode_pkcs8(key.pkcs8()).unwrap().secret;
            assert!(!shown.contains(&hex::encode(secret.as_slice())));
            assert!(!shown.contains(&format!("{:?}", &secret[..4])));
        }
    }

    #[test]
    fn a_public_key_of_another_is_refused() {
        // The public key ends the encoding of EC keys: put another's in its place.
        for (algorithm, octets) in [(KeyAlgorithm::P256, 65), (KeyAlgorithm::P384, 97)] {
            let (one, two) =
                (SoftwareKey::generate(algorithm).unwrap(), SoftwareKey::generate(algorithm).unwrap());
            let mut mixed = one.pkcs8().to_vec();
            let cut = mixed.len() - octets;
            mixed.truncate(cut);
            mixed.extend_from_slice(&two.pkcs8()[cut..]);
            assert!(matches!(SoftwareKey::from_pkcs8(&mixed), Err(KeyError::Malformed(_))));
        }
        let mut version_2 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref().to_vec();
        *version_2.last_mut().unwrap() ^= 1;
        assert!(matches!(SoftwareKey::from_pkcs8(&version_2), Err(KeyError::Malformed(_))));
    }

    #[test]
    fn damaged_keys_are_refused() {
        for algorithm in KeyAlgorithm::ALL {
            let der = SoftwareKey::generate(algorithm).unwrap().pkcs8().to_vec();
            for length in 0..der.len() {
                assert!(SoftwareKey::from_pkcs8(&der[..length]).is_err(), "{algorithm} cut at {length}");
            }
            let trailing = [der.as_slice(), &[0]].concat();
            assert!(SoftwareKey::from_pkcs8(&trailing).is_err());
        }
    }

    #[test]
    fn a_pem_file_holds_exactly_one_private_key() {
        let pem = |algorithm| SoftwareKey::generate(algorithm).unwrap().to_pkcs8_pem();
        let (one, two) = (pem(KeyAlgorithm::P256), pem(KeyAlgorithm::Ed25519));
        let both = format!("{}{}", one.as_str(), two.as_str());
        assert!(
            matches!(SoftwareKey::from_pem(&both), Err(KeyError::Malformed(why)) if why.contains("several"))
        );
        for none in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"] {
            assert!(
                matches!(SoftwareKey::from_pem(none), Err(KeyError::Malformed(why)) if why.contains("no private"))
            );
        }
        let beside =
            format!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{}", one.as_str());
        SoftwareKey::from_pem(&beside).unwrap();
    }
}
