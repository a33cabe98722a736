//! Logging in to a token without ever locking it.
//!
//! A token counts wrong PINs and locks itself after a few, in a country's case with the CA's key inside. So a PIN that a
//! token refused is not presented to it again by this process, whichever thread or key asks; the token's own counters are
//! read before each try, and its last try is left to a person.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;

use super::{KeyPlace, Pin, TokenError};

/// The PINs that one token refused. Held while somebody logs in, so that many threads do not present one PIN at once.
type Door = Arc<Mutex<Vec<Pin>>>;

/// The doors of this process, by library and token.
static DOORS: Mutex<BTreeMap<(PathBuf, String), Door>> = Mutex::new(BTreeMap::new());

/// Logs in, unless this process is in already.
///
/// # Errors
/// The PIN is wrong or was before, the token is locked or has one try left, or it failed.
pub(super) fn log_in(
    library: &Pkcs11,
    slot: Slot,
    session: &Session,
    place: &KeyPlace,
    pin: &Pin,
) -> Result<(), TokenError> {
    let door = door_of(place);
    // Nothing panics while it is held.
    let mut refused = door.lock().unwrap_or_else(PoisonError::into_inner);
    if is_in(session).map_err(|error| place.failed(error))? {
        return Ok(());
    }
    let state = library.get_token_info(slot).map_err(|error| place.failed(error))?;
    Tries::of(&state).permit(place)?;
    if refused.iter().any(|known| known.reveal() == pin.reveal()) {
        return Err(TokenError::WrongPin(place.token.clone()));
    }
    match session.login(UserType::User, Some(&AuthPin::new(pin.reveal().into()))) {
        // PKCS#11 2.40 section 5.6: a login is the application's, not the session's.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            refused.push(pin.clone());
            Err(TokenError::WrongPin(place.token.clone()))
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::PinLocked(place.token.clone())),
        Err(error) => Err(place.failed(error)),
    }
}

/// A PIN that the token refused once may be its PIN later: when it was made so.
pub(super) fn is_its_pin_now(place: &KeyPlace, pin: &Pin) {
    let door = door_of(place);
    // Nothing panics while it is held.
    let mut refused = door.lock().unwrap_or_else(PoisonError::into_inner);
    refused.retain(|known| known.reveal() != pin.reveal());
}

fn door_of(place: &KeyPlace) -> Door {
    let mut doors = DOORS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(doors.entry((place.module.clone(), place.token.clone())).or_default())
}

fn is_in(session: &Session) -> Result<bool, Error> {
    let state = session.get_session_info()?.session_state();
    Ok(matches!(state, SessionState::RoUser | SessionState::RwUser))
}

/// How many tries with a user PIN a token says it has left (PKCS#11 2.40 section 3.2, `CK_TOKEN_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// All of them, as far as it says.
    All,
    /// A wrong PIN was presented since the last login (CKF_USER_PIN_COUNT_LOW).
    Fewer,
    /// The next wrong PIN locks it (CKF_USER_PIN_FINAL_TRY).
    One,
    /// None: it is locked (CKF_USER_PIN_LOCKED).
    None,
    /// It has no user PIN yet (CKF_USER_PIN_INITIALIZED is not set).
    NoPin,
}

impl Tries {
    /// As a person reads it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::All => "all left",
            Self::Fewer => "a wrong one was given since the last login",
            Self::One => "one left: npki does not use it",
            Self::None => "none: it is locked",
            Self::NoPin => "it has no PIN yet",
        }
    }

    pub(super) fn of(state: &TokenInfo) -> Self {
        let flags = [
            (state.user_pin_locked(), Self::None),
            (!state.user_pin_initialized(), Self::NoPin),
            (state.user_pin_final_try(), Self::One),
            (state.user_pin_count_low(), Self::Fewer),
        ];
        flags.into_iter().find(|(set, _)| *set).map_or(Self::All, |(_, tries)| tries)
    }

    /// Whether a machine may try. The last try is a person's, who can ask before they type.
    fn permit(self, place: &KeyPlace) -> Result<(), TokenError> {
        match self {
            Self::All => Ok(()),
            Self::Fewer => {
                tracing::warn!(token = %place.token, "a wrong PIN was presented to the token since its last login");
                Ok(())
            }
            Self::One => Err(TokenError::FinalTry(place.token.clone())),
            Self::None => Err(TokenError::PinLocked(place.token.clone())),
            Self::NoPin => Err(TokenError::NoPin(place.token.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_last_try_is_left_to_a_person() {
        let place = KeyPlace { module: "/lib.so".into(), token: "HSM".into(), key: "root".into() };
        assert!(Tries::All.permit(&place).is_ok());
        assert!(Tries::Fewer.permit(&place).is_ok());
        let refused = Tries::One.permit(&place).unwrap_err();
        assert!(matches!(&refused, TokenError::FinalTry(token) if token == "HSM"));
        assert!(refused.to_string().contains("pkcs11-tool"), "says what to do: {refused}");
        assert!(matches!(Tries::None.permit(&place), Err(TokenError::PinLocked(_))));
        assert!(matches!(Tries::NoPin.permit(&place), Err(TokenError::NoPin(_))));
    }
}
