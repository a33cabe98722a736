//! Tokens and sessions.

use std::path::Path;

use cryptoki::context::Pkcs11;
use cryptoki::error::Error;
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::library::InUse;
use super::login::{Tries, log_in};
use super::{KeyPlace, Pin, TokenError};

/// What a session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Use what is in the token.
    Use,
    /// Put something into it.
    Write,
}

/// Opens a session and logs in.
///
/// The session does not close itself: its number may belong to another session when the token was away meanwhile.
///
/// # Errors
/// Library, token or PIN are not right.
pub(crate) fn open_session(
    in_use: &InUse,
    place: &KeyPlace,
    pin: &Pin,
    access: Access,
) -> Result<Session, TokenError> {
    let library = in_use.pkcs11();
    let slot = slot_of(library, place)?;
    let session = match access {
        Access::Use => library.open_ro_session_no_drop(slot),
        Access::Write => library.open_rw_session_no_drop(slot),
    }
    .map_err(|error| place.failed(error))?;
    if let Err(refused) = log_in(library, slot, &session, place, pin) {
        // The refusal is what matters to the caller.
        let _ = session.close();
        return Err(refused);
    }
    Ok(session)
}

impl KeyPlace {
    /// The token failed with this error.
    pub(crate) fn failed(&self, source: Error) -> TokenError {
        TokenError::Failed { token: self.token.clone(), source }
    }
}

/// A token as it shows itself to whoever asks, without a PIN.
#[derive(Debug, Clone)]
pub struct TokenSeen {
    /// Its label.
    pub label: String,
    /// Its maker.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its serial number.
    pub serial_number: String,
    /// How many tries with a user PIN it has left.
    pub tries: Tries,
}

/// The initialised tokens that a library finds.
///
/// # Errors
/// The library cannot be used.
pub fn tokens(module: &Path) -> Result<Vec<TokenSeen>, TokenError> {
    let failed = |source| TokenError::Module { module: module.to_owned(), source };
    let in_use = InUse::of(module)?;
    let library = in_use.pkcs11();
    let mut seen = Vec::new();
    for slot in library.get_slots_with_token().map_err(failed)? {
        let state = library.get_token_info(slot).map_err(failed)?;
        if state.token_initialized() {
            seen.push(TokenSeen {
                label: state.label().trim_end().to_owned(),
                manufacturer: state.manufacturer_id().trim_end().to_owned(),
                model: state.model().trim_end().to_owned(),
                serial_number: state.serial_number().trim_end().to_owned(),
                tries: Tries::of(&state),
            });
        }
    }
    Ok(seen)
}

/// Looked up each time: a token that comes back may be in another slot.
fn slot_of(library: &Pkcs11, place: &KeyPlace) -> Result<Slot, TokenError> {
    let (mut found, mut at_hand) = (Vec::new(), Vec::new());
    for slot in library.get_slots_with_token().map_err(|error| place.failed(error))? {
        // One that cannot be asked is not ours, or will be missed below.
        let Ok(token) = library.get_token_info(slot) else { continue };
        if !token.token_initialized() {
            continue;
        }
        let label = token.label().trim_end().to_owned();
        if label == place.token {
            found.push(slot);
        }
        at_hand.push(label);
    }
    match found.as_slice() {
        [slot] => Ok(*slot),
        [] => Err(TokenError::NoToken { token: place.token.clone(), at_hand }),
        _ => Err(TokenError::SeveralTokens(place.token.clone())),
    }
}
