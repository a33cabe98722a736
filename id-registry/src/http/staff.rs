//! Staff over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::certificates::pem_and_chain;
use super::input::{Asked, At, Body, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use super::{blocking, pem};
use crate::id::IdentityId;
use crate::permission::ManageStaff;
use crate::principal::Role;
use crate::staff::{NewStaff, Placing, Quota, StaffRecord};

/// A member of staff to be enrolled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffEntered {
    /// The name; it becomes the certificate's common name.
    name: String,
    /// `administrator`, `officer`, `auditor` or `agency-operator`.
    role: String,
    /// The certification request: PEM, or DER in base64.
    csr: String,
    /// The organisation that an agency operator works for.
    organisation: Option<String>,
    /// The member's own entry among the registry's persons: the member decides on nothing about it.
    person: Option<String>,
}

/// A member of staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
pub(super) struct StaffView {
    /// The identifier.
    id: String,
    /// The name.
    name: String,
    /// `administrator`, `officer`, `auditor` or `agency-operator`.
    role: &'static str,
    /// The organisation that an agency operator works for.
    organisation: Option<String>,
    /// The member's own entry among the registry's persons.
    person: Option<String>,
    /// The office that the member works for.
    office: Option<String>,
    /// Persons whose cases the member keeps out of.
    relatives: Vec<String>,
    /// The most persons that the member may look up in a day, where it differs from the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    looks_per_day: Option<u32>,
    /// The most requests that the member may approve in a day, where it differs from the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals_per_day: Option<u32>,
    /// The most persons that the member may look up in a minute, where it differs from the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    looks_per_minute: Option<u32>,
    /// The most requests that the member may approve in a minute, where it differs from the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals_per_minute: Option<u32>,
    /// Whether the member may act at any hour.
    any_hour: bool,
    /// `active` or `disabled`.
    status: &'static str,
    /// The certificate's serial number, hex.
    serial: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    enrolled_at: OffsetDateTime,
    /// The certificate, when it was just issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
    /// The certificate, then its issuer's, when it was just issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
}

impl From<StaffRecord> for StaffView {
    fn from(record: StaffRecord) -> Self {
        Self {
            id: record.id.to_string(),
            role: record.role.name(),
            organisation: record.role.organisation().map(|id| id.to_string()),
            person: record.person.map(|id| id.to_string()),
            office: record.office.map(|id| id.to_string()),
            looks_per_day: record.quota.looks,
            approvals_per_day: record.quota.approvals,
            looks_per_minute: record.quota.looks_a_minute,
            approvals_per_minute: record.quota.approvals_a_minute,
            any_hour: record.any_hour,
            relatives: record.relatives.iter().map(ToString::to_string).collect(),
            name: record.name,
            status: if record.disabled.is_some() { "disabled" } else { "active" },
            serial: record.serial.to_string(),
            enrolled_at: record.enrolled_at,
            pem: None,
            chain: None,
        }
    }
}

/// Enrols a member of staff and issues the certificate to sign in with.
#[utoipa::path(post, path = "/v1/staff", tag = "staff", operation_id = "enrol_staff",
    request_body = StaffEntered, responses((status = 201, body = StaffView)))]
pub(super) async fn enrol(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    Body(entered): Body<StaffEntered>,
) -> Result<(StatusCode, Json<StaffView>), Problem> {
    let organisation: Option<IdentityId> = entered.organisation.as_deref().map(str::parse).transpose()?;
    let role = Role::named(&entered.role, organisation)?;
    let person = entered.person.as_deref().map(str::parse).transpose()?;
    let view = blocking(&registry, move |registry| {
        let csr = pem::request_octets(&entered.csr);
        let new = NewStaff { name: &entered.name, role, person, csr: &csr };
        let enrolled = registry.enrol_staff(&who.permit, &new)?;
        let (leaf, chain) =
            pem_and_chain(registry, &enrolled.certificate.record.issuer, &enrolled.certificate.der);
        Ok(StaffView { pem: Some(leaf), chain: Some(chain), ..enrolled.record.into() })
    });
    Ok((StatusCode::CREATED, Json(view.await?)))
}

/// Which staff to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StaffAsked {
    /// Begin after this member.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of staff.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StaffList {
    items: Vec<StaffView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Staff, in the order of their identifiers.
#[utoipa::path(get, path = "/v1/staff", tag = "staff", operation_id = "list_staff",
    params(StaffAsked), responses((status = 200, body = StaffList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    Asked(asked): Asked<StaffAsked>,
) -> Result<Json<StaffList>, Problem> {
    let after = parameter("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let page = blocking(&registry, move |registry| Ok(registry.staff(&who.permit, after, size)?)).await?;
    let next = page.next.map(|id| id.to_string());
    Ok(Json(StaffList { items: page.items.into_iter().map(StaffView::from).collect(), next }))
}

/// The end of a member's access.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Disable {
    /// Why. It stays for good: no personal data.
    reason: String,
}

/// Ends a member's access for good and revokes the member's certificate in the same change.
#[utoipa::path(post, path = "/v1/staff/{id}/disable", tag = "staff", operation_id = "disable_staff",
    params(("id" = String, Path, description = "The member of staff")), request_body = Disable,
    responses((status = 200, body = StaffView)))]
pub(super) async fn disable(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    (At(id), Body(disable)): (At, Body<Disable>),
) -> Result<Json<StaffView>, Problem> {
    let id = id.parse()?;
    let act =
        move |registry: &crate::Registry| Ok(registry.disable_staff(&who.permit, id, &disable.reason)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// What is to be changed of a member of staff; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlacedIn {
    /// The office; `none` takes the member out of it.
    office: Option<String>,
    /// The member's own entry among the registry's persons: the member decides on nothing about it.
    person: Option<String>,
    /// Persons whose cases the member keeps out of, all of them; at most 50.
    relatives: Option<Vec<String>>,
    /// The most persons that the member may look up in a day.
    looks_per_day: Option<u32>,
    /// The most requests that the member may approve in a day.
    approvals_per_day: Option<u32>,
    /// The most persons that the member may look up in a minute.
    looks_per_minute: Option<u32>,
    /// The most requests that the member may approve in a minute.
    approvals_per_minute: Option<u32>,
    /// Whether the member may act at any hour.
    any_hour: Option<bool>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

impl PlacedIn {
    fn placing(&self) -> Result<Placing, Problem> {
        let office = match self.office.as_deref() {
            None => None,
            Some("none") => Some(None),
            Some(id) => Some(Some(id.parse()?)),
        };
        let relatives = self.relatives.as_ref().map(|ids| ids.iter().map(|id| id.parse()).collect());
        Ok(Placing {
            office,
            person: parameter("person", self.person.as_deref())?,
            relatives: relatives.transpose()?,
            quota: Quota {
                looks: self.looks_per_day,
                approvals: self.approvals_per_day,
                looks_a_minute: self.looks_per_minute,
                approvals_a_minute: self.approvals_per_minute,
            },
            any_hour: self.any_hour,
        })
    }
}

/// Places a member of staff in an office, links the member's own entry, and says whose cases the member keeps out of.
#[utoipa::path(post, path = "/v1/staff/{id}/place", tag = "staff", operation_id = "place_staff",
    params(("id" = String, Path, description = "The member of staff")), request_body = PlacedIn,
    responses((status = 200, body = StaffView)))]
pub(super) async fn place(
    State(registry): Service,
    who: Authorised<ManageStaff>,
    (At(id), Body(placed)): (At, Body<PlacedIn>),
) -> Result<Json<StaffView>, Problem> {
    let (id, placing) = (id.parse()?, placed.placing()?);
    let act = move |registry: &crate::Registry| {
        Ok(registry.place_staff(&who.permit, id, &placing, &placed.reason)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}
