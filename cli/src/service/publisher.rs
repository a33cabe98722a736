//! Keeps what is published fresh: CRLs after every change of status and before they run out, and the installation's
//! own certificates before theirs do. One thread; it owns no state that a restart would miss.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use ca_core::authority::Authority;
use ca_core::clock::Clock;
use ca_core::crl::CrlSchedule;
use ca_core::ledger::Actor;
use ca_core::storage::Store;
use time::{Duration, OffsetDateTime};

use super::ServiceError;
use super::offline_crls::OfflineCrls;
use super::responding::Responding;
use super::rotation::{Credential, OwnCertificate, OwnCertificates};
use super::tls::ServerCertificate;

/// How often the publisher looks whether anything is due.
const TICK: StdDuration = StdDuration::from_millis(250);

/// How old a reservation must be to be abandoned: far longer than any issuance takes.
const ABANDONED: Duration = Duration::minutes(10);
/// How often abandoned reservations are looked for.
const LOOK_FOR_ABANDONED: Duration = Duration::minutes(1);

/// How often it is looked whether an own certificate is due: its key may have been blocked.
const LOOK_FOR_DUE: Duration = Duration::seconds(2);

/// One CA whose CRLs are kept fresh.
#[derive(Debug)]
pub(crate) struct PublishedCa {
    pub(crate) authority: Arc<Authority>,
    pub(crate) schedule: CrlSchedule,
}

/// What the publisher keeps fresh.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cas: Vec<PublishedCa>,
    pub(crate) offline: OfflineCrls,
    pub(crate) own: OwnCertificates,
    pub(super) responders: Responding,
    pub(crate) server: Arc<ServerCertificate>,
    pub(crate) server_credential: Credential,
    /// When to look for abandoned reservations next; begin with the distant past.
    pub(crate) look_for_abandoned_at: OffsetDateTime,
    /// When to look whether an own certificate is due next; begin with the distant past.
    pub(crate) look_for_due_at: OffsetDateTime,
}

impl Publisher {
    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            self.publish_due_crls();
            self.abandon_open_reservations();
            self.complete_responders();
            self.rotate_due();
            if let Err(error) = self.offline.look(self.store.as_ref(), self.clock.now()) {
                tracing::error!(%error, "the CRLs of offline CAs could not be looked at; it is tried again");
            }
        }
    }

    /// Publishes what is due now.
    pub(crate) fn publish_due_crls(&mut self) {
        for PublishedCa { authority, schedule } in &mut self.cas {
            for outcome in authority.publish_due(schedule, &Actor::system("publisher")) {
                match outcome {
                    Ok(crl) => tracing::info!(crl = %crl.name, number = crl.number, "CRL published"),
                    Err(error) => {
                        tracing::error!(ca = %authority.id(), %error, "no CRL published; it is tried again");
                    }
                }
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

    /// A profile may have been changed, so that a CA's certificates name a responder from now on.
    fn complete_responders(&mut self) {
        if let Err(error) = self.responders.complete(&self.own) {
            tracing::error!(%error, "a CA has no OCSP responder yet; it is tried again");
        }
    }

    fn rotate_due(&mut self) {
        let now = self.clock.now();
        if now < self.look_for_due_at {
            return;
        }
        self.look_for_due_at = now + LOOK_FOR_DUE;
        if let Err(error) = self.rotate() {
            tracing::error!(%error, "an own certificate could not be renewed; it is tried again");
        }
    }

    fn rotate(&mut self) -> Result<(), ServiceError> {
        self.responders.rotate(&self.own)?;
        if self.own.due(&self.server_credential)? {
            let fresh = self.own.renew(&OwnCertificate::Server)?;
            self.server.exchange(self.own.presented(&fresh)?, fresh.key.pkcs8())?;
            self.server_credential = fresh;
        }
        Ok(())
    }
}
