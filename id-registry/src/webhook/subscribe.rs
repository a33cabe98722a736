//! Adding, pausing, resuming and ending webhooks, and changing their secrets.

use ca_core::ledger::{Action, Actor, Event, Position};
use ca_core::storage::{Change, StorageError, Version};
use ca_core::subject::IdentityRef;
use ca_core::vault::{SealedText, VaultError, purpose_of_field};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{
    ADDED, Address, ENDED, Kind, PAUSED, RESUMED, SECRET_ROTATED, State, Stopped, WEBHOOKS, Webhook,
    WebhookError, WebhookSecret,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind, WebhookId};
use crate::identity::{FieldError, demand_kind, reason_line};
use crate::permission::{ManageWebhooks, Permit};
use crate::record::{self, encode};
use crate::registry::Registry;
use crate::words::words;

/// How long messages are signed under a former secret as well.
const BOTH_SECRETS: Duration = Duration::hours(24);

/// A webhook as entered: nothing in it is checked yet.
#[derive(Debug, Clone)]
pub struct NewWebhook<'a> {
    /// The organisation that is told.
    pub organisation: IdentityId,
    /// Where.
    pub address: &'a str,
    /// What it is told of, by names of [`Kind`].
    pub kinds: &'a [String],
    /// Why. It stays in the ledger for good: no personal data.
    pub reason: &'a str,
}

words! {
    /// What becomes of a secret that is replaced.
    Former {
        /// Messages are signed under it too, for a while.
        SignsOn = "signs-on",
        /// It is in wrong hands, and nothing is signed under it any more.
        Ends = "ends",
    }
}

/// The secret before the present one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerSecret {
    secret: SealedText,
    /// Until when messages are signed under it too, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// Secrets are the installation's own: no erasure reaches them.
fn subject() -> IdentityRef {
    IdentityRef("system:webhooks".to_owned())
}

fn purpose(id: WebhookId) -> String {
    purpose_of_field(WEBHOOKS, id, "secret")
}

impl Registry {
    /// Adds a webhook: its organisation is told what happens from now on. Its secret is given out here and never again.
    ///
    /// # Errors
    /// A field does not fit, it is no active organisation, or the registry failed.
    pub fn add_webhook(
        &self,
        permit: &Permit<ManageWebhooks>,
        new: &NewWebhook<'_>,
    ) -> Result<(Webhook, WebhookSecret), WebhookError> {
        let reason = reason_line("reason", new.reason)?;
        let address = Address::read(new.address)?;
        let kinds = kinds(new.kinds)?;
        demand_kind(new.organisation, IdentityKind::Organisation)?;
        until_settled(|| {
            self.identity_record(new.organisation)?.0.demand_active()?;
            let id = WebhookId::draw(self.entropy()).map_err(Fault::from)?;
            let secret = WebhookSecret::draw(self.entropy()).map_err(Fault::from)?;
            let (sealed, stands) = self.sealed_secret(id, &secret)?;
            let begins = Position(self.store().ledger_size()?);
            let webhook = Webhook {
                id,
                organisation: new.organisation,
                address: address.clone(),
                kinds: kinds.clone(),
                state: State::Active,
                stopped: None,
                added_at: self.now(),
                added_by: permit.staff(),
                cursor: begins,
                delivered: 0,
                last: None,
                failing: None,
                sending: None,
                told: begins,
                secret: Some(sealed),
                former_secret: None,
            };
            let event = self.event(&permit.actor(), ADDED, webhook.about())?;
            let event = told(event, &webhook).because(reason.clone());
            let change = stands.insert(WEBHOOKS, id.to_string(), encode(&webhook)?).explained_by(&event);
            Ok(Attempt::of(self.commit(change), || (webhook, secret)))
        })
    }

    /// Stops sending; what happens meanwhile is told when the webhook is resumed. A message that is under way arrives.
    ///
    /// # Errors
    /// No such webhook, it is paused or was ended, no reason, or the registry failed.
    pub fn pause_webhook(
        &self,
        permit: &Permit<ManageWebhooks>,
        id: WebhookId,
        reason: &str,
    ) -> Result<Webhook, WebhookError> {
        let reason = reason_line("reason", reason)?;
        self.change_webhook(&permit.actor(), id, (PAUSED, &reason), |webhook, _| {
            demand_other(webhook, State::Paused)?;
            webhook.state = State::Paused;
            webhook.stopped = Some(self.stopped(&permit.actor(), &reason));
            Ok(Change::new())
        })
    }

    /// Goes on where it stopped.
    ///
    /// # Errors
    /// No such webhook, it is active or was ended, its organisation is not active, no reason, or the registry failed.
    pub fn resume_webhook(
        &self,
        permit: &Permit<ManageWebhooks>,
        id: WebhookId,
        reason: &str,
    ) -> Result<Webhook, WebhookError> {
        let reason = reason_line("reason", reason)?;
        self.change_webhook(&permit.actor(), id, (RESUMED, &reason), |webhook, _| {
            demand_other(webhook, State::Active)?;
            self.identity_record(webhook.organisation)?.0.demand_active()?;
            webhook.state = State::Active;
            (webhook.stopped, webhook.failing) = (None, None);
            Ok(Change::new())
        })
    }

    /// Ends a webhook for good; its secret is forgotten.
    ///
    /// # Errors
    /// No such webhook, it was ended, no reason, or the registry failed.
    pub fn end_webhook(
        &self,
        permit: &Permit<ManageWebhooks>,
        id: WebhookId,
        reason: &str,
    ) -> Result<Webhook, WebhookError> {
        let reason = reason_line("reason", reason)?;
        self.change_webhook(&permit.actor(), id, (ENDED, &reason), |webhook, _| {
            webhook.state = State::Ended;
            webhook.stopped = Some(self.stopped(&permit.actor(), &reason));
            (webhook.secret, webhook.former_secret) = (None, None);
            (webhook.sending, webhook.failing) = (None, None);
            Ok(Change::new())
        })
    }

    /// Gives a webhook a new secret. For [24 hours](BOTH_SECRETS) messages are signed under both, so that the receiver can
    /// change over; where the former one is in wrong hands, under the new one alone from now on.
    ///
    /// # Errors
    /// No such webhook, it was ended, no reason, or the registry failed.
    pub fn rotate_webhook_secret(
        &self,
        permit: &Permit<ManageWebhooks>,
        id: WebhookId,
        former: Former,
        reason: &str,
    ) -> Result<(Webhook, WebhookSecret), WebhookError> {
        let reason = reason_line("reason", reason)?;
        let secret = WebhookSecret::draw(self.entropy()).map_err(Fault::from)?;
        let until = self.now() + BOTH_SECRETS;
        let webhook =
            self.change_webhook(&permit.actor(), id, (SECRET_ROTATED, &reason), |webhook, event| {
                let (sealed, stands) = self.sealed_secret(id, &secret)?;
                let before = webhook.secret.replace(sealed);
                webhook.former_secret = match former {
                    Former::SignsOn => before.map(|secret| FormerSecret { secret, until }),
                    Former::Ends => None,
                };
                *event = event.clone().with("former", former.name());
                Ok(stands)
            })?;
        Ok((webhook, secret))
    }

    /// The secrets that a message is signed under at this moment.
    pub(super) fn secrets_of(&self, webhook: &Webhook) -> Result<Vec<WebhookSecret>, WebhookError> {
        let former = webhook.former_secret.as_ref().filter(|former| self.now() < former.until);
        let sealed = webhook.secret.iter().chain(former.map(|former| &former.secret));
        let envelope = self.vault().for_reading(&subject())?;
        let envelope = envelope.ok_or_else(|| VaultError::Erased(subject()))?;
        let open = |sealed: &SealedText| {
            let text = Zeroizing::new(envelope.open_text(&purpose(webhook.id), sealed)?);
            let damaged = || StorageError(format!("the secret of {} is damaged", webhook.id));
            WebhookSecret::read(&text).ok_or_else(|| WebhookError::from(damaged()))
        };
        sealed.map(open).collect()
    }

    fn sealed_secret(
        &self,
        id: WebhookId,
        secret: &WebhookSecret,
    ) -> Result<(SealedText, Change), WebhookError> {
        let (envelope, stands) = self.vault().for_writing(&subject())?;
        Ok((envelope.seal_text(&purpose(id), &secret.reveal())?, stands))
    }

    fn change_webhook(
        &self,
        actor: &Actor,
        id: WebhookId,
        (action, reason): (Action, &str),
        change: impl Fn(&mut Webhook, &mut Event) -> Result<Change, WebhookError>,
    ) -> Result<Webhook, WebhookError> {
        until_settled(|| {
            let (mut webhook, version) = self.webhook_record(id)?;
            webhook.demand_not_ended()?;
            let mut event = self.event(actor, action.clone(), webhook.about())?.because(reason);
            let also = change(&mut webhook, &mut event)?;
            let change = replaced(&webhook, version, also)?.explained_by(&event);
            Ok(Attempt::of(self.commit(change), || webhook))
        })
    }

    /// Pauses a webhook without anybody's word; the event is to be committed with it.
    pub(super) fn paused_by_itself(
        &self,
        webhook: &mut Webhook,
        reason: &str,
    ) -> Result<Event, WebhookError> {
        let actor = itself();
        webhook.state = State::Paused;
        webhook.stopped = Some(self.stopped(&actor, reason));
        Ok(self.event(&actor, PAUSED, webhook.about())?.because(reason))
    }

    fn stopped(&self, by: &Actor, reason: &str) -> Stopped {
        Stopped { at: self.now(), by: by.clone(), reason: reason.to_owned() }
    }

    /// A webhook, and the version to expect when changing it.
    pub(super) fn webhook_record(&self, id: WebhookId) -> Result<(Webhook, Version), WebhookError> {
        record::find(self.store(), WEBHOOKS, id.to_string())?.ok_or(WebhookError::Unknown(id))
    }
}

/// npki, sending by itself.
pub(super) fn itself() -> Actor {
    Actor::system("webhooks")
}

/// A webhook as it is from now on.
pub(super) fn replaced(webhook: &Webhook, version: Version, also: Change) -> Result<Change, WebhookError> {
    Ok(also.replace(WEBHOOKS, webhook.id.to_string(), version, encode(webhook)?))
}

fn demand_other(webhook: &Webhook, state: State) -> Result<(), WebhookError> {
    if webhook.state == state { Err(WebhookError::Already(webhook.id, state)) } else { Ok(()) }
}

/// What is told to whom stays in the ledger.
fn told(event: Event, webhook: &Webhook) -> Event {
    let kinds: Vec<&str> = webhook.kinds.iter().map(|kind| kind.name()).collect();
    event
        .with("organisation", webhook.organisation.to_string())
        .with("receiver", webhook.address.origin())
        .with("kinds", kinds.join(","))
}

fn kinds(names: &[String]) -> Result<Vec<Kind>, FieldError> {
    let refuse = |why: String| FieldError {
        field: "kinds",
        why,
        fits: "one or more kinds of events, each once: certificate.revoked, identity.died; npki help webhook add lists them",
    };
    let read = names.iter().map(|name| name.parse::<Kind>().map_err(|error| refuse(error.to_string())));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    if read.is_empty() {
        return Err(refuse("none is named".to_owned()));
    }
    let twice =
        read.iter().enumerate().find(|(at, kind)| read.iter().skip(at + 1).any(|other| other == *kind));
    match twice {
        Some((_, kind)) => Err(refuse(format!("{kind} is named twice"))),
        None => Ok(read),
    }
}
