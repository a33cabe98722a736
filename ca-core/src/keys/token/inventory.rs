//! The signing keys in a token, and what is to be said against each.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::fitness::{self, Modifiable};
use super::public;
use crate::algorithm::KeyAlgorithm;
use crate::keys::journal::Digest;
use crate::token::{Access, InUse, KeyPlace, Pin, TokenError, open_session};

/// A private key in a token, as far as it shows.
#[derive(Debug, Clone)]
pub struct KeySeen {
    /// CKA_LABEL.
    pub label: String,
    /// CKA_ID.
    pub id: Vec<u8>,
    /// Its kind and size; `None` where npki does not sign with such keys, or no public key is beside it.
    pub algorithm: Option<KeyAlgorithm>,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub key: Option<Digest>,
    /// Everything that keeps it from being a CA's.
    pub faults: Vec<&'static str>,
}

/// All private keys of a token.
///
/// # Errors
/// Library, token or PIN are not right, or the token failed.
pub fn signing_keys(place: &KeyPlace, pin: &Pin, modifiable: Modifiable) -> Result<Vec<KeySeen>, TokenError> {
    let in_use = InUse::of(&place.module)?;
    let session = open_session(&in_use, place, pin, Access::Use)?;
    let wanted = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Token(true)];
    let seen = session.find_objects(&wanted).and_then(|keys| {
        keys.into_iter().map(|key| see(&session, key, modifiable)).collect::<Result<Vec<_>, _>>()
    });
    drop(session.close());
    seen.map_err(|error| place.failed(error))
}

fn see(
    session: &Session,
    key: ObjectHandle,
    modifiable: Modifiable,
) -> Result<KeySeen, cryptoki::error::Error> {
    let (mut label, mut id) = (String::new(), Vec::new());
    for attribute in session.get_attributes(key, &[AttributeType::Label, AttributeType::Id])? {
        match attribute {
            Attribute::Label(octets) => label = String::from_utf8_lossy(&octets).into_owned(),
            Attribute::Id(octets) => id = octets,
            _ => {}
        }
    }
    let mut faults: Vec<_> =
        fitness::faults(&session.get_attributes(key, fitness::ASKED)?, modifiable).collect();
    let found = match id.as_slice() {
        [] => {
            faults.push("it has no CKA_ID, by which it is known again: give it one");
            None
        }
        id => public_key(session, id)?,
    };
    if found.is_none() {
        faults.push("no public key of a kind that npki signs with has its CKA_ID: put it beside it");
    }
    let (algorithm, key) = found.unzip();
    Ok(KeySeen { label, id, algorithm, key, faults })
}

/// The one public key with this CKA_ID, if it is of a kind that is used.
fn public_key(
    session: &Session,
    id: &[u8],
) -> Result<Option<(KeyAlgorithm, Digest)>, cryptoki::error::Error> {
    let wanted =
        [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Token(true), Attribute::Id(id.to_vec())];
    let [found] = session.find_objects(&wanted)?[..] else { return Ok(None) };
    let attributes = session.get_attributes(found, public::ASKED)?;
    Ok(KeyAlgorithm::ALL.into_iter().find_map(|algorithm| {
        let info = public::public_key_info(&attributes, algorithm).ok()?;
        Some((algorithm, Digest::of(&info)))
    }))
}
