//! What a responder does all the time: follows the feed, takes files that are brought in, goes over to new certificates.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ca_core::certificate::CaId;
use ca_core::status::feed::{Acceptance, HeldStatus, NotTaken, Taken};
use ocsp_responder::ocsp::{Responder, Responders};

use super::credentials::Credentials;
use super::settings::ResponderSettings;
use super::state::{FeedState, verified};
use super::{incoming, responder};
use crate::client::{FeedClient, Following};
use crate::failure::Failure;
use crate::service::ServiceError;
use crate::service::complaint::Complaint;

/// How often it is looked whether something was brought in.
const TICK: Duration = Duration::from_millis(250);
/// How often it is looked whether there are other certificates.
const LOOK_FOR_CERTIFICATES: Duration = Duration::from_secs(1);
/// How long an answer of the feed may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a snapshot is fetched at most, once there is one: it may be large.
const BETWEEN_SNAPSHOTS: Duration = Duration::from_secs(60);

/// Follows.
#[derive(Debug)]
pub(super) struct Keeper {
    settings: ResponderSettings,
    state: FeedState,
    held: Arc<HeldStatus>,
    client: Option<FeedClient>,
    credentials: Credentials,
    responders: Arc<Responders>,
    /// Those that answer, and with which certificate.
    answering: BTreeMap<CaId, (Arc<Responder>, Vec<u8>)>,
    poll_at: Instant,
    look_at: Instant,
    snapshot_at: Instant,
    /// What is wrong with the feed, told once, and not each second.
    about_feed: Complaint,
    /// The same of the certificates.
    about_certificates: Complaint,
}

/// Why nothing was taken of the feed.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    #[error("{0}")]
    Unanswered(#[from] Failure),
    #[error("{0}")]
    Refused(#[from] NotTaken),
}

impl Keeper {
    pub(super) fn new(
        settings: ResponderSettings,
        state: FeedState,
        credentials: Credentials,
    ) -> Result<Self, ServiceError> {
        let client = |url: &url::Url| FeedClient::new(url.clone(), settings.trust.as_deref(), PATIENCE);
        let now = Instant::now();
        Ok(Self {
            client: settings.url.as_ref().map(client).transpose()?,
            held: Arc::clone(state.held()),
            settings,
            state,
            credentials,
            responders: Arc::default(),
            answering: BTreeMap::new(),
            poll_at: now,
            look_at: now,
            snapshot_at: now,
            about_feed: Complaint::of(
                "the feed is not heard; answers go on with what is held",
                "the feed is heard",
            ),
            about_certificates: Complaint::of(
                "a responder certificate cannot be used",
                "the responder certificates are in use",
            ),
        })
    }

    /// Those that answer: a share that grows with them.
    pub(super) const fn responders(&self) -> &Arc<Responders> {
        &self.responders
    }

    /// Works until `stop` says so or is dropped.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            self.turn();
        }
    }

    /// Does what is due.
    pub(super) fn turn(&mut self) {
        let now = Instant::now();
        if let Err(error) = incoming::bring_in(&self.settings.data.join("incoming"), &mut self.state) {
            tracing::error!(%error, "what was brought in cannot be read; it is tried again");
        }
        if now >= self.poll_at {
            self.poll_at = now + self.settings.poll;
            let heard = self.follow().map_err(|why| why.to_string());
            self.about_feed.hears(heard);
        }
        if now >= self.look_at {
            self.look_at = now + LOOK_FOR_CERTIFICATES;
            let looked = self.certificates().map_err(|error| error.to_string());
            self.about_certificates.hears(looked);
        }
    }

    /// Asks for what is new until there is nothing left.
    fn follow(&mut self) -> Result<(), Unheard> {
        if self.client.is_none() {
            return Ok(());
        }
        if self.held.place().is_none() || (self.state.wants_snapshot() && self.is_time_for_snapshot()) {
            self.snapshot()?;
        }
        while self.step()? == Progress::More {}
        Ok(())
    }

    fn step(&mut self) -> Result<Progress, Unheard> {
        let (Some(client), Some(place)) = (&self.client, self.held.place()) else {
            return Ok(Progress::Level);
        };
        let Following::Message(octets) = client.after(&place)? else {
            return self.begin_anew(NotTaken::OtherHistory(place.position));
        };
        let message = verified(&octets, &self.settings.keys).map_err(NotTaken::from)?;
        let level = message.head().level.is_some();
        match self.state.take(&message, Acceptance::Continuing) {
            Ok(Taken::Changes) if !level => Ok(Progress::More),
            // A cache on the way has given what was heard before.
            Ok(_) | Err(NotTaken::Older { .. }) => Ok(Progress::Level),
            Err(refused @ (NotTaken::OtherCas | NotTaken::Gap { .. } | NotTaken::OtherHistory(_))) => {
                self.begin_anew(refused)
            }
            Err(refused) => Err(refused.into()),
        }
    }

    /// What comes does not continue what is held: a snapshot may.
    fn begin_anew(&mut self, why: NotTaken) -> Result<Progress, Unheard> {
        if !self.is_time_for_snapshot() {
            return Err(why.into());
        }
        self.snapshot().map(|()| Progress::Level)
    }

    fn is_time_for_snapshot(&self) -> bool {
        Instant::now() >= self.snapshot_at
    }

    fn snapshot(&mut self) -> Result<(), Unheard> {
        let Some(client) = &self.client else { return Ok(()) };
        let octets = client.snapshot()?;
        let message = verified(&octets, &self.settings.keys).map_err(NotTaken::from)?;
        // Where nothing is held, the next one may be tried at once.
        if self.held.place().is_some() {
            self.snapshot_at = Instant::now() + BETWEEN_SNAPSHOTS;
        }
        self.state.take(&message, Acceptance::Continuing)?;
        tracing::info!(
            until = message.head().until.position,
            octets = octets.len(),
            "a snapshot of the feed was taken"
        );
        Ok(())
    }

    /// Opens responders for CAs that have come, and goes over to certificates that were accepted.
    fn certificates(&mut self) -> Result<(), ServiceError> {
        for ca in self.held.cas().into_keys() {
            let Some(certificate) = self.credentials.certificate(&ca)? else { continue };
            let answering = self.answering.get(&ca);
            if answering.is_some_and(|(_, used)| *used == certificate) {
                continue;
            }
            let pair = self.credentials.pair(&ca, certificate.clone())?;
            let responder = match answering {
                Some((responder, _)) => {
                    responder.rotate(&pair.certificate, pair.key)?;
                    Arc::clone(responder)
                }
                None => {
                    let fresh = Arc::new(responder(&self.settings, &self.held, &ca, &pair)?);
                    self.responders.add(Arc::clone(&fresh));
                    fresh
                }
            };
            tracing::info!(%ca, until = %responder.certificate_ends(), "answering with a new certificate");
            self.answering.insert(ca, (responder, certificate));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    More,
    Level,
}
