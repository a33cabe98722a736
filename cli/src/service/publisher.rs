//! Keeps what is published fresh: CRLs after every change of status and before they run out, and the installation's
//! own certificates before theirs do. One thread; it owns no state that a restart would miss.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use ca_core::authority::{Authority, CrlWatch};
use ca_core::clock::Clock;
use ca_core::crl::{self, Crl, PublishError};
use ca_core::ledger::{Actor, Position};
use ca_core::storage::{CommitError, Store};
use ocsp_responder::ocsp::Responder;
use time::{Duration, OffsetDateTime};

use super::ServiceError;
use super::offline_crls::OfflineCrls;
use super::rotation::{Credential, OwnCertificate, OwnCertificates};
use super::tls::ServerCertificate;

/// How often the publisher looks whether anything is due. A revocation is in the CRL within this time and the time
/// it takes to sign one.
const TICK: StdDuration = StdDuration::from_millis(250);

/// How old a reservation must be to be abandoned: far longer than any issuance takes.
const ABANDONED: Duration = Duration::minutes(10);
/// How often abandoned reservations are looked for.
const LOOK_FOR_ABANDONED: Duration = Duration::minutes(1);

/// One CA whose CRL is kept fresh.
#[derive(Debug)]
pub(crate) struct PublishedCa {
    pub(crate) authority: Arc<Authority>,
    pub(crate) validity: Duration,
    /// What the newest CRL lacks; `None` when that is not known, as after a crash that may have come between a
    /// revocation and its CRL.
    pub(crate) watch: Option<CrlWatch>,
    /// When half of the newest CRL's life is over; `None` before it was looked up.
    pub(crate) renew_at: Option<OffsetDateTime>,
}

/// One CA's responder, whose certificate is kept fresh.
#[derive(Debug)]
pub(crate) struct KeptResponder {
    pub(crate) which: OwnCertificate,
    pub(crate) responder: Arc<Responder>,
    pub(crate) credential: Credential,
}

/// What the publisher keeps fresh.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cas: Vec<PublishedCa>,
    pub(crate) offline: OfflineCrls,
    pub(crate) own: OwnCertificates,
    pub(crate) responders: Vec<KeptResponder>,
    pub(crate) server: Arc<ServerCertificate>,
    pub(crate) server_credential: Credential,
    /// When to look for abandoned reservations next; begin with the distant past.
    pub(crate) look_for_abandoned_at: OffsetDateTime,
}

impl Publisher {
    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            self.publish_due_crls();
            self.abandon_open_reservations();
            if let Err(error) = self.offline.look(self.store.as_ref(), self.clock.now()) {
                tracing::error!(%error, "the CRLs of offline CAs could not be looked at; it is tried again");
            }
            if let Err(error) = self.rotate() {
                tracing::error!(%error, "an own certificate could not be renewed; it is tried again");
            }
        }
    }

    /// Publishes what is due now.
    pub(crate) fn publish_due_crls(&mut self) {
        let now = self.clock.now();
        for ca in &mut self.cas {
            if let Err(error) = ca.publish_if_due(self.store.as_ref(), now) {
                tracing::error!(ca = %ca.authority.id(), %error, "no CRL published; it is tried again");
            }
        }
    }

    /// Serial numbers that a crash left reserved, of this node or another on the same store.
    fn abandon_open_reservations(&mut self) {
        let now = self.clock.now();
        if now < self.look_for_abandoned_at {
            return;
        }
        self.look_for_abandoned_at = now + LOOK_FOR_ABANDONED;
        for placed in self.own.authorities.iter() {
            let ca = placed.authority.id();
            match placed.authority.abandon_open_reservations(ABANDONED) {
                Ok(0) => {}
                Ok(count) => {
                    tracing::warn!(%ca, count, "serial numbers were reserved and never issued; they are closed")
                }
                Err(error) => {
                    tracing::error!(%ca, %error, "open reservations could not be looked at; it is tried again")
                }
            }
        }
    }

    fn rotate(&mut self) -> Result<(), ServiceError> {
        let now = self.clock.now();
        for kept in &mut self.responders {
            if kept.credential.due(now)? {
                let fresh = self.own.renew(&kept.which)?;
                kept.responder.rotate(&fresh.certificate, fresh.key.clone())?;
                kept.credential = fresh;
            }
        }
        if self.server_credential.due(now)? {
            let fresh = self.own.renew(&OwnCertificate::Server)?;
            self.server.exchange(self.own.presented(&fresh)?, fresh.key.pkcs8())?;
            self.server_credential = fresh;
        }
        Ok(())
    }
}

impl PublishedCa {
    fn publish_if_due(&mut self, store: &dyn Store, now: OffsetDateTime) -> Result<(), PublishError> {
        // Looked up again when it seems due: another node may have published meanwhile.
        if self.renew_at.is_none_or(|at| now >= at) {
            self.renew_at = crl::newest(store, self.authority.id())?.map(|crl| half_life(&crl));
        }
        let lacking = match &mut self.watch {
            Some(watch) => watch.is_due(store)?,
            None => {
                let from = Position(store.ledger_size()?);
                self.watch = Some(CrlWatch::from(self.authority.id().clone(), from));
                true
            }
        };
        let fresh = self.renew_at.is_some_and(|at| now < at);
        if fresh && !lacking {
            return Ok(());
        }
        match self.authority.publish_crl(self.validity, &Actor::system("publisher")) {
            Ok(crl) => {
                self.renew_at = Some(half_life(&crl));
                tracing::info!(ca = %self.authority.id(), number = crl.number, "CRL published");
                Ok(())
            }
            // Another publisher was faster; the next look settles it.
            Err(PublishError::Commit(CommitError::Conflict { .. })) => {
                self.renew_at = None;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn half_life(crl: &Crl) -> OffsetDateTime {
    crl.this_update + (crl.next_update - crl.this_update) / 2
}
