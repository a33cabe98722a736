//! Making a CA's key in a token.

use const_oid::db::rfc5912::{SECP_256_R_1, SECP_384_R_1};
use const_oid::db::rfc8410::ID_ED_25519;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;
use der::Encode;
use der::asn1::ObjectIdentifier;

use super::{Expected, TokenSigner};
use crate::algorithm::KeyAlgorithm;
use crate::clock::Entropy;
use crate::keys::KeyError;
use crate::token::{Access, InUse, KeyPlace, Pin, TokenError, find_keys, open_session};

/// Makes a key pair in the token with a random CKA_ID, opens it, and so proves it. The private key never leaves the token,
/// signs, and does nothing else.
///
/// # Errors
/// [`TokenError::KeyThere`]: a key of this label is there. [`TokenError::NotOffered`]: the token makes no such keys. Or as
/// [`TokenSigner::open`].
pub fn make_key(
    place: KeyPlace,
    pin: Pin,
    expected: &Expected,
    entropy: &dyn Entropy,
) -> Result<TokenSigner, KeyError> {
    let mut id = vec![0; 16];
    entropy.fill(&mut id)?;
    let kind = Kind::of(expected.algorithm)?;
    let in_use = InUse::of(&place.module)?;
    let session = open_session(&in_use, &place, &pin, Access::Write)?;
    let made = make(&session, &place, &kind, &id);
    // Opened before the session that made it is closed, so that the login outlives it.
    let opened = made.map_err(KeyError::from).and_then(|()| TokenSigner::open(place, pin, expected, entropy));
    drop(session.close());
    opened
}

/// How a kind of key is made.
struct Kind {
    mechanism: Mechanism<'static>,
    public: Vec<Attribute>,
}

impl Kind {
    fn of(algorithm: KeyAlgorithm) -> Result<Self, TokenError> {
        let curve = |oid: ObjectIdentifier| vec![Attribute::EcParams(oid.to_der().unwrap_or_default())];
        let rsa = |bits: u64| {
            // RFC 8017 section 3.1; 65537 is the one exponent that every verifier takes.
            vec![Attribute::ModulusBits(bits.into()), Attribute::PublicExponent(vec![1, 0, 1])]
        };
        let (mechanism, public) = match algorithm {
            KeyAlgorithm::P256 => (Mechanism::EccKeyPairGen, curve(SECP_256_R_1)),
            KeyAlgorithm::P384 => (Mechanism::EccKeyPairGen, curve(SECP_384_R_1)),
            KeyAlgorithm::Rsa3072 => (Mechanism::RsaPkcsKeyPairGen, rsa(3_072)),
            KeyAlgorithm::Rsa4096 => (Mechanism::RsaPkcsKeyPairGen, rsa(4_096)),
            KeyAlgorithm::Ed25519 => (Mechanism::EccEdwardsKeyPairGen, curve(ID_ED_25519)),
            KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87 => {
                return Err(TokenError::UnsupportedAlgorithm(algorithm));
            }
        };
        Ok(Self { mechanism, public })
    }
}

fn make(session: &Session, place: &KeyPlace, kind: &Kind, id: &[u8]) -> Result<(), TokenError> {
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        if !find_keys(session, place, class)?.is_empty() {
            return Err(TokenError::KeyThere { token: place.token.clone(), key: place.key.clone() });
        }
    }
    let public = [kind.public.clone(), public(place, id)].concat();
    let made = session.generate_key_pair(&kind.mechanism, &public, &private(place, id));
    made.map(|_| ()).map_err(|error| match error {
        cryptoki::error::Error::Pkcs11(cryptoki::error::RvError::MechanismInvalid, _) => {
            TokenError::NotOffered {
                token: place.token.clone(),
                key: place.key.clone(),
                mechanism: kind.mechanism.mechanism_type().to_string(),
            }
        }
        error => place.failed(error),
    })
}

fn public(place: &KeyPlace, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Modifiable(false),
        Attribute::Verify(true),
        Attribute::Encrypt(false),
        Attribute::Wrap(false),
        Attribute::Label(place.key.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
    ]
}

fn private(place: &KeyPlace, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::Label(place.key.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
    ]
}
