//! Offices over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::input::{Asked, At, Body, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use crate::identity::day;
use crate::office::{DAY, NewOffice, Office};
use crate::permission::ManageStaff;
use crate::record;
use crate::registry::Registry;

/// An office to be accredited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfficeEntered {
    name: String,
    /// Where it is.
    place: String,
    /// The last day of its accreditation, ISO 8601.
    #[schema(format = Date)]
    until: String,
    /// By which decision. It stays in the ledger for good: no personal data.
    reason: String,
}

/// Until when an accreditation goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Renewal {
    /// The last day, ISO 8601.
    #[schema(format = Date)]
    until: String,
    /// By which decision. It stays in the ledger for good: no personal data.
    reason: String,
}

/// The end of an accreditation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfficeEnded {
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

/// An office.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Office)]
pub(super) struct OfficeView {
    id: String,
    name: String,
    /// Where it is.
    place: String,
    /// `accredited`, `lapsed` or `ended`.
    status: &'static str,
    /// The last day of its accreditation.
    #[serde(with = "record::day")]
    #[schema(value_type = String, format = Date)]
    accredited_until: Date,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    accredited_at: OffsetDateTime,
    /// Who accredited it.
    accredited_by: String,
}

impl OfficeView {
    fn of(office: Office, today: Date) -> Self {
        Self {
            status: match office.ended_at {
                Some(_) => "ended",
                None if office.counts_on(today) => "accredited",
                None => "lapsed",
            },
            id: office.id.to_string(),
            name: office.name,
            place: office.place,
            accredited_until: office.accredited_until,
            accredited_at: office.accredited_at,
            accredited_by: office.accredited_by.to_string(),
        }
    }
}

/// Accredits an office: officers who are placed in it act as long as the accreditation goes.
#[utoipa::path(post, path = "/v1/offices", tag = "staff", operation_id = "accredit_office",
    request_body = OfficeEntered, responses((status = 201, body = OfficeView)))]
pub(super) async fn accredit(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    Body(entered): Body<OfficeEntered>,
) -> Result<(StatusCode, Json<OfficeView>), Problem> {
    let until = day("until", &entered.until, DAY)?;
    let act = move |registry: &Registry| {
        let OfficeEntered { name, place, reason, .. } = &entered;
        let new = NewOffice { name, place, until, reason };
        Ok(OfficeView::of(registry.accredit_office(&who.permit, &new)?, registry.now().date()))
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?)))
}

/// Which offices to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfficesAsked {
    /// Begin after this office.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of offices.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfficeList {
    items: Vec<OfficeView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Offices, in the order of their identifiers.
#[utoipa::path(get, path = "/v1/offices", tag = "staff", operation_id = "list_offices",
    params(OfficesAsked), responses((status = 200, body = OfficeList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    Asked(asked): Asked<OfficesAsked>,
) -> Result<Json<OfficeList>, Problem> {
    let (after, size) = (parameter("after", asked.after.as_deref())?, page_size(asked.limit)?);
    let today = registry.now().date();
    let page = blocking(&registry, move |registry| Ok(registry.offices(&who.permit, after, size)?)).await?;
    let items = page.items.into_iter().map(|office| OfficeView::of(office, today)).collect();
    Ok(Json(OfficeList { items, next: page.next.map(|id| id.to_string()) }))
}

/// Lets an accreditation go on until another day.
#[utoipa::path(post, path = "/v1/offices/{id}/renew", tag = "staff", operation_id = "renew_office",
    params(("id" = String, Path, description = "The office")), request_body = Renewal,
    responses((status = 200, body = OfficeView)))]
pub(super) async fn renew(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    (At(id), Body(renewal)): (At, Body<Renewal>),
) -> Result<Json<OfficeView>, Problem> {
    let (id, until) = (id.parse()?, day("until", &renewal.until, DAY)?);
    let act = move |registry: &Registry| {
        let office = registry.renew_office(&who.permit, id, until, &renewal.reason)?;
        Ok(OfficeView::of(office, registry.now().date()))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// Ends an accreditation for good: from now on nobody acts for the office.
#[utoipa::path(post, path = "/v1/offices/{id}/end", tag = "staff", operation_id = "end_office",
    params(("id" = String, Path, description = "The office")), request_body = OfficeEnded,
    responses((status = 200, body = OfficeView)))]
pub(super) async fn end(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    (At(id), Body(ended)): (At, Body<OfficeEnded>),
) -> Result<Json<OfficeView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| {
        let office = registry.end_office(&who.permit, id, &ended.reason)?;
        Ok(OfficeView::of(office, registry.now().date()))
    };
    Ok(Json(blocking(&registry, act).await?))
}
