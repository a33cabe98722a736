//! Keys that stay in a PKCS#11 token: found, judged fit, and used from many threads, also after the token was away.
//!
//! Written against PKCS#11 2.40, which every token speaks.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

mod key;
mod library;
mod login;
mod module;
mod pin;
mod refusals;

pub(crate) use key::{TokenKey, find_keys};
pub(crate) use library::InUse;
pub use login::Tries;
pub(crate) use module::{Access, open_session};
pub use module::{TokenSeen, tokens};
pub use pin::{change_pin, is_pin};
pub use refusals::{Asking, Refusals};

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPlace {
    /// The token maker's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// The token's label. No two tokens at hand may have it.
    pub token: String,
    /// The key's label (CKA_LABEL). No two keys of its kind in the token may have it.
    pub key: String,
}

/// A user PIN. Wiped when it is dropped.
#[derive(Clone)]
pub struct Pin {
    characters: Zeroizing<String>,
    refusals: Option<Refusals>,
}

impl Pin {
    /// Takes over a PIN.
    pub const fn new(characters: Zeroizing<String>) -> Self {
        Self { characters, refusals: None }
    }

    /// The same, out of a file: that a token refuses it is remembered there, for the processes after this one.
    #[must_use]
    pub fn remembered(self, refusals: Refusals) -> Self {
        Self { refusals: Some(refusals), ..self }
    }

    fn reveal(&self) -> &str {
        &self.characters
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

/// A token, or a key in it, could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library cannot be loaded or started.
    #[error("the PKCS#11 library {} cannot be used: {source}", module.display())]
    Module {
        /// The library.
        module: PathBuf,
        /// What went wrong.
        source: cryptoki::error::Error,
    },
    /// No token with this label is at hand.
    #[error("no token is called {token:?}; at hand: {at_hand:?}")]
    NoToken {
        /// The label.
        token: String,
        /// The labels of those that are there.
        at_hand: Vec<String>,
    },
    /// Several tokens at hand have this label.
    #[error("several tokens are called {0:?}")]
    SeveralTokens(String),
    /// The token refused the PIN. It is not presented again: after a few wrong ones a token locks itself.
    #[error("token {0:?} refused the PIN, which is not presented to it again; correct it and start again")]
    WrongPin(String),
    /// The token refused this PIN when it was presented before, by another process too.
    #[error(
        "token {token:?} refused this PIN before, so it is not presented again: correct the PIN file; if it is right by now, \
         `npki token show` presents it once by hand and forgets that it was refused ({})",
        remembered.display()
    )]
    RefusedBefore {
        /// The token.
        token: String,
        /// The file that remembers.
        remembered: PathBuf,
    },
    /// The token has one try left, which is not for a machine.
    #[error(
        "the next wrong PIN locks token {0:?}, so npki does not try: log in once by hand with the right PIN (for example \
         `pkcs11-tool --login --test`), which gives it all its tries back, correct the PIN file if it is wrong, and start \
         again"
    )]
    FinalTry(String),
    /// The token has no user PIN.
    #[error("token {0:?} has no user PIN yet; its security officer sets one")]
    NoPin(String),
    /// The token locked itself after too many wrong PINs.
    #[error("token {0:?} is locked after too many wrong PINs; its security officer can unlock it")]
    PinLocked(String),
    /// No key with this label is in the token.
    #[error("token {token:?} holds no key called {key:?}")]
    NoKey {
        /// The token.
        token: String,
        /// The key's label.
        key: String,
    },
    /// A key with this label is in the token already, or several are.
    #[error("token {token:?} holds a key called {key:?} already")]
    KeyThere {
        /// The token.
        token: String,
        /// The key's label.
        key: String,
    },
    /// The key must not be used for this.
    #[error("key {key:?} is not fit: {why}")]
    Unfit {
        /// The key's label.
        key: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A public key that belongs to the private key is not in the token, or several are.
    #[error(
        "token {token:?} holds {found} public keys with the CKA_ID of key {key:?}: it takes exactly one, of which npki reads \
         the public key"
    )]
    NoPublicKey {
        /// The token.
        token: String,
        /// The key's label.
        key: String,
        /// How many there are.
        found: usize,
    },
    /// The public key in the token is of another kind than was said, or cannot be read.
    #[error("the public key of {key:?} {why}")]
    OtherKey {
        /// The key's label.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// Tokens are not used with this kind of key.
    #[error("keys of kind {0} are not used in tokens: choose p256, p384, rsa-3072, rsa-4096 or ed25519")]
    UnsupportedAlgorithm(crate::algorithm::KeyAlgorithm),
    /// The token cannot make such a key, or sign in such a way.
    #[error(
        "token {token:?} does not offer {mechanism}, which key {key:?} takes: choose another algorithm or another token"
    )]
    NotOffered {
        /// The token.
        token: String,
        /// The key's label.
        key: String,
        /// The mechanism.
        mechanism: String,
    },
    /// A signature that the token made does not verify.
    #[error(
        "token {token:?} made a signature with key {key:?} that does not verify under its public key: {why}"
    )]
    FalseSignature {
        /// The token.
        token: String,
        /// The key's label.
        key: String,
        /// Why not.
        why: &'static str,
    },
    /// The token failed.
    #[error("token {token:?} failed: {source}")]
    Failed {
        /// The token.
        token: String,
        /// What it said.
        source: cryptoki::error::Error,
    },
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] crate::clock::EntropyError),
}
