//! Webhooks over HTTP.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ca_core::ledger::{Outcome, Position};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::input::{Asked, At, Body, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use crate::id::WebhookId;
use crate::permission::{ManageWebhooks, Permit, ReadWebhooks};
use crate::registry::Registry;
use crate::webhook::{Deed, Former, NewWebhook, Standing, Undelivered, Webhook, WebhookError, WebhookSecret};

/// A webhook to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookEntered {
    /// The organisation that is told.
    organisation: String,
    /// Where: https, without a user's name or password; http on the service's own machine alone.
    address: String,
    /// What it is told of: `certificate.revoked`, `identity.died`, …
    kinds: Vec<String>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    id: String,
    /// The organisation that is told.
    organisation: String,
    address: String,
    kinds: Vec<&'static str>,
    /// `active`, `paused` or `ended`.
    status: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    added_at: OffsetDateTime,
    added_by: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    stopped_at: Option<OffsetDateTime>,
    /// Who stopped it: `system:webhooks` where nothing was taken for days.
    stopped_by: Option<String>,
    /// Why it is not sent.
    reason: Option<String>,
    /// How many messages were taken.
    delivered: u64,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_delivered_at: Option<OffsetDateTime>,
    /// The event that the last of them told of, by its place in the ledger.
    last_position: Option<u64>,
    /// How often the next message was tried, where it is not taken.
    attempts: Option<u32>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try: Option<OffsetDateTime>,
    /// `unreachable`, `untrusted`, `timed-out`, `redirected`, `refused`, `gone` or `failed`, with the HTTP status behind it.
    last_error: Option<String>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        let Webhook { stopped, last, failing, .. } = webhook;
        Self {
            id: webhook.id.to_string(),
            organisation: webhook.organisation.to_string(),
            address: webhook.address.to_string(),
            kinds: webhook.kinds.iter().map(|kind| kind.name()).collect(),
            status: webhook.state.name(),
            added_at: webhook.added_at,
            added_by: webhook.added_by.to_string(),
            stopped_at: stopped.as_ref().map(|stopped| stopped.at),
            stopped_by: stopped.as_ref().map(|stopped| stopped.by.to_string()),
            reason: stopped.map(|stopped| stopped.reason),
            delivered: webhook.delivered,
            last_delivered_at: last.as_ref().map(|last| last.at),
            last_position: last.map(|last| last.position.0),
            attempts: failing.as_ref().map(|failing| failing.attempts),
            failing_since: failing.as_ref().map(|failing| failing.since),
            next_try: failing.as_ref().map(|failing| failing.next_try),
            last_error: failing.map(|failing| failing.error.to_string()),
        }
    }
}

/// A webhook and its secret, which is not shown again.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(super) struct SecretView {
    webhook: WebhookView,
    /// What the receiver verifies messages with: `whsec_…`, as Standard Webhooks has it.
    secret: String,
}

impl SecretView {
    fn of((webhook, secret): (Webhook, WebhookSecret)) -> Self {
        Self { webhook: webhook.into(), secret: secret.reveal().as_str().to_owned() }
    }
}

/// Adds a webhook: its organisation is told what happens from now on, as far as it may know. The answer has its secret, once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", operation_id = "add_webhook",
    request_body = WebhookEntered, responses((status = 201, body = SecretView)))]
pub(super) async fn add(
    State(registry): Service,
    who: Authorised<ManageWebhooks>,
    Body(entered): Body<WebhookEntered>,
) -> Result<(StatusCode, Json<SecretView>), Problem> {
    let organisation = entered.organisation.parse()?;
    let act = move |registry: &Registry| {
        let WebhookEntered { address, kinds, reason, .. } = &entered;
        let new = NewWebhook { organisation, address, kinds, reason };
        Ok(SecretView::of(registry.add_webhook(&who.permit, &new)?))
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?)))
}

/// Which webhooks to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WebhooksAsked {
    /// Those of this organisation only.
    organisation: Option<String>,
    /// Begin after this webhook.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookList {
    items: Vec<WebhookView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Webhooks, in the order of their identifiers; an agency sees its own.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    params(WebhooksAsked), responses((status = 200, body = WebhookList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadWebhooks>,
    Asked(asked): Asked<WebhooksAsked>,
) -> Result<Json<WebhookList>, Problem> {
    let of = parameter("organisation", asked.organisation.as_deref())?;
    let (after, size) = (parameter("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let read = move |registry: &Registry| Ok(registry.webhooks(&who.permit, of, after, size)?);
    let page = blocking(&registry, read).await?.map(WebhookView::from);
    Ok(Json(WebhookList { items: page.items, next: page.next.map(|id| id.to_string()) }))
}

/// A webhook, and how much waits to be told by it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookShown)]
pub(super) struct ShownView {
    webhook: WebhookView,
    /// How many messages wait.
    behind: usize,
    /// Whether these are all: at most 1000, among the next 20000 events, are counted.
    complete: bool,
}

impl From<Standing> for ShownView {
    fn from(standing: Standing) -> Self {
        let Standing { webhook, behind } = standing;
        Self { webhook: webhook.into(), behind: behind.messages, complete: behind.complete }
    }
}

/// One webhook, and how much waits to be told by it.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "show_webhook",
    params(("id" = String, Path, description = "The webhook")), responses((status = 200, body = ShownView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadWebhooks>,
    At(id): At,
) -> Result<Json<ShownView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.webhook(&who.permit, id)?);
    Ok(Json(blocking(&registry, read).await?.into()))
}

/// Why something is done with a webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookReason {
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// An act on one webhook.
type Change = fn(&Registry, &Permit<ManageWebhooks>, WebhookId, &str) -> Result<Webhook, WebhookError>;

async fn changed(
    registry: &std::sync::Arc<Registry>,
    who: Authorised<ManageWebhooks>,
    id: &str,
    reason: String,
    change: Change,
) -> Result<Json<WebhookView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(change(registry, &who.permit, id, &reason)?);
    Ok(Json(blocking(registry, act).await?.into()))
}

/// Stops sending; what happens meanwhile is told when the webhook is resumed.
#[utoipa::path(post, path = "/v1/webhooks/{id}/pause", tag = "webhooks", operation_id = "pause_webhook",
    params(("id" = String, Path, description = "The webhook")), request_body = WebhookReason,
    responses((status = 200, body = WebhookView)))]
pub(super) async fn pause(
    State(registry): Service,
    who: Authorised<ManageWebhooks>,
    (At(id), Body(asked)): (At, Body<WebhookReason>),
) -> Result<Json<WebhookView>, Problem> {
    changed(&registry, who, &id, asked.reason, Registry::pause_webhook).await
}

/// Goes on where it stopped.
#[utoipa::path(post, path = "/v1/webhooks/{id}/resume", tag = "webhooks", operation_id = "resume_webhook",
    params(("id" = String, Path, description = "The webhook")), request_body = WebhookReason,
    responses((status = 200, body = WebhookView)))]
pub(super) async fn resume(
    State(registry): Service,
    who: Authorised<ManageWebhooks>,
    (At(id), Body(asked)): (At, Body<WebhookReason>),
) -> Result<Json<WebhookView>, Problem> {
    changed(&registry, who, &id, asked.reason, Registry::resume_webhook).await
}

/// Ends a webhook for good; its secret is forgotten.
#[utoipa::path(post, path = "/v1/webhooks/{id}/end", tag = "webhooks", operation_id = "end_webhook",
    params(("id" = String, Path, description = "The webhook")), request_body = WebhookReason,
    responses((status = 200, body = WebhookView)))]
pub(super) async fn end(
    State(registry): Service,
    who: Authorised<ManageWebhooks>,
    (At(id), Body(asked)): (At, Body<WebhookReason>),
) -> Result<Json<WebhookView>, Problem> {
    changed(&registry, who, &id, asked.reason, Registry::end_webhook).await
}

/// A new secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationAsked {
    /// `signs-on`: for 24 hours messages are signed under both secrets. `ends`: the former one is in wrong hands.
    former: Option<String>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Gives a webhook a new secret. The answer has it, once.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "The webhook")), request_body = RotationAsked,
    responses((status = 200, body = SecretView)))]
pub(super) async fn rotate_secret(
    State(registry): Service,
    who: Authorised<ManageWebhooks>,
    (At(id), Body(asked)): (At, Body<RotationAsked>),
) -> Result<Json<SecretView>, Problem> {
    let id = id.parse()?;
    let former = parameter("former", asked.former.as_deref())?.unwrap_or(Former::SignsOn);
    let act = move |registry: &Registry| {
        Ok(SecretView::of(registry.rotate_webhook_secret(&who.permit, id, former, &asked.reason)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// What became of a message that tells nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTested)]
pub(super) struct TestedView {
    /// Whether the receiver took it.
    taken: bool,
    /// Why not.
    error: Option<String>,
}

impl From<Option<Undelivered>> for TestedView {
    fn from(failure: Option<Undelivered>) -> Self {
        Self { taken: failure.is_none(), error: failure.map(|failure| failure.to_string()) }
    }
}

/// Sends a message that tells nothing, `webhook.test`, and says whether it was taken.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "The webhook")), responses((status = 200, body = TestedView)))]
pub(super) async fn test(
    State(registry): Service,
    who: Authorised<ManageWebhooks>,
    At(id): At,
) -> Result<Json<TestedView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.test_webhook(&who.permit, id)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Which deeds to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeedsAsked {
    /// Begin after this position of the ledger.
    after: Option<u64>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// Something that was done with a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeed)]
pub(super) struct DeedView {
    /// Its place in the ledger.
    position: u64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// `webhook.sending`, `webhook.delivered`, `webhook.failed`, `webhook.paused`, …
    action: String,
    by: String,
    refused: bool,
    reason: Option<String>,
    /// Which events it is about (`from`, `to`), how many messages were `taken`, and the `error` of the first that was not.
    detail: BTreeMap<String, String>,
}

impl From<Deed> for DeedView {
    fn from(deed: Deed) -> Self {
        let Deed { position, at, action, by, outcome, reason, detail } = deed;
        Self { position: position.0, at, action, by, refused: outcome == Outcome::Refused, reason, detail }
    }
}

/// A page of deeds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeedList)]
pub(super) struct DeedList {
    items: Vec<DeedView>,
    /// After which position the next page begins; null at the end.
    next: Option<String>,
}

/// What was done with a webhook, the oldest first.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(("id" = String, Path, description = "The webhook"), DeedsAsked),
    responses((status = 200, body = DeedList)))]
pub(super) async fn deliveries(
    State(registry): Service,
    who: Authorised<ReadWebhooks>,
    (At(id), Asked(asked)): (At, Asked<DeedsAsked>),
) -> Result<Json<DeedList>, Problem> {
    let from = Position(asked.after.map_or(0, |last| last.saturating_add(1)));
    let (id, size) = (id.parse()?, page_size(asked.limit)?);
    let read = move |registry: &Registry| Ok(registry.webhook_deeds(&who.permit, id, from, size)?);
    let page = blocking(&registry, read).await?.map(DeedView::from);
    Ok(Json(DeedList {
        items: page.items,
        next: page.next.map(|place| place.0.saturating_sub(1).to_string()),
    }))
}
