//! Decisions about campaigns over HTTP.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::authorised::Authorised;
use super::super::blocking;
use super::super::certificates::serial_number;
use super::super::input::{At, Body};
use super::super::problem::Problem;
use super::super::route::Service;
use super::members::MemberView;
use super::named;
use super::start::Nothing;
use super::view::CampaignView;
use crate::permission::RunCampaigns;
use crate::registry::Registry;

/// Approves a campaign that another administrator started: from now on it acts at its dates, and what it selects is refused
/// to whoever asks for a certificate.
#[utoipa::path(post, path = "/v1/campaigns/{name}/approval", tag = "campaigns", operation_id = "approve_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = Nothing,
    responses((status = 200, body = CampaignView)))]
pub(in super::super) async fn approve(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(_)): (At, Body<Nothing>),
) -> Result<Json<CampaignView>, Problem> {
    let name = named(&name)?;
    let act = move |registry: &Registry| {
        Ok(CampaignView::of(registry, &registry.approve_campaign(&who.permit, &name)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// Why something is decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Why {
    /// Why. It stays for good: no personal data.
    why: String,
}

/// Lets a campaign do nothing for the time being. What it selects is still refused.
#[utoipa::path(post, path = "/v1/campaigns/{name}/pause", tag = "campaigns", operation_id = "pause_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = Why,
    responses((status = 200, body = CampaignView)))]
pub(in super::super) async fn pause(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(Why { why })): (At, Body<Why>),
) -> Result<Json<CampaignView>, Problem> {
    let name = named(&name)?;
    let act = move |registry: &Registry| {
        Ok(CampaignView::of(registry, &registry.pause_campaign(&who.permit, &name, &why)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// Lets a paused campaign go on. Dates that passed meanwhile are due at once.
#[utoipa::path(post, path = "/v1/campaigns/{name}/resumption", tag = "campaigns", operation_id = "resume_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = Nothing,
    responses((status = 200, body = CampaignView)))]
pub(in super::super) async fn resume(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(_)): (At, Body<Nothing>),
) -> Result<Json<CampaignView>, Problem> {
    let name = named(&name)?;
    let act = move |registry: &Registry| {
        Ok(CampaignView::of(registry, &registry.resume_campaign(&who.permit, &name)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// Ends a campaign, or withdraws it before it is approved. What is left of it stays as it is, and what it selected is issued
/// again.
#[utoipa::path(post, path = "/v1/campaigns/{name}/end", tag = "campaigns", operation_id = "finish_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = Why,
    responses((status = 200, body = CampaignView)))]
pub(in super::super) async fn finish(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(Why { why })): (At, Body<Why>),
) -> Result<Json<CampaignView>, Problem> {
    let name = named(&name)?;
    let act = move |registry: &Registry| {
        Ok(CampaignView::of(registry, &registry.finish_campaign(&who.permit, &name, &why)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// A certificate to be exempted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Exempt {
    /// Its serial number.
    serial: String,
    /// Why. It stays for good: no personal data.
    why: String,
}

/// Exempts a certificate from a campaign: nothing more is done about it.
#[utoipa::path(post, path = "/v1/campaigns/{name}/exemptions", tag = "campaigns",
    operation_id = "exempt_from_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = Exempt,
    responses((status = 200, body = MemberView)))]
pub(in super::super) async fn exempt(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(exempt)): (At, Body<Exempt>),
) -> Result<Json<MemberView>, Problem> {
    let (name, serial) = (named(&name)?, serial_number(&exempt.serial)?);
    let act = move |registry: &Registry| {
        Ok(MemberView::from(registry.exempt(&who.permit, &name, &serial, &exempt.why)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}
