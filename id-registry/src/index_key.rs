//! The secret under which low-entropy values are digested for indexes: a national number has so few possible values
//! that its plain digest could be guessed from the store. Under this secret, the indexes tell nothing without the
//! master key.

use ca_core::ledger::{Action, Actor};
use ca_core::storage::Table;
use ca_core::subject::IdentityRef;
use ca_core::vault::purpose_of;
use ring::hmac;
use zeroize::Zeroizing;

use crate::fault::{Attempt, Fault, until_settled};
use crate::registry::Registry;

/// The secret of indexes, sealed under a subject of its own, which is never erased.
pub const INDEX_KEYS: Table = Table::octets("index_keys");

/// The secret of indexes was made.
pub const MADE: Action = Action::named("index-key.made");

const PLACE: &str = "current";

fn subject() -> IdentityRef {
    IdentityRef("system:index".to_owned())
}

impl Registry {
    /// HMAC-SHA-256 under the installation's secret, over parts, each with its length in front, so that no two lists of
    /// parts read the same.
    pub(crate) fn blinded(&self, parts: &[&str]) -> Result<Vec<u8>, Fault> {
        let mut context = hmac::Context::with_key(self.index_key()?);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        Ok(context.sign().as_ref().to_vec())
    }

    fn index_key(&self) -> Result<&hmac::Key, Fault> {
        if let Some(key) = self.index_key.get() {
            return Ok(key);
        }
        let key = until_settled(|| self.stored_or_new_index_key())?;
        // Whoever came first read the same.
        Ok(self.index_key.get_or_init(|| key))
    }

    fn stored_or_new_index_key(&self) -> Result<Attempt<hmac::Key, Fault>, Fault> {
        let purpose = purpose_of(INDEX_KEYS, PLACE);
        if let Some(sealed) = self.store().get(INDEX_KEYS, PLACE.as_bytes())? {
            let key = self.vault().open(&subject(), &purpose, &sealed.value)?;
            let key = key.ok_or_else(|| Fault::from(ca_core::vault::VaultError::Erased(subject())))?;
            return Ok(Attempt::Settled(Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))));
        }
        let mut secret = Zeroizing::new([0; 32]);
        self.entropy().fill(secret.as_mut_slice())?;
        let (sealed, change) = self.vault().seal(&subject(), &purpose, secret.as_slice())?;
        let event = self.event(&Actor::system("registry"), MADE, "index-key:current")?;
        let change = change.insert(INDEX_KEYS, PLACE, sealed).explained_by(&event);
        Ok(Attempt::of(self.commit(change), || hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice())))
    }
}
