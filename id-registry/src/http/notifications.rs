//! Notifications over HTTP: sources tell, officers look and settle, administrators say who may tell.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::{Authorised, CallingSource};
use super::blocking;
use super::input::{Asked, At, Body, page_size, parameter, word};
use super::problem::Problem;
use super::route::Service;
use crate::life::change::NewFacts;
use crate::notification::{Content, NewNotification, NewSource, Notification, Opened, Settling, Source};
use crate::permission::{ManageSources, ReadNotifications, SettleNotifications};
use crate::registry::Registry;

/// What a source tells.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NotificationTold {
    /// The source's own name of the event, at most 100 characters. Told again under it, it does nothing more.
    event_id: String,
    /// `birth`, `death` or `change`.
    kind: String,
    /// The person's number, such as PNOLS-012345678901; of a birth the child's, where it has one.
    person: Option<String>,
    /// The day of the event, ISO 8601.
    date: String,
    /// The entry in the source's register.
    reference: Option<String>,
    /// Of a change: `marriage`, `divorce`, `court` or `correction`.
    reason: Option<String>,
    /// Of a change what is known from then on; of a birth what is known of the child.
    facts: Option<FactsTold>,
}

/// What is known of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FactsTold {
    surname: Option<String>,
    given_name: Option<String>,
    /// In Latin letters; an empty text takes it away.
    surname_latin: Option<String>,
    /// In Latin letters; an empty text takes it away.
    given_name_latin: Option<String>,
    /// ISO 8601: `1984-03-07`, `1984-03` or `1984`.
    birth_date: Option<String>,
    /// The number, where it is another one.
    identifier: Option<String>,
}

impl From<FactsTold> for NewFacts {
    fn from(told: FactsTold) -> Self {
        let FactsTold { surname, given_name, surname_latin, given_name_latin, birth_date, identifier } = told;
        Self {
            surname,
            given_name,
            surname_latin,
            given_name_latin,
            birth_date,
            identifier,
            ..Self::default()
        }
    }
}

/// A notification was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotificationTaken {
    /// Its identifier here.
    id: String,
    /// When it came first.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    received_at: OffsetDateTime,
}

/// Tells of a birth, a death or a change. The caller is an application that an administrator made a source; what becomes of
/// what it tells it is not told. Repeat it until it is answered: the same under the same event_id does nothing more.
#[utoipa::path(post, path = "/v1/notifications", tag = "notifications", operation_id = "notify",
    request_body = NotificationTold, responses((status = 200, body = NotificationTaken)))]
pub(super) async fn notify(
    State(registry): Service,
    source: CallingSource,
    Body(told): Body<NotificationTold>,
) -> Result<Json<NotificationTaken>, Problem> {
    let act = move |registry: &Registry| {
        let facts = told.facts.map(NewFacts::from);
        let new = NewNotification {
            event_id: &told.event_id,
            kind: &told.kind,
            person: told.person.as_deref(),
            date: &told.date,
            reference: told.reference.as_deref(),
            reason: told.reason.as_deref(),
            facts: facts.as_ref(),
        };
        let taken = registry.notify(&source.0, &new)?;
        Ok(NotificationTaken { id: taken.id.to_string(), received_at: taken.received_at })
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// A notification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(super) struct NotificationView {
    id: String,
    /// The application that told.
    source: String,
    /// `birth`, `death` or `change`.
    kind: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    received_at: OffsetDateTime,
    /// The person, where one was found.
    person: Option<String>,
    /// `reported`, `proposed`, `known`, `waits` or `settled`.
    state: &'static str,
    /// Why an officer has to look at it, or had to: `birth`, `unknown-person`, `date-unfit`, `facts-unfit`, `change-waits`,
    /// `person-closed`.
    why: Option<&'static str>,
    /// The change that was proposed.
    change: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<OffsetDateTime>,
    settled_by: Option<String>,
    /// `done` or `nothing`.
    settled_as: Option<&'static str>,
    /// Why it was settled so.
    reason: Option<String>,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        let settled = notification.settled;
        Self {
            id: notification.id.to_string(),
            source: notification.source.to_string(),
            kind: notification.kind.name(),
            received_at: notification.received_at,
            person: notification.person.map(|id| id.to_string()),
            state: notification.state.name(),
            why: notification.why.map(|why| why.name()),
            change: notification.change.map(|change| change.to_string()),
            settled_at: settled.as_ref().map(|settled| settled.at),
            settled_by: settled.as_ref().map(|settled| settled.by.to_string()),
            settled_as: settled.as_ref().map(|settled| settled.as_.name()),
            reason: settled.map(|settled| settled.reason),
        }
    }
}

/// Which notifications to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NotificationsAsked {
    /// Those that wait for an officer only.
    waiting: Option<bool>,
    /// Begin after this notification.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotificationList {
    items: Vec<NotificationView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Notifications in the order in which they came, without what they told.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", operation_id = "list_notifications",
    params(NotificationsAsked), responses((status = 200, body = NotificationList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadNotifications>,
    Asked(asked): Asked<NotificationsAsked>,
) -> Result<Json<NotificationList>, Problem> {
    let (after, size) = (parameter("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let waits = asked.waiting.unwrap_or(false);
    let read = move |registry: &Registry| Ok(registry.notifications(&who.permit, waits, after, size)?);
    let page = blocking(&registry, read).await?.map(NotificationView::from);
    Ok(Json(NotificationList { items: page.items, next: page.next.map(|id| id.to_string()) }))
}

/// A notification, and what it told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationShown)]
pub(super) struct ShownView {
    notification: NotificationView,
    /// What it told; null where it is not kept any more.
    told: Option<ToldView>,
}

/// What a source told.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationContent)]
struct ToldView {
    /// The person's number.
    person: Option<String>,
    /// The day of the event, as it was written.
    date: String,
    /// The entry in the source's register.
    reference: Option<String>,
    /// Why a fact is another.
    reason: Option<&'static str>,
    /// What is known from then on, or of the child.
    #[schema(value_type = Option<Object>)]
    facts: Option<NewFacts>,
}

impl std::fmt::Debug for ToldView {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToldView").finish_non_exhaustive()
    }
}

impl From<Content> for ToldView {
    fn from(content: Content) -> Self {
        let Content { person, date, reference, reason, facts } = content;
        Self { person, date, reference, reason: reason.map(|reason| reason.name()), facts }
    }
}

impl From<Opened> for ShownView {
    fn from(opened: Opened) -> Self {
        Self { notification: opened.notification.into(), told: opened.content.map(ToldView::from) }
    }
}

/// One notification and what it told. It is a look at the person.
#[utoipa::path(get, path = "/v1/notifications/{id}", tag = "notifications", operation_id = "show_notification",
    params(("id" = String, Path, description = "The notification")), responses((status = 200, body = ShownView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadNotifications>,
    At(id): At,
) -> Result<Json<ShownView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.notification(&who.permit, id)?);
    Ok(Json(blocking(&registry, read).await?.into()))
}

/// How a notification that waits is settled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettlingAsked {
    /// `done`: what it told was entered; `nothing`: nothing is to be done.
    #[serde(rename = "as")]
    as_: String,
    /// Of whom it was entered, where that was not known before.
    person: Option<String>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Settles a notification that waits.
#[utoipa::path(post, path = "/v1/notifications/{id}/settle", tag = "notifications", operation_id = "settle_notification",
    params(("id" = String, Path, description = "The notification")), request_body = SettlingAsked,
    responses((status = 200, body = NotificationView)))]
pub(super) async fn settle(
    State(registry): Service,
    who: Authorised<SettleNotifications>,
    (At(id), Body(asked)): (At, Body<SettlingAsked>),
) -> Result<Json<NotificationView>, Problem> {
    let id = id.parse()?;
    let as_: Settling = word("as", &asked.as_)?;
    let person = asked.person.as_deref().map(str::parse).transpose()?;
    let act = move |registry: &Registry| {
        Ok(registry.settle_notification(&who.permit, id, (as_, person), &asked.reason)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// An application that is to notify.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceEntered {
    /// The application.
    application: String,
    /// Whose word it brings: `civil-register`, `court`, `health-facility`, `chief`, `family` or `agency`.
    speaks_for: String,
    /// What it may tell of: `birth`, `death`, `change`.
    kinds: Vec<String>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// An application that may notify.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationSource)]
pub(super) struct SourceView {
    application: String,
    /// `active` or `ended`.
    status: &'static str,
    /// Whose word it brings.
    speaks_for: &'static str,
    /// What it may tell of.
    kinds: Vec<&'static str>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    added_at: OffsetDateTime,
    added_by: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<OffsetDateTime>,
}

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        Self {
            application: source.application.to_string(),
            status: if source.ended_at.is_some() { "ended" } else { "active" },
            speaks_for: source.speaks_for.name(),
            kinds: source.kinds.iter().map(|kind| kind.name()).collect(),
            added_at: source.added_at,
            added_by: source.added_by.to_string(),
            ended_at: source.ended_at,
        }
    }
}

/// Lets an application notify.
#[utoipa::path(post, path = "/v1/notification-sources", tag = "notifications", operation_id = "add_notification_source",
    request_body = SourceEntered, responses((status = 201, body = SourceView)))]
pub(super) async fn add_source(
    State(registry): Service,
    who: Authorised<ManageSources>,
    Body(entered): Body<SourceEntered>,
) -> Result<(StatusCode, Json<SourceView>), Problem> {
    let application = entered.application.parse()?;
    let act = move |registry: &Registry| {
        let SourceEntered { speaks_for, kinds, reason, .. } = &entered;
        Ok(registry.add_source(&who.permit, &NewSource { application, speaks_for, kinds, reason })?)
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// Where a page of sources begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SourcesAsked {
    /// Begin after this application.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of sources.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationSourceList)]
pub(super) struct SourceList {
    items: Vec<SourceView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Applications that may notify, and those that might once.
#[utoipa::path(get, path = "/v1/notification-sources", tag = "notifications", operation_id = "list_notification_sources",
    params(SourcesAsked), responses((status = 200, body = SourceList)))]
pub(super) async fn sources(
    State(registry): Service,
    who: Authorised<ReadNotifications>,
    Asked(asked): Asked<SourcesAsked>,
) -> Result<Json<SourceList>, Problem> {
    let (after, size) = (parameter("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let read = move |registry: &Registry| Ok(registry.sources(&who.permit, after, size)?);
    let page = blocking(&registry, read).await?.map(SourceView::from);
    Ok(Json(SourceList { items: page.items, next: page.next.map(|id| id.to_string()) }))
}

/// The end of a source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceEnded {
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Ends a source at once: nothing that it says is taken any more.
#[utoipa::path(post, path = "/v1/notification-sources/{id}/end", tag = "notifications", operation_id = "end_notification_source",
    params(("id" = String, Path, description = "The application")), request_body = SourceEnded,
    responses((status = 200, body = SourceView)))]
pub(super) async fn end_source(
    State(registry): Service,
    who: Authorised<ManageSources>,
    (At(id), Body(asked)): (At, Body<SourceEnded>),
) -> Result<Json<SourceView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.end_source(&who.permit, id, &asked.reason)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}
