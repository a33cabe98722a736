//! The installation's trusted list: its settings, its key, and making it anew whenever it would say something else.

mod key;
mod live;
mod settings;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use ca_core::clock::Clock;
use ocsp_responder::trusted_list::keeping::Wanted;
use ocsp_responder::trusted_list::signature::ListSigner;
use ocsp_responder::trusted_list::{TrustedListKeeper, TrustedLists};

use self::live::Installed;
use super::ServiceError;
use super::complaint::Complaint;
use super::hierarchy::OpenedHierarchy;
use super::key_folder::KeyFolder;
use super::serve::Foundation;
use super::settings::Settings;

pub(crate) use key::{accept_signer, request_signer};
pub(super) use settings::LooseTrustedList;
pub(crate) use settings::TrustedListSettings;

/// How often it is looked whether the list would say something else.
const TICK: StdDuration = StdDuration::from_secs(1);

/// Makes the list, and publishes what the store holds of it.
#[derive(Debug)]
pub(super) struct ListMaker {
    settings: Settings,
    wanted: TrustedListSettings,
    installed: Installed,
    keys: KeyFolder,
    keeper: TrustedListKeeper,
    published: Arc<TrustedLists>,
    clock: Arc<dyn Clock>,
    signer: Option<ListSigner>,
    complaint: Complaint,
}

impl ListMaker {
    /// `None` where `npki.toml` asks for no list.
    ///
    /// # Errors
    /// The settings name a CA that is not there.
    pub(super) fn of(
        settings: &Settings,
        hierarchy: &OpenedHierarchy,
        foundation: &Foundation,
        keys: &KeyFolder,
        published: &Arc<TrustedLists>,
    ) -> Result<Option<Self>, ServiceError> {
        let Some(wanted) = settings.trusted_list.clone() else { return Ok(None) };
        let path = settings.data.join(super::settings::FILE);
        wanted.check_names(hierarchy.planned()).map_err(|why| ServiceError::Settings { path, why })?;
        Ok(Some(Self {
            installed: Installed::of(hierarchy, foundation, &wanted),
            settings: settings.clone(),
            wanted,
            keys: keys.clone(),
            keeper: TrustedListKeeper::new(
                Arc::clone(&foundation.store),
                Arc::clone(&foundation.clock),
                foundation.ledger(),
            ),
            published: Arc::clone(published),
            clock: Arc::clone(&foundation.clock),
            signer: None,
            complaint: Complaint::of(
                "the trusted list is not made; it is tried again",
                "the trusted list is made again",
            ),
        }))
    }

    /// Works until `stop` says so or is dropped.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            let outcome = self.turn().map_err(|error| error.to_string());
            self.complaint.hears(outcome);
        }
    }

    fn turn(&mut self) -> Result<(), ServiceError> {
        let made = self.make();
        // What another node made, or this one before it was started anew, is published whatever came of that.
        let territory = &self.wanted.scheme.territory;
        if let Some(kept) = self.keeper.kept(territory)?
            && self.published.find(territory).is_none_or(|known| known.sequence < kept.list.sequence)
        {
            self.published
                .publish(&kept)
                .map_err(|error| ServiceError::Refused(format!("the list is no JSON: {error}")))?;
        }
        made
    }

    fn make(&mut self) -> Result<(), ServiceError> {
        self.take_signer()?;
        let Some(signer) = &self.signer else {
            let data = self.settings.data.display();
            return Err(ServiceError::Refused(format!(
                "nobody signs it: npki trust request --data {data} makes a key and asks for its certificate"
            )));
        };
        if self.installed.is_revoked(signer.certificate())? {
            return Err(ServiceError::Refused(
                "the certificate that signs it is revoked: have another key certified, npki trust request"
                    .to_owned(),
            ));
        }
        let wanted = Wanted {
            scheme: self.wanted.scheme.clone(),
            provider: self.wanted.provider.clone(),
            live: self.installed.services(self.clock.now())?,
            lifetime: self.wanted.lifetime,
            least_number: self.wanted.first_number,
        };
        let issued = self
            .keeper
            .issue_due(&wanted, signer)
            .map_err(|error| ServiceError::Refused(error.to_string()))?;
        if let Some(kept) = issued {
            let services = kept.list.services().count();
            tracing::info!(number = kept.list.sequence, services, "the trusted list was made");
        }
        Ok(())
    }

    /// Goes over to a certificate that was accepted.
    fn take_signer(&mut self) -> Result<(), ServiceError> {
        let Some(certificate) = key::certificate_in_use(&self.settings)? else { return Ok(()) };
        if self.signer.as_ref().is_none_or(|signer| signer.certificate() != certificate) {
            self.signer = Some(key::opened(certificate, &self.keys)?);
        }
        Ok(())
    }
}
