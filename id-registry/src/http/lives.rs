//! The life of identities over HTTP.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::changes::FieldChangeView;
use super::input::{Asked, At, Body, page_size, word};
use super::problem::Problem;
use super::route::Service;
use crate::id::IdentityId;
use crate::life::{Cause, ClosureCause, DeathSource, Entry, Former, Outcome, SuspensionCause};
use crate::permission::{ChangeIdentities, CloseIdentities, ReadRegistry};
use crate::registry::Registry;

/// Where an identity stands after a step, and what the step did to certificates: its own, and those of the devices and
/// applications that depend on it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Step)]
pub(super) struct StepView {
    /// The identity.
    id: String,
    /// `active`, `suspended` or `closed`.
    status: &'static str,
    /// Why it is not active.
    cause: Option<&'static str>,
    /// How many certificates were put on hold.
    held: usize,
    /// How many were released.
    released: usize,
    /// How many were revoked.
    revoked: usize,
    /// How many devices, applications and agents took a step with it.
    things: usize,
    /// Certificates of CAs whose keys are elsewhere: they are to be revoked there.
    beyond_reach: Vec<String>,
}

impl From<Outcome> for StepView {
    fn from(outcome: Outcome) -> Self {
        let Outcome { record, touched } = outcome;
        Self {
            id: record.id.to_string(),
            status: record.status.name(),
            cause: record.cause().map(Cause::name),
            held: touched.held,
            released: touched.released,
            revoked: touched.revoked,
            things: touched.things,
            beyond_reach: touched.beyond_reach.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A suspension.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspend {
    /// `requested` or `investigation`.
    cause: String,
    /// What it is about. It is kept sealed with the identity.
    note: String,
}

/// Suspends an identity: its certificates are on hold, and nothing is issued to it.
#[utoipa::path(post, path = "/v1/identities/{id}/suspend", tag = "lives", operation_id = "suspend_identity",
    params(("id" = String, Path, description = "The identity")), request_body = Suspend,
    responses((status = 200, body = StepView)))]
pub(super) async fn suspend(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<Suspend>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let cause = word::<SuspensionCause>("cause", &asked.cause)?;
    let act =
        move |registry: &Registry| Ok(registry.suspend_identity(&who.permit, id, cause, &asked.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// What is noted about a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Noted {
    /// Why, or on what grounds. It is kept sealed with the identity.
    pub(super) note: String,
}

/// Resumes what an officer suspended: another officer does.
#[utoipa::path(post, path = "/v1/identities/{id}/resume", tag = "lives", operation_id = "resume_identity",
    params(("id" = String, Path, description = "The identity")), request_body = Noted,
    responses((status = 200, body = StepView)))]
pub(super) async fn resume(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(noted)): (At, Body<Noted>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.resume_identity(&who.permit, id, &noted.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Word that a person has died.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportDeath {
    /// `civil-register`, `court`, `health-facility`, `chief`, `family` or `agency`.
    source: String,
    /// What says so: a certificate's number, a letter and its date. It is kept sealed with the identity.
    note: String,
}

/// Enters word that a person has died: the person is suspended at once, and nothing is final.
#[utoipa::path(post, path = "/v1/identities/{id}/report-death", tag = "lives", operation_id = "report_death",
    params(("id" = String, Path, description = "The person")), request_body = ReportDeath,
    responses((status = 200, body = StepView)))]
pub(super) async fn report_death(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<ReportDeath>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let source = word::<DeathSource>("source", &asked.source)?;
    let act = move |registry: &Registry| Ok(registry.report_death(&who.permit, id, source, &asked.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// The confirmation of a death.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmDeath {
    /// Who answers from now on for the devices, applications and agents that the person answered for.
    successor: Option<String>,
    /// On what grounds. It is kept sealed with the identity.
    note: String,
}

/// Confirms a death, by an officer who did not report it: every certificate of the person is revoked.
#[utoipa::path(post, path = "/v1/identities/{id}/confirm-death", tag = "lives", operation_id = "confirm_death",
    params(("id" = String, Path, description = "The person")), request_body = ConfirmDeath,
    responses((status = 200, body = StepView)))]
pub(super) async fn confirm_death(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<ConfirmDeath>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let successor = successor(asked.successor.as_deref())?;
    let act =
        move |registry: &Registry| Ok(registry.confirm_death(&who.permit, id, successor, &asked.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Undoes a report or confirmation of death, by an officer who took part in neither. What was revoked stays revoked.
#[utoipa::path(post, path = "/v1/identities/{id}/find-alive", tag = "lives", operation_id = "find_alive",
    params(("id" = String, Path, description = "The person")), request_body = Noted,
    responses((status = 200, body = StepView)))]
pub(super) async fn find_alive(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(noted)): (At, Body<Noted>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.find_alive(&who.permit, id, &noted.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// A closure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Close {
    /// `emigrated` (persons), `dissolved` (organisations) or `retired` (devices, applications and agents).
    cause: String,
    /// Who answers from now on for the devices, applications and agents that a person answered for.
    successor: Option<String>,
    /// On what grounds. It is kept sealed with the identity.
    note: String,
}

/// Closes an identity: every certificate of it is revoked.
#[utoipa::path(post, path = "/v1/identities/{id}/close", tag = "lives", operation_id = "close_identity",
    params(("id" = String, Path, description = "The identity")), request_body = Close,
    responses((status = 200, body = StepView)))]
pub(super) async fn close(
    State(registry): Service,
    who: Authorised<CloseIdentities>,
    (At(id), Body(asked)): (At, Body<Close>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let cause = word::<ClosureCause>("cause", &asked.cause)?;
    let successor = successor(asked.successor.as_deref())?;
    let act = move |registry: &Registry| {
        Ok(registry.close_identity(&who.permit, id, cause, successor, &asked.note)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Opens a closed identity again, by another administrator. What was revoked stays revoked.
#[utoipa::path(post, path = "/v1/identities/{id}/reopen", tag = "lives", operation_id = "reopen_identity",
    params(("id" = String, Path, description = "The identity")), request_body = Noted,
    responses((status = 200, body = StepView)))]
pub(super) async fn reopen(
    State(registry): Service,
    who: Authorised<CloseIdentities>,
    (At(id), Body(noted)): (At, Body<Noted>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.reopen_identity(&who.permit, id, &noted.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// A handing over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandOver {
    /// The person who answers for it from now on.
    sponsor: String,
    /// Why. It is kept sealed with the identity.
    note: String,
}

/// Hands a device or application to another sponsor. If it was suspended for want of one, it is resumed.
#[utoipa::path(post, path = "/v1/identities/{id}/hand-over", tag = "lives", operation_id = "hand_over",
    params(("id" = String, Path, description = "The device or application")), request_body = HandOver,
    responses((status = 200, body = StepView)))]
pub(super) async fn hand_over(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<HandOver>),
) -> Result<Json<StepView>, Problem> {
    let (id, sponsor) = (id.parse()?, asked.sponsor.parse()?);
    let act = move |registry: &Registry| Ok(registry.hand_over(&who.permit, id, sponsor, &asked.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Which part of a history to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryAsked {
    /// Begin after this place, as the page before says.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// What happened to an identity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub(super) struct EntryView {
    /// Its name in the ledger, such as `identity.suspended`.
    action: String,
    /// Why the identity stands as it does since then.
    cause: Option<&'static str>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Who did it.
    by: String,
    /// What was written about it; null also when the identity was erased.
    note: Option<String>,
    /// What was changed of what is known, with what was known before; null also when the identity was erased.
    changes: Option<Vec<FieldChangeView>>,
    /// All that was known before a change.
    former: Option<Value>,
    /// The ledger's event.
    event: String,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let (changes, former) = match entry.former {
            Some(Former { changes, details }) => {
                let changes = changes.into_iter().map(FieldChangeView::from).collect();
                (Some(changes), serde_json::to_value(details).ok())
            }
            None => (None, None),
        };
        Self {
            action: entry.action.as_str().to_owned(),
            cause: entry.cause.map(Cause::name),
            at: entry.at,
            by: entry.by.0,
            note: entry.note,
            changes,
            former,
            event: entry.event.to_string(),
        }
    }
}

/// A page of a history.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistoryList {
    items: Vec<EntryView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// What happened to an identity since it was entered, the oldest first.
#[utoipa::path(get, path = "/v1/identities/{id}/history", tag = "lives", operation_id = "show_history",
    params(("id" = String, Path, description = "The identity"), HistoryAsked),
    responses((status = 200, body = HistoryList)))]
pub(super) async fn history(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    (At(id), Asked(asked)): (At, Asked<HistoryAsked>),
) -> Result<Json<HistoryList>, Problem> {
    let id = id.parse()?;
    let size = page_size(asked.limit)?;
    let read = move |registry: &Registry| {
        let page = registry.history(&who.permit, id, asked.after.as_deref(), size)?;
        Ok(HistoryList { items: page.items.into_iter().map(EntryView::from).collect(), next: page.next })
    };
    Ok(Json(blocking(&registry, read).await?))
}

fn successor(text: Option<&str>) -> Result<Option<IdentityId>, Problem> {
    Ok(text.map(str::parse).transpose()?)
}
