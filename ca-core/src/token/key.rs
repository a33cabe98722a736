//! One key in a token, used from many threads.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::library::{InUse, restart};
use super::{Access, KeyPlace, Pin, TokenError, open_session};

/// The most sessions a key has open at a time. Who comes when all are busy waits.
const SESSIONS: usize = 16;

/// Whether a key may be used for what it is meant for.
pub(crate) type Fitness = fn(&[Attribute]) -> Result<(), &'static str>;

/// One key in a token.
///
/// A session is used by one thread at a time (PKCS#11 2.40 section 5.6). When sessions are lost, since the token was
/// pulled, reset, or logged out by somebody, new ones are opened, and the key is judged again as it was at first.
pub(crate) struct TokenKey {
    place: KeyPlace,
    pin: Pin,
    class: ObjectClass,
    asked: &'static [AttributeType],
    fitness: Fitness,
    /// CKA_ID: what makes it the same key after the token was away.
    id: Vec<u8>,
    sessions: Mutex<Sessions>,
    returned: Condvar,
}

#[derive(Default)]
struct Sessions {
    idle: Vec<Opened>,
    /// How many are with a thread.
    busy: usize,
    /// How often sessions were lost.
    losses: u64,
    /// The library's life that they belong to.
    life: u64,
}

/// A session and the key as it is called in it.
struct Opened {
    session: Session,
    key: ObjectHandle,
    losses: u64,
}

/// A place among the busy sessions.
struct Busy<'a>(&'a TokenKey);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.sessions().busy -= 1;
        self.0.returned.notify_one();
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("place", &self.place)
            .field("id", &hex::encode(&self.id))
            .finish_non_exhaustive()
    }
}

impl TokenKey {
    /// Finds the key of this class and has `fitness` judge it by the attributes `asked`.
    ///
    /// # Errors
    /// Library, token or PIN are not right; the key is not there, not alone, without a CKA_ID, or not fit.
    pub(crate) fn open(
        place: KeyPlace,
        pin: Pin,
        class: ObjectClass,
        asked: &'static [AttributeType],
        fitness: Fitness,
    ) -> Result<Self, TokenError> {
        let (sessions, returned) = (Mutex::default(), Condvar::new());
        let mut key = Self { place, pin, class, asked, fitness, id: Vec::new(), sessions, returned };
        let in_use = InUse::of(&key.place.module)?;
        let (opened, id) = key.open_another(&in_use, 0)?;
        key.id = id;
        let mut sessions = key.sessions();
        sessions.life = in_use.life();
        sessions.idle.push(opened);
        drop(sessions);
        Ok(key)
    }

    /// Where it is.
    pub(crate) const fn place(&self) -> &KeyPlace {
        &self.place
    }

    /// The key's CKA_ID.
    pub(crate) fn id(&self) -> &[u8] {
        &self.id
    }

    /// Uses the key. Once, and once more in a new session when the first was lost.
    ///
    /// # Errors
    /// What the token said, or why no session could be had.
    pub(crate) fn with<T>(
        &self,
        act: impl Fn(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<T, TokenError> {
        match self.attempt_or_restart(&act)? {
            Err(error) if is_loss(&error) => self.attempt_or_restart(&act)?,
            outcome => outcome,
        }
        .map_err(|error| self.place.failed(error))
    }

    /// Some libraries see a token that comes back only when they are started anew.
    fn attempt_or_restart<T>(
        &self,
        act: impl Fn(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, TokenError> {
        match self.attempt(&act) {
            Err(TokenError::NoToken { .. }) if restart(&self.place.module) => self.attempt(&act),
            outcome => outcome,
        }
    }

    fn attempt<T>(
        &self,
        act: impl Fn(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, TokenError> {
        let busy = self.wait_for_place();
        let in_use = InUse::of(&self.place.module)?;
        let opened = self.take(&in_use)?;
        let outcome = act(&opened.session, opened.key);
        match &outcome {
            Ok(_) => self.put_back(opened),
            Err(error) if is_loss(error) => self.lost(&opened),
            // Who knows what state it is in.
            Err(_) => drop(opened.session.close()),
        }
        drop((in_use, busy));
        Ok(outcome)
    }

    fn wait_for_place(&self) -> Busy<'_> {
        let full = |sessions: &mut Sessions| sessions.busy >= SESSIONS;
        let waited = self.returned.wait_while(self.sessions(), full);
        let mut sessions = waited.unwrap_or_else(PoisonError::into_inner);
        sessions.busy += 1;
        Busy(self)
    }

    fn take(&self, in_use: &InUse) -> Result<Opened, TokenError> {
        let losses = {
            let mut sessions = self.sessions();
            if sessions.life != in_use.life() {
                sessions.life = in_use.life();
                sessions.losses += 1;
                sessions.idle.clear();
            }
            if let Some(opened) = sessions.idle.pop() {
                return Ok(opened);
            }
            sessions.losses
        };
        let (opened, id) = self.open_another(in_use, losses)?;
        if id != self.id {
            drop(opened.session.close());
            return Err(self.unfit("another key has taken its place"));
        }
        Ok(opened)
    }

    fn put_back(&self, opened: Opened) {
        let mut sessions = self.sessions();
        // A session from before a loss is let go without closing: its number may be another's by now.
        if opened.losses == sessions.losses {
            sessions.idle.push(opened);
        }
    }

    /// Lets go of all sessions of that time, for the same reason without closing them.
    fn lost(&self, opened: &Opened) {
        let mut sessions = self.sessions();
        if opened.losses == sessions.losses {
            sessions.losses += 1;
            sessions.idle.clear();
        }
    }

    fn open_another(&self, in_use: &InUse, losses: u64) -> Result<(Opened, Vec<u8>), TokenError> {
        let session = open_session(in_use, &self.place, &self.pin, Access::Use)?;
        match self.find(&session) {
            Ok((key, id)) => Ok((Opened { session, key, losses }, id)),
            Err(error) => {
                drop(session.close());
                Err(error)
            }
        }
    }

    fn find(&self, session: &Session) -> Result<(ObjectHandle, Vec<u8>), TokenError> {
        let key = match find_keys(session, &self.place, self.class)?.as_slice() {
            [key] => *key,
            [] => {
                return Err(TokenError::NoKey {
                    token: self.place.token.clone(),
                    key: self.place.key.clone(),
                });
            }
            _ => return Err(self.unfit("there are several of its name")),
        };
        let attributes = session.get_attributes(key, self.asked).map_err(|error| self.place.failed(error))?;
        (self.fitness)(&attributes).map_err(|why| self.unfit(why))?;
        let ids =
            session.get_attributes(key, &[AttributeType::Id]).map_err(|error| self.place.failed(error))?;
        match ids.into_iter().next() {
            Some(Attribute::Id(id)) if !id.is_empty() => Ok((key, id)),
            _ => Err(self.unfit("it has no CKA_ID, by which it is known again")),
        }
    }

    fn unfit(&self, why: &'static str) -> TokenError {
        TokenError::Unfit { key: self.place.key.clone(), why }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // Nothing panics while it is held.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TokenKey {
    fn drop(&mut self) {
        let Ok(in_use) = InUse::of(&self.place.module) else { return };
        let mut sessions = self.sessions();
        if sessions.life == in_use.life() {
            for opened in sessions.idle.drain(..) {
                // Nothing is left to be done about a session that does not close.
                drop(opened.session.close());
            }
        }
    }
}

/// The keys of this class and label in the token.
pub(crate) fn find_keys(
    session: &Session,
    place: &KeyPlace,
    class: ObjectClass,
) -> Result<Vec<ObjectHandle>, TokenError> {
    let wanted =
        [Attribute::Class(class), Attribute::Token(true), Attribute::Label(place.key.as_bytes().to_vec())];
    session.find_objects(&wanted).map_err(|error| place.failed(error))
}

/// Whether the session, the login or the token is gone, so that a new session may help.
const fn is_loss(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::CryptokiNotInitialized,
            _
        )
    )
}
