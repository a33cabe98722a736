//! Logging in to a token without ever locking it.
//!
//! A token counts wrong PINs and locks itself after a few, in a country's case with the CA's key inside. So a PIN that a
//! token refused is not presented to it again by this process, whichever thread or key asks, nor by a service that is started
//! after it ([`Refusals`](super::Refusals)); the token's own counters are read before each try, and its last try is left to a
//! person.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;

use super::{KeyPlace, Pin, TokenError};

/// The PINs that one token refused in this process. Held while somebody logs in, so that many threads do not present one PIN at once.
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
    may_present(Flags::of(&state), Presented::of(pin, place, &refused), place)?;
    match session.login(UserType::User, Some(&AuthPin::new(pin.reveal().into()))) {
        Ok(()) => {
            if let Some(refusals) = &pin.refusals {
                refusals.forget(&place.token);
            }
            Ok(())
        }
        // PKCS#11 2.40 section 5.6: a login is the application's, not the session's.
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            refused.push(pin.clone());
            if let Some(refusals) = &pin.refusals {
                refusals.remember(&place.token, pin);
            }
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
    if let Some(refusals) = &pin.refusals {
        refusals.forget(&place.token);
    }
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
        Self::told_by(Flags::of(state))
    }

    fn told_by(flags: Flags) -> Self {
        let told = [
            (flags.locked, Self::None),
            (!flags.initialized, Self::NoPin),
            (flags.final_try, Self::One),
            (flags.count_low, Self::Fewer),
        ];
        told.into_iter().find(|(set, _)| *set).map_or(Self::All, |(_, tries)| tries)
    }
}

/// What a token says of its user PIN (PKCS#11 2.40 section 3.2, the flags of `CK_TOKEN_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "the standard's flags, each by its name")]
struct Flags {
    /// CKF_USER_PIN_INITIALIZED.
    initialized: bool,
    /// CKF_USER_PIN_COUNT_LOW.
    count_low: bool,
    /// CKF_USER_PIN_FINAL_TRY.
    final_try: bool,
    /// CKF_USER_PIN_LOCKED.
    locked: bool,
}

impl Flags {
    fn of(state: &TokenInfo) -> Self {
        Self {
            initialized: state.user_pin_initialized(),
            count_low: state.user_pin_count_low(),
            final_try: state.user_pin_final_try(),
            locked: state.user_pin_locked(),
        }
    }
}

/// What is known of a PIN that is about to be presented.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Presented {
    /// Nothing that speaks against it.
    Never,
    /// This process presented it, and the token refused it.
    ByThisProcess,
    /// A process before this one did, as this file remembers.
    Before(PathBuf),
}

impl Presented {
    fn of(pin: &Pin, place: &KeyPlace, refused: &[Pin]) -> Self {
        if refused.iter().any(|known| known.reveal() == pin.reveal()) {
            return Self::ByThisProcess;
        }
        match &pin.refusals {
            Some(refusals) if refusals.forbid(&place.token, pin) => Self::Before(refusals.path().to_owned()),
            _ => Self::Never,
        }
    }
}

/// Whether a PIN is presented: decided by what the token says and what is known of the PIN, and by nothing else. The last try
/// is a person's, who can ask before they type.
fn may_present(flags: Flags, presented: Presented, place: &KeyPlace) -> Result<(), TokenError> {
    let token = || place.token.clone();
    match (Tries::told_by(flags), presented) {
        (Tries::None, _) => Err(TokenError::PinLocked(token())),
        (Tries::NoPin, _) => Err(TokenError::NoPin(token())),
        (Tries::One, _) => Err(TokenError::FinalTry(token())),
        (Tries::All | Tries::Fewer, Presented::ByThisProcess) => Err(TokenError::WrongPin(token())),
        (Tries::All | Tries::Fewer, Presented::Before(remembered)) => {
            Err(TokenError::RefusedBefore { token: token(), remembered })
        }
        (Tries::Fewer, Presented::Never) => {
            tracing::warn!(token = %place.token, "a wrong PIN was presented to the token since its last login");
            Ok(())
        }
        (Tries::All, Presented::Never) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// All that a token can say, in the order locked, final try, count low; beside it, what is answered to a PIN of which
    /// nothing is known, to one that this process saw refused, and to one that a process before did.
    #[rustfmt::skip]
    const TABLE: [(bool, bool, bool, [&str; 3]); 8] = [
        (false, false, false, ["presented", "wrong",  "before"]),
        (false, false, true,  ["presented", "wrong",  "before"]),
        (false, true,  false, ["final",     "final",  "final"]),
        (false, true,  true,  ["final",     "final",  "final"]),
        (true,  false, false, ["locked",    "locked", "locked"]),
        (true,  false, true,  ["locked",    "locked", "locked"]),
        (true,  true,  false, ["locked",    "locked", "locked"]),
        (true,  true,  true,  ["locked",    "locked", "locked"]),
    ];

    fn answer(flags: Flags, presented: Presented) -> &'static str {
        let place = KeyPlace { module: "/lib.so".into(), token: "HSM".into(), key: "root".into() };
        match may_present(flags, presented, &place) {
            Ok(()) => "presented",
            Err(TokenError::WrongPin(_)) => "wrong",
            Err(TokenError::RefusedBefore { .. }) => "before",
            Err(TokenError::FinalTry(_)) => "final",
            Err(TokenError::PinLocked(_)) => "locked",
            Err(TokenError::NoPin(_)) => "no PIN",
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn whatever_a_token_says_its_last_try_is_left_to_a_person() {
        for (locked, final_try, count_low, answers) in TABLE {
            let known = [Presented::Never, Presented::ByThisProcess, Presented::Before("pin.refused".into())];
            for (presented, expected) in known.into_iter().zip(answers) {
                let flags = Flags { initialized: true, count_low, final_try, locked };
                assert_eq!(answer(flags, presented.clone()), expected, "{flags:?} {presented:?}");
                // A token without a PIN takes none, whatever else it says, unless it is locked.
                let none = Flags { initialized: false, ..flags };
                let expected = if locked { "locked" } else { "no PIN" };
                assert_eq!(answer(none, presented), expected, "{none:?}");
            }
        }
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        let final_try = TokenError::FinalTry("HSM".to_owned()).to_string();
        assert!(final_try.contains("pkcs11-tool"), "{final_try}");
        let before = TokenError::RefusedBefore { token: "HSM".to_owned(), remembered: "/pin.refused".into() };
        let before = before.to_string();
        assert!(before.contains("npki token show") && before.contains("/pin.refused"), "{before}");
    }
}
