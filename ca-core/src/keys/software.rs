//! Private keys in this process's memory.

mod encoding;
mod ml_dsa;
mod pair;
mod rsa;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use zeroize::Zeroizing;

use self::encoding::Decoded;
use self::pair::Pair;
use super::{KeyError, Signer};
use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};

/// A private key in this process's memory.
///
/// The encoded key is wiped when this is dropped. ring keeps a copy of its own, which it does not wipe: whoever can
/// read this process's memory can sign anyway.
pub struct SoftwareKey {
    algorithm: KeyAlgorithm,
    signature_algorithm: SignatureAlgorithm,
    public_key_info: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
}

impl SoftwareKey {
    /// Makes a new key, which signs with its [default](KeyAlgorithm::default_signature_algorithm). An RSA key takes
    /// seconds.
    ///
    /// Randomness is no parameter here: ring makes keys, and ECDSA nonces, from its own `SystemRandom` alone (its trait
    /// is sealed), which asks the operating system as [`crate::clock::SystemEntropy`] does; so are the others made.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let made = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random),
            KeyAlgorithm::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random),
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
            KeyAlgorithm::Rsa3072 => return rsa::generate(3072).map(Self::from_decoded),
            KeyAlgorithm::Rsa4096 => return rsa::generate(4096).map(Self::from_decoded),
            KeyAlgorithm::MlDsa44 => return ml_dsa::generate::<::ml_dsa::MlDsa44>().map(Self::from_decoded),
            KeyAlgorithm::MlDsa65 => return ml_dsa::generate::<::ml_dsa::MlDsa65>().map(Self::from_decoded),
            KeyAlgorithm::MlDsa87 => return ml_dsa::generate::<::ml_dsa::MlDsa87>().map(Self::from_decoded),
        };
        let made = made.map_err(|_| KeyError::Entropy(crate::clock::EntropyError))?;
        // ring gives no way to wipe what it made.
        Self::from_pkcs8(made.as_ref())
    }

    /// The same key, signing in another way that its kind [admits](KeyAlgorithm::admits): RSASSA-PSS, for example.
    ///
    /// # Errors
    /// Keys of its kind do not sign so.
    pub fn signing_with(self, chosen: SignatureAlgorithm) -> Result<Self, KeyError> {
        if !self.algorithm.admits(chosen) {
            return Err(KeyError::OtherSignatureAlgorithm { key: self.algorithm, chosen: chosen.name() });
        }
        Ok(Self { signature_algorithm: chosen, ..self })
    }

    /// Reads a PKCS#8 key (RFC 5958), with or without its public key. A public key that is there must be the right one.
    ///
    /// # Errors
    /// Not such a key, or of a kind that npki does not sign with.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        encoding::decode_pkcs8(der).map(Self::from_decoded)
    }

    /// Reads the one private key of a PEM file: `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` (RFC 5915) or `RSA
    /// PRIVATE KEY` (RFC 8017), as OpenSSL writes them. Blocks that hold no private key are passed over.
    ///
    /// # Errors
    /// No private key or several, an encrypted one, or one of a kind that npki does not sign with.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        encoding::decode_pem(text).map(Self::from_decoded)
    }

    /// The key, unprotected, as PKCS#8 DER, as OpenSSL writes it: for sealing it, and for TLS.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key, unprotected, as a PKCS#8 PEM file (RFC 7468 section 10), as OpenSSL writes it: for a subscriber to keep.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        encoding::encode_pem(&self.pkcs8)
    }

    fn from_decoded(decoded: Decoded) -> Self {
        let Decoded { algorithm, public_key_info, pkcs8, pair } = decoded;
        let signature_algorithm = algorithm.default_signature_algorithm();
        Self { algorithm, signature_algorithm, public_key_info, pkcs8, pair }
    }
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { algorithm, signature_algorithm, public_key_info, pkcs8: _, pair: _ } = self;
        f.debug_struct("SoftwareKey")
            .field("algorithm", algorithm)
            .field("signature_algorithm", signature_algorithm)
            .field("public_key_info", &hex::encode(public_key_info))
            .finish_non_exhaustive()
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair.sign(self.signature_algorithm, message)
    }

    /// Elliptic curves take tens of microseconds; RSA and ML-DSA take as many as a thousand, now and then more.
    fn signs_at_once(&self) -> bool {
        matches!(self.algorithm, KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Ed25519)
    }
}

#[cfg(test)]
mod tests;
