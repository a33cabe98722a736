//! Changing a token's user PIN.

use cryptoki::types::AuthPin;

use super::{Access, InUse, KeyPlace, Pin, TokenError, open_session};

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
    drop(open_session(&in_use, place, new, Access::Use)?.close());
    Ok(())
}
