//! Signing keys in a PKCS#11 token, which they cannot leave.
//!
//! Messages are hashed here and only digests go to the token: tokens differ in which combined mechanisms they have, and a
//! CRL of a million entries does not go through a smart card. Every signature that comes back is verified before it is
//! given out: a token is a computer too, and a faulty RSA signature can give its key away.

mod destroy;
mod fitness;
mod inventory;
mod make;
mod public;
mod raw;

use cryptoki::object::ObjectClass;

use super::{KeyError, Signer};
use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use crate::clock::Entropy;
use crate::token::{KeyPlace, Pin, TokenError, TokenKey};

use fitness::ASKED;

pub use destroy::destroy_key;
pub use fitness::Modifiable;
pub use inventory::{KeySeen, signing_keys};
pub use make::make_key;

/// What is asked of a key in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Its kind and size.
    pub algorithm: KeyAlgorithm,
    /// What it signs with; the kind's own where none is chosen.
    pub signature: Option<SignatureAlgorithm>,
    /// Whether its attributes may be open to change.
    pub modifiable: Modifiable,
}

impl Expected {
    /// A key of this kind that signs as such keys do, and that nothing in the token can change.
    pub const fn of(algorithm: KeyAlgorithm) -> Self {
        Self { algorithm, signature: None, modifiable: Modifiable::Refused }
    }

    fn signature(&self) -> Result<SignatureAlgorithm, KeyError> {
        let Some(chosen) = self.signature else { return Ok(self.algorithm.default_signature_algorithm()) };
        if self.algorithm.admits(chosen) {
            Ok(chosen)
        } else {
            Err(KeyError::OtherSignatureAlgorithm { key: self.algorithm, chosen: chosen.name() })
        }
    }
}

/// A signing key in a token, used from many threads. It survives that the token is pulled and returned: uses meanwhile
/// fail, later ones log in anew and look again whether it is the same key and fit.
#[derive(Debug)]
pub struct TokenSigner {
    key: TokenKey,
    algorithm: KeyAlgorithm,
    signature: SignatureAlgorithm,
    public_key_info: Vec<u8>,
}

impl TokenSigner {
    /// Finds the key, judges its attributes, reads its public key and has it sign random octets, which proves that the two
    /// belong together.
    ///
    /// # Errors
    /// Library, token or PIN are not right; the key is not there, not fit, or another than expected.
    pub fn open(
        place: KeyPlace,
        pin: Pin,
        expected: &Expected,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyError> {
        let signature = expected.signature()?;
        let judge = match expected.modifiable {
            Modifiable::Refused => fitness::judge,
            Modifiable::Accepted => fitness::judge_but_modifiable,
        };
        let key = TokenKey::open(place, pin, ObjectClass::PRIVATE_KEY, ASKED, judge)?;
        let public_key_info = public::read(&key, expected.algorithm)?;
        let signer = Self { key, algorithm: expected.algorithm, signature, public_key_info };
        let mut challenge = [0; 32];
        entropy.fill(&mut challenge)?;
        signer.sign(&challenge)?;
        Ok(signer)
    }

    /// Where it is.
    pub const fn place(&self) -> &KeyPlace {
        self.key.place()
    }
}

impl Signer for TokenSigner {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature
    }

    fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let place = self.key.place();
        let unsupported = || TokenError::UnsupportedAlgorithm(self.algorithm);
        let given = raw::to_the_token(self.signature, message).ok_or_else(unsupported)?;
        let mechanism = raw::mechanism(self.signature).ok_or_else(unsupported)?;
        let signature = self.key.with(|session, key| session.sign(&mechanism, key, &given))?;
        let wrong =
            |why| TokenError::FalseSignature { token: place.token.clone(), key: place.key.clone(), why };
        let signature = raw::from_the_token(self.algorithm, signature)
            .ok_or_else(|| wrong("it has not the right length"))?;
        self.signature
            .verify(&self.public_key_info, message, &signature)
            .map_err(|_| wrong("the public key in the token is another key's, or the token is faulty"))?;
        Ok(signature)
    }
}
