//! Showing parties and what waits of them.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::{PartyView, ProposedView};
use crate::http::authorised::Authorised;
use crate::http::blocking;
use crate::http::input::{Asked, At, page_size, parameter};
use crate::http::problem::Problem;
use crate::http::route::Service;
use crate::permission::ReadParties;
use crate::registry::Registry;

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PartiesAsked {
    /// Begin after this organisation.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of relying parties.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelyingPartyList)]
pub(in crate::http) struct PartyList {
    items: Vec<PartyView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Relying parties, ended ones too.
#[utoipa::path(get, path = "/v1/relying-parties", tag = "relying parties", operation_id = "list_relying_parties",
    params(PartiesAsked), responses((status = 200, body = PartyList)))]
pub(in crate::http) async fn list(
    State(registry): Service,
    who: Authorised<ReadParties>,
    Asked(asked): Asked<PartiesAsked>,
) -> Result<Json<PartyList>, Problem> {
    let (after, size) = (parameter("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let read = move |registry: &Registry| Ok(registry.parties(&who.permit, after, size)?);
    let page = blocking(&registry, read).await?.map(PartyView::from);
    Ok(Json(PartyList { items: page.items, next: page.next.map(|id| id.to_string()) }))
}

/// A page of what is proposed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelyingPartyChangeList)]
pub(in crate::http) struct ProposedList {
    items: Vec<ProposedView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// What is proposed of relying parties, and waits for another administrator.
#[utoipa::path(get, path = "/v1/relying-party-changes", tag = "relying parties",
    operation_id = "list_relying_party_changes", params(PartiesAsked),
    responses((status = 200, body = ProposedList)))]
pub(in crate::http) async fn waiting(
    State(registry): Service,
    who: Authorised<ReadParties>,
    Asked(asked): Asked<PartiesAsked>,
) -> Result<Json<ProposedList>, Problem> {
    let (after, size) = (parameter("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let read = move |registry: &Registry| Ok(registry.proposed_parties(&who.permit, after, size)?);
    let page = blocking(&registry, read).await?.map(ProposedView::from);
    Ok(Json(ProposedList { items: page.items, next: page.next.map(|id| id.to_string()) }))
}

/// A relying party and what is proposed of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelyingPartyShown)]
pub(in crate::http) struct ShownView {
    /// The party; null while it is only proposed.
    party: Option<PartyView>,
    /// What waits for another administrator.
    proposed: Option<ProposedView>,
}

/// One relying party, and what is proposed of it.
#[utoipa::path(get, path = "/v1/relying-parties/{id}", tag = "relying parties", operation_id = "show_relying_party",
    params(("id" = String, Path, description = "The organisation")), responses((status = 200, body = ShownView)))]
pub(in crate::http) async fn show(
    State(registry): Service,
    who: Authorised<ReadParties>,
    At(id): At,
) -> Result<Json<ShownView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.party(&who.permit, id)?);
    let (party, proposed) = blocking(&registry, read).await?;
    Ok(Json(ShownView { party: party.map(PartyView::from), proposed: proposed.map(ProposedView::from) }))
}
