//! Destroying a CA's key in a token.

use cryptoki::object::ObjectClass;
use cryptoki::session::Session;

use crate::keys::KeyError;
use crate::token::{Access, InUse, KeyPlace, Pin, TokenError, find_keys, open_session};

/// Destroys the key pair of this label for good. Nothing is done where there is none.
///
/// # Errors
/// Library, token or PIN are not right, or the token does not let go of the key.
pub fn destroy_key(place: &KeyPlace, pin: &Pin) -> Result<(), KeyError> {
    let in_use = InUse::of(&place.module)?;
    let session = open_session(&in_use, place, pin, Access::Write)?;
    let destroyed = destroy(&session, place);
    drop(session.close());
    Ok(destroyed?)
}

fn destroy(session: &Session, place: &KeyPlace) -> Result<(), TokenError> {
    // The private key first: a public key alone is no danger.
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for key in find_keys(session, place, class)? {
            session.destroy_object(key).map_err(|error| place.failed(error))?;
        }
    }
    Ok(())
}
