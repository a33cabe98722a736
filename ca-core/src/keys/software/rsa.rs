//! RSA private keys. The `rsa` crate makes them and takes apart those that come, checking that their parts belong
//! together; ring signs, in constant time and blinded, and checks each signature before it gives it out.

use ::rsa::PrivateKey;
use ::rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use ::rsa::traits::PublicKeyParts;
use getrandom::SysRng;
use p256::pkcs8::{EncodePrivateKey, PrivateKeyInfoRef};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RSA_PSS_SHA384, RsaEncoding, RsaKeyPair,
};
use spki::EncodePublicKey;
use zeroize::Zeroizing;

use super::encoding::{Decoded, malformed};
use super::pair::Pair;
use crate::algorithm::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use crate::keys::KeyError;

/// Makes a key with a modulus of `bits` bits and the exponent 65537 (FIPS 186-5 appendix A.1).
pub(super) fn generate(bits: usize) -> Result<Decoded, KeyError> {
    let made = PrivateKey::new(&mut SysRng, bits);
    decoded(&made.map_err(|_| KeyError::Entropy(crate::clock::EntropyError))?)
}

/// Reads a PKCS#8 key of rsaEncryption, whose parameters must be NULL (RFC 8017 appendix A.1).
pub(super) fn decode_pkcs8(info: PrivateKeyInfoRef<'_>) -> Result<Decoded, KeyError> {
    decoded(&PrivateKey::try_from(info).map_err(|error| malformed(&error))?)
}

/// Reads an `RSAPrivateKey` that stands alone (RFC 8017 appendix A.1.2).
pub(super) fn decode_pkcs1(der: &[u8]) -> Result<Decoded, KeyError> {
    decoded(&PrivateKey::from_pkcs1_der(der).map_err(|error| malformed(&error))?)
}

fn decoded(key: &PrivateKey) -> Result<Decoded, KeyError> {
    let algorithm = match key.n().bit_width() {
        3072 => KeyAlgorithm::Rsa3072,
        4096 => KeyAlgorithm::Rsa4096,
        bits => return Err(KeyError::UnsupportedAlgorithm(format!("an RSA key of {bits} bits"))),
    };
    let public = key.to_public_key().to_public_key_der().map_err(|error| malformed(&error))?;
    let pkcs1 = key.to_pkcs1_der().map_err(|error| malformed(&error))?;
    let pkcs8 = key.to_pkcs8_der().map_err(|error| malformed(&error))?;
    let pair = RsaKeyPair::from_der(pkcs1.as_bytes()).map_err(|rejected| malformed(&rejected))?;
    Ok(Decoded {
        algorithm,
        public_key_info: public.into_vec(),
        pkcs8: Zeroizing::new(pkcs8.as_bytes().to_vec()),
        pair: Pair::Rsa(Box::new(pair)),
    })
}

/// Signs with RSASSA-PKCS1-v1_5 or RSASSA-PSS.
pub(super) fn sign(
    pair: &RsaKeyPair,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let encoding = encoding(algorithm).ok_or(KeyError::Unusable("an RSA key signs in no such way"))?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
        .map_err(|_| KeyError::Unusable("the provider could not sign"))?;
    Ok(signature)
}

/// ring's salts are as long as the digest (RFC 4055 section 3.1 recommends that).
fn encoding(algorithm: SignatureAlgorithm) -> Option<&'static dyn RsaEncoding> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256) => Some(&RSA_PKCS1_SHA256),
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384) => Some(&RSA_PKCS1_SHA384),
        SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha256) => Some(&RSA_PSS_SHA256),
        SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha384) => Some(&RSA_PSS_SHA384),
        _ => None,
    }
}
