//! What goes to a token and what comes back, in the forms of PKCS#11.

use std::borrow::Cow;

use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};

use crate::algorithm::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm};

/// The mechanism that signs what [`to_the_token`] gives. `None` for what tokens are not used for.
pub(super) fn mechanism(signature: SignatureAlgorithm) -> Option<Mechanism<'static>> {
    match signature {
        // PKCS#11 2.40 section 2.3.6.
        SignatureAlgorithm::Ecdsa(_) => Some(Mechanism::Ecdsa),
        // PKCS#11 2.40 section 2.1.6.
        SignatureAlgorithm::RsaPkcs1(_) => Some(Mechanism::RsaPkcs),
        // PKCS#11 2.40 section 2.1.10.
        SignatureAlgorithm::RsaPss(digest) => Some(Mechanism::RsaPkcsPss(pss(digest))),
        // PKCS#11 3.0 section 2.3.14: without parameters it is pure Ed25519.
        SignatureAlgorithm::Ed25519 => Some(Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure))),
        SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => None,
    }
}

/// RFC 4055 section 3.1: one digest in all places, and a salt of its length.
fn pss(digest: DigestAlgorithm) -> PkcsPssParams {
    let (hash_alg, mgf) = match digest {
        DigestAlgorithm::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
        DigestAlgorithm::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
        DigestAlgorithm::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
    };
    PkcsPssParams { hash_alg, mgf, s_len: u64::from(digest.octets()).into() }
}

/// What the token is given of a message.
pub(super) fn to_the_token(signature: SignatureAlgorithm, message: &[u8]) -> Option<Cow<'_, [u8]>> {
    let hash = |digest: DigestAlgorithm| ring::digest::digest(digest.ring(), message).as_ref().to_vec();
    match signature {
        SignatureAlgorithm::Ecdsa(digest) | SignatureAlgorithm::RsaPss(digest) => Some(hash(digest).into()),
        SignatureAlgorithm::RsaPkcs1(digest) => {
            Some([digest_info(digest).as_slice(), &hash(digest)].concat().into())
        }
        SignatureAlgorithm::Ed25519 => Some(message.into()),
        SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => None,
    }
}

/// RFC 8017 section 9.2, note 1: what stands before the digest.
fn digest_info(digest: DigestAlgorithm) -> [u8; 19] {
    let octets = digest.octets();
    let arc = match digest {
        DigestAlgorithm::Sha256 => 1,
        DigestAlgorithm::Sha384 => 2,
        DigestAlgorithm::Sha512 => 3,
    };
    let head = [0x30, 17 + octets, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
    let tail = [arc, 0x05, 0x00, 0x04, octets];
    let mut info = [0; 19];
    let (start, end) = info.split_at_mut(head.len());
    start.copy_from_slice(&head);
    end.copy_from_slice(&tail);
    info
}

/// The signature in the form of X.509.
pub(super) fn from_the_token(algorithm: KeyAlgorithm, signature: Vec<u8>) -> Option<Vec<u8>> {
    match algorithm {
        // PKCS#11 2.40 section 2.3.1 gives r and s, each of the length of the group's order; RFC 3279 section 2.2.3 wants
        // DER.
        KeyAlgorithm::P256 => {
            let pair = p256::ecdsa::Signature::from_slice(&signature).ok()?;
            Some(pair.to_der().as_bytes().to_vec())
        }
        KeyAlgorithm::P384 => {
            let pair = p384::ecdsa::Signature::from_slice(&signature).ok()?;
            Some(pair.to_der().as_bytes().to_vec())
        }
        _ => Some(signature),
    }
}
