//! The key that opens what is in packets. Its public half goes to officers' machines, the secret never leaves the registry.

use ca_core::backup::{Identity, new_identity};
use ca_core::ledger::Actor;
use ca_core::letter;
use ca_core::storage::StorageError;
use ca_core::subject::IdentityRef;
use ca_core::vault::{VaultError, purpose_of};

use super::{KEY_MADE, PACKET_KEYS, Terms};
use crate::fault::{Attempt, Fault, until_settled};
use crate::permission::{ImportPackets, Permit};
use crate::registry::Registry;

const PLACE: &str = "current";

fn subject() -> IdentityRef {
    IdentityRef("system:packets".to_owned())
}

impl Registry {
    /// What an officer's machine has to know to enrol without a network.
    ///
    /// # Errors
    /// Key or store failed.
    pub fn packet_terms(&self, permit: &Permit<ImportPackets>) -> Result<Terms, Fault> {
        let settings = self.settings();
        Ok(Terms {
            registry: settings.registry_url.to_string(),
            recipient: self.packet_key()?.recipient().to_string(),
            officer: permit.staff(),
            days: u32::try_from(settings.packet_age.whole_days()).unwrap_or(u32::MAX),
            evidence: settings.assurance.text().to_owned(),
            at: self.now(),
        })
    }

    pub(super) fn packet_key(&self) -> Result<Identity, Fault> {
        until_settled(|| self.stored_or_new_packet_key())
    }

    fn stored_or_new_packet_key(&self) -> Result<Attempt<Identity, Fault>, Fault> {
        let damaged = |_| StorageError("the key of packets is damaged".to_owned());
        let purpose = purpose_of(PACKET_KEYS, PLACE);
        if let Some(sealed) = self.store().get(PACKET_KEYS, PLACE.as_bytes())? {
            let secret = self.vault().open(&subject(), &purpose, &sealed.value)?;
            let secret = secret.ok_or_else(|| Fault::from(VaultError::Erased(subject())))?;
            let text = std::str::from_utf8(&secret).unwrap_or_default();
            return Ok(Attempt::Settled(Ok(letter::reader(text).map_err(damaged)?)));
        }
        let new = new_identity(self.parts.clock.as_ref());
        let identity = letter::reader(&new.file).map_err(damaged)?;
        let (sealed, change) = self.vault().seal(&subject(), &purpose, new.file.as_bytes())?;
        let event = self.event(&Actor::system("registry"), KEY_MADE, "packet-key:current")?;
        let event = event.with("recipient", new.recipient.to_string());
        let change = change.insert(PACKET_KEYS, PLACE, sealed).explained_by(&event);
        Ok(Attempt::of(self.commit(change), || identity))
    }
}
