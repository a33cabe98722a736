//! The secrets under which values are digested. A national number has so few possible values that its plain digest could be
//! guessed from the store: under a secret, the indexes tell nothing without the master key. Pseudonyms have a secret of their
//! own: an index can be made anew under another secret, a pseudonym that others hold cannot.

use std::sync::OnceLock;

use ca_core::ledger::{Action, Actor};
use ca_core::storage::Table;
use ca_core::subject::IdentityRef;
use ca_core::vault::purpose_of;
use ring::hmac;
use zeroize::Zeroizing;

use crate::fault::{Attempt, Fault, until_settled};
use crate::registry::Registry;

/// The secrets, sealed under a subject of their own, which is never erased.
pub const INDEX_KEYS: Table = Table::octets("index_keys");

/// A secret was made.
pub const MADE: Action = Action::named("index-key.made");

/// What a secret is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Secret {
    /// Indexes of values that could be guessed.
    Indexes,
    /// Sector pseudonyms.
    Pseudonyms,
}

impl Secret {
    const fn place(self) -> &'static str {
        match self {
            Self::Indexes => "current",
            Self::Pseudonyms => "pseudonyms",
        }
    }
}

/// The secrets, each read once. Their `Debug` does not show them.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    indexes: OnceLock<hmac::Key>,
    pseudonyms: OnceLock<hmac::Key>,
}

impl Secrets {
    const fn place(&self, secret: Secret) -> &OnceLock<hmac::Key> {
        match secret {
            Secret::Indexes => &self.indexes,
            Secret::Pseudonyms => &self.pseudonyms,
        }
    }
}

fn subject() -> IdentityRef {
    IdentityRef("system:index".to_owned())
}

impl Registry {
    /// HMAC-SHA-256 under the secret of indexes, over parts, each with its length in front, so that no two lists of parts
    /// read the same. The first part says what the digest is for.
    pub(crate) fn blinded(&self, parts: &[&str]) -> Result<Vec<u8>, Fault> {
        self.digest_under(Secret::Indexes, parts)
    }

    /// The same under one of the secrets.
    pub(crate) fn digest_under(&self, secret: Secret, parts: &[&str]) -> Result<Vec<u8>, Fault> {
        let mut context = hmac::Context::with_key(self.secret(secret)?);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        Ok(context.sign().as_ref().to_vec())
    }

    fn secret(&self, secret: Secret) -> Result<&hmac::Key, Fault> {
        let place = self.secrets.place(secret);
        if let Some(key) = place.get() {
            return Ok(key);
        }
        let key = until_settled(|| self.stored_or_new(secret))?;
        // Whoever came first read the same.
        Ok(place.get_or_init(|| key))
    }

    fn stored_or_new(&self, which: Secret) -> Result<Attempt<hmac::Key, Fault>, Fault> {
        let place = which.place();
        let purpose = purpose_of(INDEX_KEYS, place);
        if let Some(sealed) = self.store().get(INDEX_KEYS, place.as_bytes())? {
            let key = self.vault().open(&subject(), &purpose, &sealed.value)?;
            let key = key.ok_or_else(|| Fault::from(ca_core::vault::VaultError::Erased(subject())))?;
            return Ok(Attempt::Settled(Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))));
        }
        let mut secret = Zeroizing::new([0; 32]);
        self.entropy().fill(secret.as_mut_slice())?;
        let (sealed, change) = self.vault().seal(&subject(), &purpose, secret.as_slice())?;
        let event = self.event(&Actor::system("registry"), MADE, format!("index-key:{place}"))?;
        let change = change.insert(INDEX_KEYS, place, sealed).explained_by(&event);
        Ok(Attempt::of(self.commit(change), || hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice())))
    }
}
