//! Starting, reading and carrying out campaigns over HTTP.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::authorised::Authorised;
use super::super::blocking;
use super::super::input::{Asked, At, Body, page_size, parameter};
use super::super::problem::Problem;
use super::super::route::Service;
use super::named;
use super::selection::SelectionView;
use super::view::{CampaignView, TermsView, states};
use crate::campaign::{Advanced, CampaignName, MemberPlace, NewCampaign};
use crate::permission::{ReadCampaigns, RunCampaigns};
use crate::registry::Registry;

/// A campaign to be started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct StartCampaign {
    /// Its name: 1 to 40 lower-case letters, digits and hyphens.
    name: String,
    /// Which certificates it is about.
    selection: SelectionView,
    /// What it does, and when.
    terms: TermsView,
    /// Why there is one. It stays for good: no personal data.
    why: String,
}

/// Starts a campaign. Until another administrator approves it, it does nothing but gather its members: the service does that
/// by itself, and faster while it is asked to.
#[utoipa::path(post, path = "/v1/campaigns", tag = "campaigns", operation_id = "start_campaign",
    request_body = StartCampaign, responses((status = 201, body = CampaignView)))]
pub(in super::super) async fn start(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    Body(start): Body<StartCampaign>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let (name, selection) = (named(&start.name)?, start.selection.read()?);
    let act = move |registry: &Registry| {
        let terms = start.terms.read(registry.now())?;
        let new = NewCampaign { name, selection, terms, why: &start.why };
        Ok(CampaignView::of(registry, &registry.start_campaign(&who.permit, new)?))
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?)))
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct CampaignsAsked {
    /// Begin after this campaign.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CampaignList {
    items: Vec<CampaignView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Campaigns, in the order of their names.
#[utoipa::path(get, path = "/v1/campaigns", tag = "campaigns", operation_id = "list_campaigns",
    params(CampaignsAsked), responses((status = 200, body = CampaignList)))]
pub(in super::super) async fn list(
    State(registry): Service,
    who: Authorised<ReadCampaigns>,
    Asked(asked): Asked<CampaignsAsked>,
) -> Result<Json<CampaignList>, Problem> {
    let after = parameter::<CampaignName>("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let list = blocking(&registry, move |registry| {
        let page = registry.campaigns(&who.permit, after.as_ref(), size)?;
        let next = page.next.map(|name| name.to_string());
        let items = page.items.iter().map(|campaign| CampaignView::of(registry, campaign));
        Ok(CampaignList { items: items.collect(), next })
    });
    Ok(Json(list.await?))
}

/// One campaign: how far it is, stage by stage.
#[utoipa::path(get, path = "/v1/campaigns/{name}", tag = "campaigns", operation_id = "show_campaign",
    params(("name" = String, Path, description = "The campaign")),
    responses((status = 200, body = CampaignView)))]
pub(in super::super) async fn show(
    State(registry): Service,
    who: Authorised<ReadCampaigns>,
    At(name): At,
) -> Result<Json<CampaignView>, Problem> {
    let name = named(&name)?;
    let read =
        move |registry: &Registry| Ok(CampaignView::of(registry, &registry.campaign(&who.permit, &name)?));
    Ok(Json(blocking(&registry, read).await?))
}

/// Goes on gathering a campaign's members, for some tenths of a second.
#[utoipa::path(post, path = "/v1/campaigns/{name}/gathering", tag = "campaigns", operation_id = "gather_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = Nothing,
    responses((status = 200, body = CampaignView)))]
pub(in super::super) async fn gather(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(_)): (At, Body<Nothing>),
) -> Result<Json<CampaignView>, Problem> {
    let name = named(&name)?;
    let act =
        move |registry: &Registry| Ok(CampaignView::of(registry, &registry.gather(&who.permit, &name)?));
    Ok(Json(blocking(&registry, act).await?))
}

/// It has no terms: an empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Nothing {}

/// Where to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RunAsked {
    /// Begin after what the batch before ended with.
    after: Option<String>,
}

/// What a batch did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignBatch)]
pub(in super::super) struct AdvancedView {
    /// The campaign, as it stands now.
    campaign: CampaignView,
    /// How many members were looked at.
    looked_at: usize,
    /// How many turned into each state.
    turned: BTreeMap<&'static str, u64>,
    /// Where the next batch begins; null at the beginning.
    next: Option<String>,
    /// Whether all members were looked at that something is left to do about.
    through: bool,
}

/// Carries out what is due of a campaign, one batch: notes what was replaced or ended, and puts on hold or revokes what is
/// left of stages whose dates have come. Asked again, it does nothing twice.
#[utoipa::path(post, path = "/v1/campaigns/{name}/run", tag = "campaigns", operation_id = "run_campaign",
    params(("name" = String, Path, description = "The campaign")), request_body = RunAsked,
    responses((status = 200, body = AdvancedView)))]
pub(in super::super) async fn advance(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(asked)): (At, Body<RunAsked>),
) -> Result<Json<AdvancedView>, Problem> {
    let name = named(&name)?;
    let after = parameter::<MemberPlace>("after", asked.after.as_deref())?;
    let act = move |registry: &Registry| {
        let done = registry.advance(&who.permit, &name, after.as_ref())?;
        let Advanced { campaign, looked_at, turned, next, through } = done;
        Ok(AdvancedView {
            campaign: CampaignView::of(registry, &campaign),
            looked_at,
            turned: states(&turned),
            next: next.map(|place| place.to_string()),
            through,
        })
    };
    Ok(Json(blocking(&registry, act).await?))
}
