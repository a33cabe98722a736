//! Requests for certificates over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::input::{Asked, At, Body, OnceKey, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use super::{blocking, pem};
use crate::enrolment::{Approval, Rejection, Request, RequestStatus, Submission};
use crate::permission::{ApproveRequests, ReadRegistry, RequestCertificates};

/// A request to be submitted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestSubmitted {
    /// The profile.
    profile: String,
    /// The identity that the certificate is for.
    identity: String,
    /// The certification request: PEM, or DER in base64.
    csr: String,
    /// DNS names wished for besides those in the certification request; without any, all that are granted.
    #[serde(default)]
    dns_names: Vec<String>,
}

/// A request for a certificate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Request)]
pub(super) struct RequestView {
    /// Its identifier.
    id: String,
    /// The profile.
    profile: String,
    /// The identity that the certificate is for.
    identity: String,
    /// `waiting`, `issued` or `rejected`.
    status: &'static str,
    /// How many officers must approve.
    approvals_needed: u8,
    /// The approvals so far.
    approvals: Vec<ApprovalView>,
    /// Who asked.
    requested_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    requested_at: OffsetDateTime,
    /// The certificate, once issued.
    serial: Option<String>,
    /// The rejection, once rejected.
    rejection: Option<RejectionView>,
    /// SHA-256 of the certification request's DER, hex.
    csr_sha256: String,
}

/// An officer's approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
struct ApprovalView {
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    note: Option<String>,
}

/// An officer's rejection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rejection)]
struct RejectionView {
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    reason: String,
}

impl From<&Approval> for ApprovalView {
    fn from(approval: &Approval) -> Self {
        Self { by: approval.by.to_string(), at: approval.at, note: approval.note.clone() }
    }
}

impl From<&Rejection> for RejectionView {
    fn from(rejection: &Rejection) -> Self {
        Self { by: rejection.by.to_string(), at: rejection.at, reason: rejection.reason.clone() }
    }
}

impl From<Request> for RequestView {
    fn from(request: Request) -> Self {
        Self {
            id: request.id.to_string(),
            profile: request.profile.to_string(),
            identity: request.identity.to_string(),
            status: request.status().name(),
            approvals_needed: request.approvals_needed,
            approvals: request.approvals.iter().map(ApprovalView::from).collect(),
            requested_by: request.requested_by.to_string(),
            requested_at: request.requested_at,
            serial: request.serial().map(ToString::to_string),
            rejection: request.rejection().map(RejectionView::from),
            csr_sha256: request.csr_sha256,
        }
    }
}

/// Submits a request. Where the profile asks for no approval, the certificate is issued at once.
#[utoipa::path(post, path = "/v1/requests", tag = "requests", operation_id = "submit_request",
    params(("idempotency-key" = Option<String>, Header,
        description = "1 to 255 visible ASCII characters: the same submission under the same key is made once")),
    request_body = RequestSubmitted,
    responses(
        (status = 201, description = "Issued", body = RequestView),
        (status = 202, description = "Waiting for approval", body = RequestView),
    ))]
pub(super) async fn submit(
    State(registry): Service,
    who: Authorised<RequestCertificates>,
    (OnceKey(key), Body(submitted)): (OnceKey, Body<RequestSubmitted>),
) -> Result<(StatusCode, Json<RequestView>), Problem> {
    let request = blocking(&registry, move |registry| {
        let submission = Submission {
            profile: &submitted.profile,
            identity: submitted.identity.parse()?,
            csr: &pem::request_octets(&submitted.csr),
            dns_names: &submitted.dns_names,
        };
        Ok(registry.submit(&who.permit, &submission, key.as_ref())?)
    })
    .await?;
    let status = match request.status() {
        RequestStatus::Waiting => StatusCode::ACCEPTED,
        RequestStatus::Issued | RequestStatus::Rejected => StatusCode::CREATED,
    };
    Ok((status, Json(request.into())))
}

/// Which requests to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestsAsked {
    /// Those of this status only: `waiting`, `issued`, `rejected`.
    status: Option<String>,
    /// Begin after this request.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequestList {
    items: Vec<RequestView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Requests, the oldest first.
#[utoipa::path(get, path = "/v1/requests", tag = "requests", operation_id = "list_requests",
    params(RequestsAsked), responses((status = 200, body = RequestList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    Asked(asked): Asked<RequestsAsked>,
) -> Result<Json<RequestList>, Problem> {
    let status = parameter::<RequestStatus>("status", asked.status.as_deref())?;
    let after = parameter("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let read = move |registry: &crate::Registry| Ok(registry.requests(&who.permit, status, after, size)?);
    let page = blocking(&registry, read).await?;
    let next = page.next.map(|id| id.to_string());
    Ok(Json(RequestList { items: page.items.into_iter().map(RequestView::from).collect(), next }))
}

/// One request.
#[utoipa::path(get, path = "/v1/requests/{id}", tag = "requests", operation_id = "show_request",
    params(("id" = String, Path, description = "The request")), responses((status = 200, body = RequestView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<RequestView>, Problem> {
    let id = id.parse()?;
    let request = blocking(&registry, move |registry| Ok(registry.request(&who.permit, id)?)).await?;
    Ok(Json(request.into()))
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approve {
    /// What the officer notes. It stays for good: no personal data.
    note: Option<String>,
}

/// Approves a request; the last approval needed issues the certificate.
#[utoipa::path(post, path = "/v1/requests/{id}/approve", tag = "requests", operation_id = "approve_request",
    params(("id" = String, Path, description = "The request")), request_body = Approve,
    responses((status = 200, body = RequestView)))]
pub(super) async fn approve(
    State(registry): Service,
    who: Authorised<ApproveRequests>,
    (At(id), Body(approve)): (At, Body<Approve>),
) -> Result<Json<RequestView>, Problem> {
    let id = id.parse()?;
    let act =
        move |registry: &crate::Registry| Ok(registry.approve(&who.permit, id, approve.note.as_deref())?);
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// A rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reject {
    /// Why. It stays for good: no personal data.
    reason: String,
}

/// Rejects a request.
#[utoipa::path(post, path = "/v1/requests/{id}/reject", tag = "requests", operation_id = "reject_request",
    params(("id" = String, Path, description = "The request")), request_body = Reject,
    responses((status = 200, body = RequestView)))]
pub(super) async fn reject(
    State(registry): Service,
    who: Authorised<ApproveRequests>,
    (At(id), Body(reject)): (At, Body<Reject>),
) -> Result<Json<RequestView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &crate::Registry| Ok(registry.reject(&who.permit, id, &reject.reason)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}
