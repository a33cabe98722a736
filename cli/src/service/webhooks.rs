//! Webhooks are sent by the service itself: who has something to send has a thread for it, so that a receiver that is slow, or
//! away, holds up nobody else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration as StdDuration;

use id_registry::Registry;
use id_registry::id::WebhookId;
use id_registry::webhook::{Address, Carrier, Followed, Message, Shift, Turn, Undelivered, Why};
use serde::Deserialize;
use time::Duration;

use super::ServiceError;
use super::hierarchy::OpenedHierarchy;
use super::settings::bounded;
use crate::client::{client_builder, is_distrust, tls};
use crate::context::{Anchor, Anchors};
use crate::files;

/// How often it is looked whether anything is to be sent.
const TICK: StdDuration = StdDuration::from_millis(250);

/// How many webhooks are sent at the same time; the others wait for a place.
const AT_ONCE: usize = 32;

/// How long a receiver may take for one message (Standard Webhooks advises 15 to 30 seconds).
const PATIENCE: StdDuration = StdDuration::from_secs(15);

/// `[webhooks]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseWebhooks {
    days: u32,
    trust: Option<PathBuf>,
}

impl Default for LooseWebhooks {
    fn default() -> Self {
        Self { days: 5, trust: None }
    }
}

/// How long receivers are tried, and whom they lead to.
#[derive(Debug, Clone)]
pub(crate) struct WebhookSettings {
    /// How long a webhook is tried whose receiver takes nothing.
    pub(crate) patience: Duration,
    /// A file of CA certificates, PEM, to which receivers' certificates may lead besides the installation's own roots.
    trust: Option<PathBuf>,
}

impl LooseWebhooks {
    /// Checks it; the path starts at `data`.
    pub(super) fn check(self, data: &Path) -> Result<WebhookSettings, String> {
        let days = bounded(self.days, 1, 365, "webhooks.days")?;
        Ok(WebhookSettings {
            patience: Duration::days(days.into()),
            trust: self.trust.map(|file| data.join(file)),
        })
    }
}

impl WebhookSettings {
    /// To what receivers' certificates must lead.
    pub(super) fn anchors(&self, hierarchy: &OpenedHierarchy) -> Result<Anchors, ServiceError> {
        let own = hierarchy.roots().map(|(_, root)| Anchor::from_der(root));
        let more = self.trust.iter().map(|file| Anchors::parse(&files::read(file, files::MAX_OBJECT)?));
        let own = own.collect::<Result<Anchors, _>>().map_err(ServiceError::Unwritten)?;
        more.into_iter().try_fold(own, |all, more| Ok(all.and(more?))).map_err(ServiceError::Unwritten)
    }
}

/// Sends what webhooks have to tell.
#[derive(Debug)]
pub(crate) struct WebhookKeeper {
    registry: Arc<Registry>,
    /// What other nodes know this one by.
    node: String,
    /// Set when the service ends: what is under way is finished, nothing more is begun.
    ends: Arc<AtomicBool>,
    followed: BTreeMap<WebhookId, Followed>,
    at_work: BTreeMap<WebhookId, JoinHandle<Followed>>,
}

impl WebhookKeeper {
    pub(crate) fn new(registry: Arc<Registry>, node: String) -> Self {
        let (followed, at_work) = (BTreeMap::new(), BTreeMap::new());
        Self { registry, node, ends: Arc::default(), followed, at_work }
    }

    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            self.collect();
            match self.registry.webhooks_due(&self.node) {
                Ok(due) => due.into_iter().for_each(|id| self.send_of(id)),
                Err(error) => tracing::error!(%error, "webhooks cannot be read; it is tried again"),
            }
        }
        self.ends.store(true, Ordering::Relaxed);
        for (_, at_work) in std::mem::take(&mut self.at_work) {
            let _ = at_work.join();
        }
    }

    /// Takes back what those knew that have ended.
    fn collect(&mut self) {
        let ended: Vec<WebhookId> =
            self.at_work.iter().filter(|(_, at_work)| at_work.is_finished()).map(|(id, _)| *id).collect();
        for id in ended {
            match self.at_work.remove(&id).map(JoinHandle::join) {
                Some(Ok(followed)) => drop(self.followed.insert(id, followed)),
                Some(Err(_)) => tracing::error!(webhook = %id, "sending broke off; it is tried again"),
                None => {}
            }
        }
    }

    fn send_of(&mut self, id: WebhookId) {
        if self.at_work.contains_key(&id) || self.at_work.len() >= AT_ONCE {
            return;
        }
        let (registry, node, ends) = (Arc::clone(&self.registry), self.node.clone(), Arc::clone(&self.ends));
        let mut followed = self.followed.remove(&id).unwrap_or_default();
        let sending = move || {
            send(&registry, id, &mut followed, Shift { node: &node, ends: &ends });
            followed
        };
        self.at_work.insert(id, std::thread::spawn(sending));
    }
}

/// Sends of one webhook until nothing waits, or something is not taken.
fn send(registry: &Registry, id: WebhookId, followed: &mut Followed, shift: Shift<'_>) {
    while !shift.ends.load(Ordering::Relaxed) {
        match registry.carry_on_webhook(id, followed, shift) {
            Ok(Turn::Taken(_)) => {}
            Ok(Turn::Nothing) => return,
            Ok(Turn::Failed(error)) => {
                return tracing::warn!(webhook = %id, %error, "a receiver did not take a message; it is sent again");
            }
            Err(error) => {
                return tracing::error!(webhook = %id, %error, "a webhook could not be sent; it is tried again");
            }
        }
    }
}

/// Carries messages over HTTPS.
#[derive(Debug)]
pub(crate) struct HttpCarrier {
    runtime: tokio::runtime::Handle,
    /// Over the network, by a proxy where the environment names one.
    away: reqwest::Client,
    /// On this machine.
    here: reqwest::Client,
}

impl HttpCarrier {
    /// A carrier that trusts receivers whose certificates lead to these anchors.
    pub(crate) fn new(anchors: &Anchors, runtime: tokio::runtime::Handle) -> Result<Self, ServiceError> {
        let unusable = |error: reqwest::Error| ServiceError::Tls(error.to_string());
        let tls = tls::pinned(anchors, None).map_err(ServiceError::Unwritten)?;
        let away = client_builder(tls.clone(), PATIENCE).build().map_err(unusable)?;
        let here = client_builder(tls, PATIENCE).no_proxy().build().map_err(unusable)?;
        Ok(Self { runtime, away, here })
    }
}

impl Carrier for HttpCarrier {
    fn carry(&self, address: &Address, message: &Message) -> Result<(), Undelivered> {
        let client = if address.is_local() { &self.here } else { &self.away };
        let request = client
            .post(address.url().clone())
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", &message.signature)
            .body(message.body.clone());
        match self.runtime.block_on(async { request.send().await }) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Undelivered::answered(answer.status().as_u16())),
            Err(error) if error.is_timeout() => Err(Undelivered::unanswered(Why::TimedOut)),
            Err(error) if is_distrust(&error) => Err(Undelivered::unanswered(Why::Untrusted)),
            Err(_) => Err(Undelivered::unanswered(Why::Unreachable)),
        }
    }
}

/// Nobody is told anything while an installation is founded.
#[derive(Debug)]
pub(super) struct NobodyCarries;

impl Carrier for NobodyCarries {
    fn carry(&self, _: &Address, _: &Message) -> Result<(), Undelivered> {
        Err(Undelivered::unanswered(Why::Unreachable))
    }
}
