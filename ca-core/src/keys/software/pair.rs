//! A private key as its provider holds it.

use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};

use super::ml_dsa::MlDsaKey;
use super::rsa;
use crate::algorithm::SignatureAlgorithm;
use crate::keys::KeyError;

/// ring's, or an ML-DSA key.
pub(super) enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
    MlDsa(MlDsaKey),
}

impl Pair {
    /// Signs `message`. Of RSA keys `algorithm` decides how; of others the key does.
    pub(super) fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Ecdsa(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Unusable("the provider could not sign")),
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rsa(pair) => rsa::sign(pair, algorithm, message),
            Self::MlDsa(key) => key.sign(message),
        }
    }
}
