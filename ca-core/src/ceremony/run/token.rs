//! A root's key in a PKCS#11 token: the token's PIN becomes the one that the holders share, and the key is made in it.

use super::session::{Session, facts};
use crate::ceremony::custody::Secret;
use crate::ceremony::journal::Facts;
use crate::ceremony::room::{Question, Seen};
use crate::ceremony::script::Founding;
use crate::ceremony::station::{TokenKey, pin_of};
use crate::ceremony::{CeremonyError, fingerprint};
use crate::keys::{KeyError, Signer};
use crate::token::{self, Pin, TokenError};

/// How often the present PIN may be typed wrong: a token locks itself after a few, and gives its last try to nobody here.
const TRIES: usize = 2;

/// Noted before the token's PIN is changed.
const PIN_BEGUN: &str = "pin-begun";
/// Noted before the key is made.
const KEY_BEGUN: &str = "key-begun";

impl Session<'_> {
    /// Makes the secret of the holders the token's user PIN.
    pub(super) fn take_the_token(&mut self, key: &TokenKey) -> Result<Facts, CeremonyError> {
        let (secret, place) = (self.open()?, key.place());
        let pin = pin_of(&secret)?;
        // A power cut may have come after the change: then the new PIN is right. Before, it costs one try, which the present
        // PIN gives back.
        let done =
            self.journal.find(PIN_BEGUN).is_some() && token::is_pin(&place, &pin).map_err(KeyError::from)?;
        if !done {
            if self.journal.find(PIN_BEGUN).is_none() {
                self.record(PIN_BEGUN, facts([("token", key.token.clone())]))?;
            }
            self.change_pin(key, &pin)?;
        }
        Ok(facts([("token", key.token.clone()), ("serial-number", serial_number(key)?)]))
    }

    fn change_pin(&mut self, key: &TokenKey, new: &Pin) -> Result<(), CeremonyError> {
        let question = Question {
            key: "token.pin".to_owned(),
            text: format!("The present user PIN of the token {:?}, which is replaced now:", key.token),
            answer: Seen::Hidden,
        };
        let mut last = TokenError::WrongPin(key.token.clone());
        for _ in 0..TRIES {
            let typed = Pin::new(self.room.ask(&question)?);
            match token::change_pin(&key.place(), &typed, new) {
                Ok(()) => return Ok(()),
                Err(error @ TokenError::WrongPin(_)) => {
                    self.room.tell(&["The token refused this PIN.".to_owned()])?;
                    last = error;
                }
                Err(error) => return Err(KeyError::from(error).into()),
            }
        }
        Err(KeyError::from(last).into())
    }

    /// Makes the key. One that is there was made by this step, if it was begun before; else it is somebody else's.
    pub(super) fn make_key_in_token(
        &mut self,
        act: &Founding,
        key: &TokenKey,
    ) -> Result<Facts, CeremonyError> {
        let secret = self.open()?;
        self.station.make_vault_key(&secret)?;
        self.root_record(act)?;
        let made = match self.journal.find(KEY_BEGUN) {
            Some(_) => self.made_before(key, &secret)?,
            None => {
                self.must_be_free(key, &secret)?;
                self.record(KEY_BEGUN, facts([("token", key.token.clone()), ("key", key.key.clone())]))?;
                key.make(&secret, self.station.entropy.as_ref())?
            }
        };
        Ok(facts([
            ("algorithm", made.algorithm().to_string()),
            ("public-key-sha256", fingerprint(made.public_key_info())),
            ("token", key.token.clone()),
            ("key", key.key.clone()),
        ]))
    }

    /// Asked before the journal says that the key was begun: what is there then is not this ceremony's.
    fn must_be_free(&self, key: &TokenKey, secret: &Secret) -> Result<(), CeremonyError> {
        match key.open(secret, self.station.entropy.as_ref()) {
            Err(CeremonyError::Key(KeyError::Token(TokenError::NoKey { .. }))) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => {
                let there = TokenError::KeyThere { token: key.token.clone(), key: key.key.clone() };
                Err(KeyError::from(there).into())
            }
        }
    }

    fn made_before(
        &self,
        key: &TokenKey,
        secret: &Secret,
    ) -> Result<crate::keys::token::TokenSigner, CeremonyError> {
        match key.open(secret, self.station.entropy.as_ref()) {
            Err(CeremonyError::Key(KeyError::Token(TokenError::NoKey { .. }))) => {
                key.make(secret, self.station.entropy.as_ref())
            }
            opened => opened,
        }
    }
}

/// The number by which the token is told from any other of its label.
fn serial_number(key: &TokenKey) -> Result<String, CeremonyError> {
    let seen = token::tokens(&key.module).map_err(KeyError::from)?;
    Ok(seen.into_iter().find(|token| token.label == key.token).map(|it| it.serial_number).unwrap_or_default())
}
