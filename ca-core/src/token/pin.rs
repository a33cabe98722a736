//! Changing a token's user PIN.

use cryptoki::types::AuthPin;

use super::login::is_its_pin_now;
use super::{Access, InUse, KeyPlace, Pin, TokenError, open_session};

/// Whether this is the user PIN of the token at `place`. A wrong one costs a try; the last one is never used.
///
/// # Errors
/// The token is not there, locked, has one try left, or failed.
pub fn is_pin(place: &KeyPlace, pin: &Pin) -> Result<bool, TokenError> {
    let in_use = InUse::of(&place.module)?;
    let session = match open_session(&in_use, place, pin, Access::Use) {
        Ok(session) => session,
        Err(TokenError::WrongPin(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    // Logged out again, so that the next PIN that is presented is really asked for.
    let left = session.logout().map_err(|error| place.failed(error));
    drop(session.close());
    left.map(|()| true)
}

/// Makes `new` the user PIN of the token at `place`, in the place of `old`, and logs in with it once.
///
/// # Errors
/// The token refuses the old PIN, or does not take the new one: then the old one stands.
pub fn change_pin(place: &KeyPlace, old: &Pin, new: &Pin) -> Result<(), TokenError> {
    let in_use = InUse::of(&place.module)?;
    let session = open_session(&in_use, place, old, Access::Write)?;
    let (before, after) = (AuthPin::new(old.reveal().into()), AuthPin::new(new.reveal().into()));
    let changed = session.set_pin(&before, &after).map_err(|error| place.failed(error));
    // A login is the application's (PKCS#11 2.40 section 5.6): without logging out, nothing would prove the new PIN.
    let left = session.logout().map_err(|error| place.failed(error));
    drop(session.close());
    changed.and(left)?;
    is_its_pin_now(place, new);
    drop(open_session(&in_use, place, new, Access::Use)?.close());
    Ok(())
}
