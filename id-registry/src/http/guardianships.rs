//! Guardianships over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::input::{Asked, At, Body, page_size, parameter, word};
use super::lives::{Noted, StepView};
use super::problem::Problem;
use super::route::Service;
use crate::id::IdentityId;
use crate::identity::day;
use crate::life::guardianship::{
    Guardianship, GuardianshipAsked, GuardianshipGround, GuardianshipReach, OpenGuardianship,
    ProposedGuardianship, Ward,
};
use crate::permission::{ChangeIdentities, ReadRegistry};
use crate::registry::Registry;

/// A guardianship that is proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeGuardianship {
    /// A person, or an organisation that is guardian by office.
    guardian: String,
    /// `minority`, `court-order` or `own-choice`.
    ground: String,
    /// What the guardian decides: `assistance`, nothing; `signatures`, what binds in law; `everything`.
    reach: String,
    /// The first day on which it does not count any more; a minority ends at full age without it.
    #[schema(format = Date)]
    until: Option<String>,
    /// What was shown: an order's number and court, a birth certificate. It is kept sealed with the ward.
    note: String,
}

/// A guardianship that waits for another officer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposedGuardianship)]
pub(super) struct ProposedView {
    /// Its name: the ledger's event that proposed it.
    guardianship: String,
    /// Over whom.
    ward: String,
    /// The guardian.
    guardian: String,
    /// On what it rests.
    ground: &'static str,
    /// What the guardian decides.
    reach: &'static str,
    /// The first day on which it does not count any more; null when it lasts until somebody ends it.
    #[schema(format = Date)]
    until: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    proposed_at: OffsetDateTime,
    /// The officer who proposed it.
    proposed_by: String,
    /// What was shown; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<ProposedGuardianship> for ProposedView {
    fn from(proposed: ProposedGuardianship) -> Self {
        Self {
            guardianship: proposed.id.to_string(),
            ward: proposed.ward.to_string(),
            guardian: proposed.guardian.to_string(),
            ground: proposed.ground.name(),
            reach: proposed.reach.name(),
            until: proposed.until.map(|until| until.to_string()),
            proposed_at: proposed.at,
            proposed_by: proposed.by.to_string(),
            note: None,
        }
    }
}

/// A guardianship that counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guardianship)]
pub(super) struct GuardianshipView {
    /// Its name: the ledger's event that proposed it.
    guardianship: String,
    /// The guardian.
    guardian: String,
    /// On what it rests.
    ground: &'static str,
    /// What the guardian decides.
    reach: &'static str,
    /// The first day on which it does not count any more; null when it lasts until somebody ends it.
    #[schema(format = Date)]
    until: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    since: OffsetDateTime,
    /// The officers who proposed and confirmed it.
    by: Vec<String>,
    /// Since when there has been no guardian; null while there is one.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    vacant_since: Option<OffsetDateTime>,
    /// The certificates that are on hold for it.
    on_hold: Vec<String>,
}

impl From<Guardianship> for GuardianshipView {
    fn from(guardianship: Guardianship) -> Self {
        Self {
            guardianship: guardianship.id.to_string(),
            guardian: guardianship.guardian.to_string(),
            ground: guardianship.ground.name(),
            reach: guardianship.reach.name(),
            until: guardianship.until.map(|until| until.to_string()),
            since: guardianship.since,
            by: guardianship.by.iter().map(ToString::to_string).collect(),
            vacant_since: guardianship.vacant_since,
            on_hold: guardianship.held.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The guardianship over a person, and one that waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuardianshipOver)]
pub(super) struct OverView {
    /// The person.
    ward: String,
    /// The one that counts; null when the person has no guardian.
    current: Option<GuardianshipView>,
    /// The one that waits for another officer.
    waiting: Option<ProposedView>,
}

/// Proposes a guardianship over a person: another officer confirms it.
#[utoipa::path(post, path = "/v1/identities/{id}/guardianship", tag = "guardianships",
    operation_id = "propose_guardianship", params(("id" = String, Path, description = "The ward")),
    request_body = ProposeGuardianship, responses((status = 201, body = ProposedView)))]
pub(super) async fn propose(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<ProposeGuardianship>),
) -> Result<(StatusCode, Json<ProposedView>), Problem> {
    let ward = id.parse()?;
    let guardian: IdentityId = asked.guardian.parse()?;
    let ground = word::<GuardianshipGround>("ground", &asked.ground)?;
    let reach = word::<GuardianshipReach>("reach", &asked.reach)?;
    let until = asked
        .until
        .as_deref()
        .map(|until| day("until", until, "a day to come, as 2030-01-31"))
        .transpose()?;
    let act = move |registry: &Registry| {
        let asked = GuardianshipAsked { guardian, ground, reach, until, note: &asked.note };
        Ok(registry.propose_guardianship(&who.permit, ward, &asked)?)
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// The guardianship over a person, and one that waits. The look is in the ledger before the answer leaves.
#[utoipa::path(get, path = "/v1/identities/{id}/guardianship", tag = "guardianships",
    operation_id = "show_guardianship", params(("id" = String, Path, description = "The person")),
    responses((status = 200, body = OverView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<OverView>, Problem> {
    let ward: IdentityId = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.guardianship(&who.permit, ward)?);
    let OpenGuardianship { current, waiting } = blocking(&registry, read).await?;
    let waiting = waiting.map(|(proposed, note)| ProposedView { note, ..proposed.into() });
    Ok(Json(OverView { ward: ward.to_string(), current: current.map(GuardianshipView::from), waiting }))
}

/// A decision on a guardianship that waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideGuardianship {
    /// The guardianship, as it was shown: nobody confirms what they have not seen.
    guardianship: String,
    /// What was seen, or why not. It is kept sealed with the ward.
    note: String,
}

/// Confirms a guardianship that another officer proposed: what it takes from the ward is on hold.
#[utoipa::path(post, path = "/v1/identities/{id}/guardianship/confirm", tag = "guardianships",
    operation_id = "confirm_guardianship", params(("id" = String, Path, description = "The ward")),
    request_body = DecideGuardianship, responses((status = 200, body = StepView)))]
pub(super) async fn confirm(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(decided)): (At, Body<DecideGuardianship>),
) -> Result<Json<StepView>, Problem> {
    let ward = id.parse()?;
    let act = move |registry: &Registry| {
        Ok(registry.confirm_guardianship(&who.permit, ward, &decided.guardianship, &decided.note)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Takes a guardianship that waits back, or rejects it.
#[utoipa::path(post, path = "/v1/identities/{id}/guardianship/drop", tag = "guardianships",
    operation_id = "drop_guardianship", params(("id" = String, Path, description = "The ward")),
    request_body = DecideGuardianship, responses((status = 200, body = ProposedView)))]
pub(super) async fn drop(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(decided)): (At, Body<DecideGuardianship>),
) -> Result<Json<ProposedView>, Problem> {
    let ward = id.parse()?;
    let act = move |registry: &Registry| {
        Ok(registry.drop_guardianship(&who.permit, ward, &decided.guardianship, &decided.note)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Ends a guardianship, by an officer who took part in none of it: what is on hold for it is released.
#[utoipa::path(post, path = "/v1/identities/{id}/guardianship/end", tag = "guardianships",
    operation_id = "end_guardianship", params(("id" = String, Path, description = "The ward")),
    request_body = Noted, responses((status = 200, body = StepView)))]
pub(super) async fn end(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(noted)): (At, Body<Noted>),
) -> Result<Json<StepView>, Problem> {
    let ward = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.end_guardianship(&who.permit, ward, &noted.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Which guardianships to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitingAsked {
    /// Begin after this ward.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of guardianships that wait.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposedGuardianshipList)]
pub(super) struct WaitingList {
    items: Vec<ProposedView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Guardianships that wait for another officer, in the order of the wards.
#[utoipa::path(get, path = "/v1/guardianship-proposals", tag = "guardianships",
    operation_id = "list_guardianship_proposals", params(WaitingAsked),
    responses((status = 200, body = WaitingList)))]
pub(super) async fn waiting(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    Asked(asked): Asked<WaitingAsked>,
) -> Result<Json<WaitingList>, Problem> {
    let after = parameter("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let read = move |registry: &Registry| Ok(registry.waiting_guardianships(&who.permit, after, size)?);
    let page = blocking(&registry, read).await?;
    let next = page.next.map(|id| id.to_string());
    Ok(Json(WaitingList { items: page.items.into_iter().map(ProposedView::from).collect(), next }))
}

/// Whose wards to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WardsAsked {
    /// Only this guardian's; without one, those whose guardian is gone.
    guardian: Option<String>,
    /// Begin after this ward.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A person under guardianship.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ward)]
pub(super) struct WardView {
    /// The person.
    ward: String,
    /// The guardian.
    guardian: String,
    /// What the guardian decides.
    reach: &'static str,
    /// Since when there has been no guardian; null while there is one.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    vacant_since: Option<OffsetDateTime>,
}

impl From<Ward> for WardView {
    fn from(ward: Ward) -> Self {
        let Ward { ward, guardian, reach, vacant_since } = ward;
        Self { ward: ward.to_string(), guardian: guardian.to_string(), reach: reach.name(), vacant_since }
    }
}

/// A page of persons under guardianship.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WardList)]
pub(super) struct WardList {
    items: Vec<WardView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// The persons whose guardian somebody is; without a guardian, those whose guardian is gone.
#[utoipa::path(get, path = "/v1/wards", tag = "guardianships", operation_id = "list_wards", params(WardsAsked),
    responses((status = 200, body = WardList)))]
pub(super) async fn wards(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    Asked(asked): Asked<WardsAsked>,
) -> Result<Json<WardList>, Problem> {
    let guardian = parameter("guardian", asked.guardian.as_deref())?;
    let after = parameter("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let read = move |registry: &Registry| Ok(registry.wards_of(&who.permit, guardian, after, size)?);
    let page = blocking(&registry, read).await?;
    let next = page.next.map(|id| id.to_string());
    Ok(Json(WardList { items: page.items.into_iter().map(WardView::from).collect(), next }))
}
