//! The members of campaigns over HTTP.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::super::authorised::Authorised;
use super::super::blocking;
use super::super::certificates::serial_number;
use super::super::input::{Asked, At, Body, page_size, parameter};
use super::super::problem::Problem;
use super::super::route::Service;
use super::named;
use super::plan::AddresseeView;
use crate::campaign::{Detail, ListedMember, Member, MemberFilter, MemberPlace, MemberState};
use crate::permission::{ReadCampaigns, RunCampaigns};

/// A member of a campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignMember)]
pub(in super::super) struct MemberView {
    serial: String,
    issuer: String,
    profile: String,
    identity: String,
    organisation: Option<String>,
    /// `selected`, `notified`, `replaced`, `held`, `failed`, `kept`, `retired`, `revoked`, `expired` or `exempt`.
    state: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    since: OffsetDateTime,
    /// When its holder was notified.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    notified_at: Option<OffsetDateTime>,
    /// When it ends by itself.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// Why it was exempted, or why nothing could be done.
    why: Option<String>,
    /// Its stage, in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<u16>,
    /// Whom to write to, where that was asked for; null when the identity was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    addressee: Option<AddresseeView>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            serial: member.certificate.serial().to_string(),
            issuer: member.certificate.ca().to_string(),
            profile: member.profile.to_string(),
            identity: member.identity.to_string(),
            organisation: member.organisation.map(|id| id.to_string()),
            state: member.state.name(),
            since: member.since,
            notified_at: member.notified_at,
            not_after: member.not_after,
            why: member.why,
            stage: None,
            addressee: None,
        }
    }
}

impl From<ListedMember> for MemberView {
    fn from(listed: ListedMember) -> Self {
        let (stage, addressee) = (Some(listed.stage), listed.addressee.map(AddresseeView::from));
        Self { stage, addressee, ..Self::from(listed.member) }
    }
}

/// Which members to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct MembersAsked {
    /// Those of this stage only, counted from 1.
    stage: Option<u16>,
    /// Those in this state only.
    state: Option<String>,
    /// Those only that something is left to do about and whose holders were not notified.
    #[serde(default)]
    to_notify: bool,
    /// With whom to write to. It names people: each look at a person is in the ledger.
    #[serde(default)]
    addressees: bool,
    /// Begin after what the page before ended with.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MemberList {
    items: Vec<MemberView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// The members of a campaign, stage by stage. A page may be empty and have a successor.
#[utoipa::path(get, path = "/v1/campaigns/{name}/members", tag = "campaigns", operation_id = "list_campaign_members",
    params(("name" = String, Path, description = "The campaign"), MembersAsked),
    responses((status = 200, body = MemberList)))]
pub(in super::super) async fn members(
    State(registry): Service,
    who: Authorised<ReadCampaigns>,
    (At(name), Asked(asked)): (At, Asked<MembersAsked>),
) -> Result<Json<MemberList>, Problem> {
    let name = named(&name)?;
    let filter = MemberFilter {
        stage: asked.stage,
        state: parameter::<MemberState>("state", asked.state.as_deref())?,
        to_notify: asked.to_notify,
    };
    let detail = if asked.addressees { Detail::Addressees } else { Detail::Certificates };
    let page = (parameter::<MemberPlace>("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let list = blocking(&registry, move |registry| {
        let page = registry.members(&who.permit, &name, filter, detail, page)?;
        let next = page.next.map(|place| place.to_string());
        Ok(MemberList { items: page.items.into_iter().map(MemberView::from).collect(), next })
    });
    Ok(Json(list.await?))
}

/// Whose holders were notified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Notified {
    /// The serial numbers of 1 to 500 certificates.
    serials: Vec<String>,
}

/// What marking did.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MarkedView {
    /// How many were marked now.
    marked: usize,
    /// How many were marked before.
    known: usize,
    /// Serial numbers that are of no member.
    unknown: Vec<String>,
}

/// Marks that holders were notified. Marking again changes nothing.
#[utoipa::path(post, path = "/v1/campaigns/{name}/notifications", tag = "campaigns",
    operation_id = "mark_notified",
    params(("name" = String, Path, description = "The campaign")), request_body = Notified,
    responses((status = 200, body = MarkedView)))]
pub(in super::super) async fn mark_notified(
    State(registry): Service,
    who: Authorised<RunCampaigns>,
    (At(name), Body(notified)): (At, Body<Notified>),
) -> Result<Json<MarkedView>, Problem> {
    let name = named(&name)?;
    let serials =
        notified.serials.iter().map(|serial| serial_number(serial)).collect::<Result<Vec<_>, _>>()?;
    let marked =
        blocking(&registry, move |registry| Ok(registry.mark_notified(&who.permit, &name, &serials)?))
            .await?;
    Ok(Json(MarkedView {
        marked: marked.marked,
        known: marked.known,
        unknown: marked.unknown.iter().map(ToString::to_string).collect(),
    }))
}
