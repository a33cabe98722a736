//! Registering, changing and ending parties.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{PartyView, ProposedView, PurposeEntered};
use crate::http::authorised::Authorised;
use crate::http::blocking;
use crate::http::input::{At, Body};
use crate::http::problem::Problem;
use crate::http::route::Service;
use crate::id::IdentityId;
use crate::party::{NewPurpose, ProposedParty, Wish};
use crate::permission::{ManageParties, Permit};
use crate::registry::Registry;

/// An organisation that is to be told something of persons.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RegisterParty {
    /// The organisation.
    organisation: String,
    /// In which sector it knows persons: lower-case letters, digits and hyphens. It stays.
    sector: String,
    /// What it is told something for, 1 to 50.
    purposes: Vec<PurposeEntered>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Other purposes for a relying party.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ChangeParty {
    /// All the purposes that it is to have, 1 to 50.
    purposes: Vec<PurposeEntered>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

fn propose(
    registry: &Registry,
    permit: &Permit<ManageParties>,
    organisation: IdentityId,
    sector: Option<&str>,
    asked: ChangeParty,
) -> Result<ProposedParty, Problem> {
    let purposes: Vec<NewPurpose> = asked.purposes.into_iter().map(NewPurpose::from).collect();
    let wish = Wish { sector, purposes: &purposes, reason: &asked.reason };
    Ok(registry.propose_party(permit, organisation, &wish)?)
}

/// Proposes to register an organisation as a relying party. Another administrator confirms it.
#[utoipa::path(post, path = "/v1/relying-parties", tag = "relying parties", operation_id = "register_relying_party",
    request_body = RegisterParty, responses((status = 201, body = ProposedView)))]
pub(in crate::http) async fn register(
    State(registry): Service,
    who: Authorised<ManageParties>,
    Body(asked): Body<RegisterParty>,
) -> Result<(StatusCode, Json<ProposedView>), Problem> {
    let organisation = asked.organisation.parse()?;
    let (sector, asked) = (asked.sector, ChangeParty { purposes: asked.purposes, reason: asked.reason });
    let act = move |registry: &Registry| propose(registry, &who.permit, organisation, Some(&sector), asked);
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// Proposes other purposes for a relying party. Another administrator confirms them.
#[utoipa::path(post, path = "/v1/relying-parties/{id}/change", tag = "relying parties",
    operation_id = "change_relying_party", params(("id" = String, Path, description = "The organisation")),
    request_body = ChangeParty, responses((status = 201, body = ProposedView)))]
pub(in crate::http) async fn change(
    State(registry): Service,
    who: Authorised<ManageParties>,
    (At(id), Body(asked)): (At, Body<ChangeParty>),
) -> Result<(StatusCode, Json<ProposedView>), Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| propose(registry, &who.permit, id, None, asked);
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// A confirmation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ConfirmParty {
    /// What is confirmed, by its name.
    change: String,
}

/// Confirms what another administrator proposed of a relying party. It holds at once.
#[utoipa::path(post, path = "/v1/relying-parties/{id}/confirm", tag = "relying parties",
    operation_id = "confirm_relying_party", params(("id" = String, Path, description = "The organisation")),
    request_body = ConfirmParty, responses((status = 200, body = PartyView)))]
pub(in crate::http) async fn confirm(
    State(registry): Service,
    who: Authorised<ManageParties>,
    (At(id), Body(asked)): (At, Body<ConfirmParty>),
) -> Result<Json<PartyView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.confirm_party(&who.permit, id, &asked.change)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// What is taken back or rejected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct DropParty {
    /// What is dropped, by its name.
    change: String,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Takes back or rejects what was proposed of a relying party.
#[utoipa::path(post, path = "/v1/relying-parties/{id}/drop", tag = "relying parties",
    operation_id = "drop_relying_party_change", params(("id" = String, Path, description = "The organisation")),
    request_body = DropParty, responses((status = 200, body = ProposedView)))]
pub(in crate::http) async fn drop_it(
    State(registry): Service,
    who: Authorised<ManageParties>,
    (At(id), Body(asked)): (At, Body<DropParty>),
) -> Result<Json<ProposedView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| {
        Ok(registry.drop_party_change(&who.permit, id, &asked.change, &asked.reason)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// An end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EndParty {
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Ends a relying party at once: it is told nothing any more.
#[utoipa::path(post, path = "/v1/relying-parties/{id}/end", tag = "relying parties",
    operation_id = "end_relying_party", params(("id" = String, Path, description = "The organisation")),
    request_body = EndParty, responses((status = 200, body = PartyView)))]
pub(in crate::http) async fn end(
    State(registry): Service,
    who: Authorised<ManageParties>,
    (At(id), Body(asked)): (At, Body<EndParty>),
) -> Result<Json<PartyView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.end_party(&who.permit, id, &asked.reason)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}
