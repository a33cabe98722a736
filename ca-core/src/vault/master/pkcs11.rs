//! A master key in a PKCS#11 token, which it cannot leave.

use std::sync::Arc;

use cryptoki::context::Function;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use zeroize::Zeroizing;

use super::{MasterKey, MasterKeyId};
use crate::clock::Entropy;
use crate::token::{Access, InUse, KeyPlace, Pin, TokenError, TokenKey, find_keys, open_session};
use crate::vault::VaultError;
use crate::vault::octets::{self, TAG_OCTETS};

/// What decides whether a key is fit.
const ASKED: &[AttributeType] = &[
    AttributeType::KeyType,
    AttributeType::ValueLen,
    AttributeType::Sensitive,
    AttributeType::Extractable,
    AttributeType::Private,
    AttributeType::Encrypt,
    AttributeType::Decrypt,
];

/// An AES-256 key in a token. The token encrypts and decrypts with it (CKM_AES_GCM) and never gives it out.
///
/// It is named after its CKA_ID, so that a copy of the token has the same name; two master keys must not share one.
#[derive(Debug)]
pub struct Pkcs11MasterKey {
    id: MasterKeyId,
    key: TokenKey,
    entropy: Arc<dyn Entropy>,
}

impl Pkcs11MasterKey {
    /// Finds the key and judges it. `entropy` gives the nonces of what it wraps.
    ///
    /// # Errors
    /// Library, token or PIN are not right; the key is not there, or it is no AES-256 key that is private, sensitive
    /// and not extractable, may encrypt and decrypt, and has a CKA_ID.
    pub fn open(place: KeyPlace, pin: Pin, entropy: Arc<dyn Entropy>) -> Result<Self, TokenError> {
        let key = TokenKey::open(place, pin, ObjectClass::SECRET_KEY, ASKED, judge)?;
        let id = MasterKeyId(format!("pkcs11:{}", hex::encode(key.id())));
        Ok(Self { id, key, entropy })
    }

    /// Makes a new key in the token, with a random CKA_ID, and opens it.
    ///
    /// # Errors
    /// [`TokenError::KeyThere`]: a key of this label is there. Or as [`Pkcs11MasterKey::open`].
    pub fn generate(place: KeyPlace, pin: Pin, entropy: Arc<dyn Entropy>) -> Result<Self, TokenError> {
        let mut id = vec![0; 16];
        entropy.fill(&mut id)?;
        let in_use = InUse::of(&place.module)?;
        let session = open_session(&in_use, &place, &pin, Access::Write)?;
        let made = find_keys(&session, &place, ObjectClass::SECRET_KEY).and_then(|there| {
            if !there.is_empty() {
                return Err(TokenError::KeyThere { token: place.token.clone(), key: place.key.clone() });
            }
            let made = session.generate_key(&Mechanism::AesKeyGen, &template(&place, id));
            made.map_err(|error| place.failed(error))
        });
        // Opened first, so that the login outlives the session that made the key.
        let opened = made.and_then(|_| Self::open(place, pin, entropy));
        drop(session.close());
        opened
    }
}

fn template(place: &KeyPlace, id: Vec<u8>) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen(32.into()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        // It encrypts subject keys as data; with these it could also take other keys out of the token.
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Label(place.key.as_bytes().to_vec()),
        Attribute::Id(id),
    ]
}

fn judge(found: &[Attribute]) -> Result<(), &'static str> {
    let wanted = [
        (Attribute::KeyType(KeyType::AES), "it is no AES key"),
        (Attribute::ValueLen(32.into()), "it has not 256 bits"),
        (Attribute::Sensitive(true), "the token would reveal it (CKA_SENSITIVE is false)"),
        (Attribute::Extractable(false), "it can leave the token (CKA_EXTRACTABLE is true)"),
        (Attribute::Private(true), "it can be used without a PIN (CKA_PRIVATE is false)"),
        (Attribute::Encrypt(true), "it may not encrypt (CKA_ENCRYPT is false)"),
        (Attribute::Decrypt(true), "it may not decrypt (CKA_DECRYPT is false)"),
    ];
    wanted.iter().find(|(attribute, _)| !found.contains(attribute)).map_or(Ok(()), |(_, why)| Err(*why))
}

/// Tag length in bits.
const TAG_BITS: u64 = TAG_OCTETS as u64 * 8;

impl MasterKey for Pkcs11MasterKey {
    fn id(&self) -> &MasterKeyId {
        &self.id
    }

    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = octets::draw_nonce(self.entropy.as_ref())?;
        let wrapped = self.key.with(|session, handle| {
            let mut nonce = nonce;
            let parameters = GcmParams::new(&mut nonce, context, TAG_BITS.into())?;
            let ciphertext = session.encrypt(&Mechanism::AesGcm(parameters), handle, key)?;
            // A token that insists on a nonce of its own has written it there.
            Ok(octets::join(nonce, &ciphertext))
        })?;
        Ok(wrapped)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let not_wrapped = || VaultError::NotWrapped(self.id.clone());
        let (nonce, ciphertext) = octets::split(wrapped).ok_or_else(not_wrapped)?;
        let opened = self.key.with(|session, handle| {
            let mut nonce = nonce;
            let parameters = GcmParams::new(&mut nonce, context, TAG_BITS.into())?;
            session.decrypt(&Mechanism::AesGcm(parameters), handle, ciphertext).map(Zeroizing::new)
        });
        match opened {
            Ok(key) => key.as_slice().try_into().map(Zeroizing::new).map_err(|_| not_wrapped()),
            Err(TokenError::Failed { source, .. }) if says_altered(&source) => Err(not_wrapped()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a token says that the tag does not fit.
const fn says_altered(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(RvError::EncryptedDataInvalid | RvError::EncryptedDataLenRange, _)
            // SoftHSM 2.6 has no better word for it, once it has taken key and parameters.
            | Error::Pkcs11(RvError::GeneralError, Function::Decrypt)
    )
}
