//! What staff sees of itself, of the profiles and of the ledger.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use ca_core::ledger::{Outcome, Position, Recorded};
use ca_core::profile::Profile;
use ca_core::storage::StorageError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::input::{Asked, page_size};
use super::problem::Problem;
use super::route::Service;
use crate::fault::Fault;
use crate::permission::{ReadLedger, SignedIn};

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WhoAmI {
    /// The identifier.
    id: String,
    /// The name.
    name: String,
    /// The roles: one.
    roles: Vec<&'static str>,
    /// The organisation, for an agency operator.
    organisation: Option<String>,
}

/// Who one is to this service.
#[utoipa::path(get, path = "/v1/whoami", tag = "session", responses((status = 200, body = WhoAmI)))]
pub(super) async fn whoami(
    _service: Service,
    who: Authorised<SignedIn>,
    _nothing: (),
) -> Result<Json<WhoAmI>, Problem> {
    let principal = who.principal;
    Ok(Json(WhoAmI {
        id: principal.id().to_string(),
        name: principal.name().to_owned(),
        roles: vec![principal.role().name()],
        organisation: principal.role().organisation().map(|id| id.to_string()),
    }))
}

/// The profiles.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProfileList {
    items: Vec<ProfileView>,
}

/// A profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
struct ProfileView {
    /// Its name.
    id: String,
    /// What it is for.
    title: String,
    /// The kind of identity it is for; null for the installation's own.
    identity_kind: Option<String>,
    /// How many officers must approve.
    approvals: u8,
    /// How long its certificates are valid, in days.
    validity_days: i64,
    /// The keys it admits.
    keys: Vec<String>,
}

impl From<&Profile> for ProfileView {
    fn from(profile: &Profile) -> Self {
        let curves = profile.keys.curves.iter().map(ToString::to_string);
        let rsa = profile.keys.rsa_bits.map(|(least, most)| format!("rsa {least} to {most}"));
        Self {
            id: profile.id.to_string(),
            title: profile.title.clone(),
            identity_kind: profile.vetting.identity_kind.clone(),
            approvals: profile.vetting.approvals,
            validity_days: profile.validity.whole_days(),
            keys: curves.chain(rsa).collect(),
        }
    }
}

/// The profiles that certificates are issued under.
#[utoipa::path(get, path = "/v1/profiles", tag = "session", responses((status = 200, body = ProfileList)))]
pub(super) async fn profiles(
    State(registry): Service,
    _who: Authorised<SignedIn>,
    _nothing: (),
) -> Result<Json<ProfileList>, Problem> {
    Ok(Json(ProfileList { items: registry.authority().profiles().iter().map(ProfileView::from).collect() }))
}

/// Which events to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsAsked {
    /// Begin after the event at this position.
    after: Option<u64>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList {
    items: Vec<EventView>,
    /// After which position the next page begins; null at the end.
    next: Option<String>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
struct EventView {
    /// Its place in the ledger, from 0.
    position: u64,
    /// Its identifier.
    id: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Who.
    actor: String,
    /// What.
    action: String,
    /// On whom or what.
    subject: String,
    /// Why.
    reason: Option<String>,
    /// `done` or `refused`.
    outcome: &'static str,
    /// Further facts.
    detail: BTreeMap<String, String>,
}

impl EventView {
    fn of(recorded: &Recorded) -> Result<Self, StorageError> {
        let event = recorded.event()?;
        Ok(Self {
            position: recorded.position.0,
            id: event.id.to_string(),
            at: event.at,
            actor: event.actor.to_string(),
            action: event.action.as_str().to_owned(),
            subject: event.subject,
            reason: event.reason,
            outcome: match event.outcome {
                Outcome::Done => "done",
                Outcome::Refused => "refused",
            },
            detail: event.detail,
        })
    }
}

/// The ledger, oldest first.
#[utoipa::path(get, path = "/v1/events", tag = "ledger", params(EventsAsked), responses((status = 200, body = EventList)))]
pub(super) async fn events(
    State(registry): Service,
    who: Authorised<ReadLedger>,
    Asked(asked): Asked<EventsAsked>,
) -> Result<Json<EventList>, Problem> {
    let from = Position(asked.after.map_or(0, |last| last.saturating_add(1)));
    let size = page_size(asked.limit)?;
    let page = blocking(&registry, move |registry| Ok(registry.events(&who.permit, from, size)?)).await?;
    let next = page.next.map(|next| next.0.saturating_sub(1).to_string());
    let items: Result<_, _> = page.items.iter().map(EventView::of).collect();
    Ok(Json(EventList { items: items.map_err(Fault::from)?, next }))
}
