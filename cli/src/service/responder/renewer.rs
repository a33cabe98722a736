//! Renews the responder's certificates by itself: from half of a life on it asks the installation for the next one, with a key
//! that is new and a statement that the present one signs.
//!
//! On a thread of its own, as the installation may be slow to answer, or not there. What is wrong is said where operators look:
//! in the log, at `/readyz`, in the metrics.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SystemClock, SystemEntropy, in_words};
use ca_core::status::feed::HeldStatus;
use id_registry::responders::renewal_statement;
use ocsp_responder::http::RenewalState;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::credentials::{Credentials, OneRequest, Pair};
use super::responder;
use super::settings::{Renewal, ResponderSettings};
use crate::client::Client;
use crate::context::{Anchor, Anchors};
use crate::failure::Failure;
use crate::files::{MAX_OBJECT, Readers, replace};
use crate::service::{ServiceError, files};

/// How often it is looked whether a certificate is to be renewed, and tried again.
const LOOK: Duration = Duration::from_secs(60);
/// How often what stays wrong is said again.
const SAY_AGAIN: Duration = Duration::from_secs(3600);
/// How long the installation may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Renews.
#[derive(Debug)]
pub(super) struct Renewer {
    settings: ResponderSettings,
    held: Arc<HeldStatus>,
    credentials: Credentials,
    state: Arc<RenewalState>,
    said: Option<(String, Instant)>,
}

/// A certificate, as the installation tells of it.
#[derive(Debug, Deserialize)]
struct Certified {
    certificate: String,
}

impl Renewer {
    pub(super) fn new(
        settings: ResponderSettings,
        held: Arc<HeldStatus>,
        credentials: Credentials,
        state: Arc<RenewalState>,
    ) -> Self {
        Self { settings, held, credentials, state, said: None }
    }

    /// Works until `stop` says so or is dropped.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        loop {
            self.turn();
            if !matches!(stop.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
                return;
            }
        }
    }

    fn turn(&mut self) {
        let mut wrong = Vec::new();
        for ca in self.held.cas().into_keys() {
            if let Err(why) = self.renew_if_due(&ca) {
                wrong.push(why);
            }
        }
        let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        self.say(wrong.clone());
        self.state.is(wrong);
    }

    /// Once when it changes, and each hour while it lasts.
    fn say(&mut self, wrong: Option<String>) {
        match wrong {
            Some(why) => {
                let said = self.said.as_ref();
                if said.is_none_or(|(before, at)| *before != why || at.elapsed() > SAY_AGAIN) {
                    tracing::error!(%why, "a responder certificate is not renewed");
                    self.said = Some((why, Instant::now()));
                }
            }
            None if self.said.take().is_some() => tracing::info!("the responder certificates last"),
            None => {}
        }
    }

    fn renew_if_due(&self, ca: &CaId) -> Result<(), String> {
        let Some(present) = self.credentials.certificate(ca).map_err(|error| error.to_string())? else {
            return Ok(());
        };
        let (start, end) =
            period(&present).ok_or_else(|| format!("the certificate for {ca} cannot be read"))?;
        if SystemClock.now() < start + (end - start) / 2 {
            return Ok(());
        }
        self.renew(ca, present).map_err(|why| {
            let data = self.settings.data.display();
            format!(
                "the certificate for {ca} ends {}: {why}; by hand: npki responder request --data {data}",
                in_words(end)
            )
        })
    }

    fn renew(&self, ca: &CaId, present: Vec<u8>) -> Result<(), String> {
        let Some(renewal) = &self.settings.renewal else {
            return Err("nobody renews it, as [renewal] url is not set".to_owned());
        };
        let pair = self.credentials.pair(ca, present).map_err(|error| error.to_string())?;
        let next = self.next(ca).map_err(|error| error.to_string())?;
        let name = &self.settings.name;
        let statement = renewal_statement(pair.key.as_ref(), &pair.certificate, (ca, name), &next.csr)
            .map_err(|error| error.to_string())?;
        let certificate = self.certified(renewal, ca, &statement).map_err(|failure| {
            let [what, cause, _] = failure.sentences();
            format!("{what}: {cause} ({})", failure.code())
        })?;
        self.take(ca, &certificate).map_err(|error| error.to_string())
    }

    /// The key and request that wait for their certificate, or new ones: who asks again is given the same certificate.
    fn next(&self, ca: &CaId) -> Result<OneRequest, ServiceError> {
        let path = self.waiting(ca);
        if let Some(csr) = files::if_there(&path, std::fs::read_to_string(&path))? {
            return Ok(OneRequest { ca: ca.clone(), csr });
        }
        let request = self.credentials.new_request(ca)?;
        replace(&path, request.csr.as_bytes(), Readers::Owner)?;
        Ok(request)
    }

    fn certified(&self, renewal: &Renewal, ca: &CaId, statement: &str) -> Result<Vec<u8>, Failure> {
        let client = Client::of_nobody(&renewal.url, &self.anchors(renewal)?, PATIENCE)?;
        let path = ["cas", ca.as_str(), "responders", "renewals"];
        let Certified { certificate } =
            client.change(&path, &json!({ "statement": statement }), &SystemEntropy)?;
        let block = pem::parse(certificate).map_err(|error| {
            Failure::of(&crate::failure::catalogue::ANSWER).cause(format!("no PEM certificate: {error}"))
        })?;
        Ok(block.into_contents())
    }

    /// To what the installation's HTTPS certificate must lead: the file that is named, or the CAs that the feed tells of.
    fn anchors(&self, renewal: &Renewal) -> Result<Anchors, Failure> {
        if let Some(file) = &renewal.trust {
            return Anchors::parse(&crate::files::read(file, MAX_OBJECT)?);
        }
        let mut all: Option<Anchors> = None;
        for der in self.held.cas().into_values() {
            let one = Anchors::of(Anchor::from_der(&der)?);
            all = Some(match all {
                Some(before) => before.and(one),
                None => one,
            });
        }
        all.ok_or_else(|| Failure::of(&crate::failure::catalogue::NO_TRUST))
    }

    /// Takes it into use, if it may answer for the CA; the one before goes on counting else.
    fn take(&self, ca: &CaId, certificate: &[u8]) -> Result<(), ServiceError> {
        let pair = self.credentials.pair(ca, certificate.to_vec())?;
        responder(&self.settings, &self.held, ca, &pair)?;
        self.credentials.store(ca, &pair)?;
        let Pair { certificate, .. } = &pair;
        if let Some((_, end)) = period(certificate) {
            tracing::info!(%ca, until = %in_words(end), "the responder certificate was renewed");
        }
        let path = self.waiting(ca);
        std::fs::remove_file(&path).map_err(files::at(&path))
    }

    fn waiting(&self, ca: &CaId) -> PathBuf {
        self.settings.data.join(format!("state/renewal-{ca}.csr"))
    }
}

fn period(certificate: &[u8]) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.to_datetime(), validity.not_after.to_datetime()))
}
