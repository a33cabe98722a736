//! Requests for certificates over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ca_core::issuance::Proposal;
use ca_core::profile::Assurance;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::evidence::AssuranceView;
use super::input::{Asked, At, Body, OnceKey, page_size, parameter};
use super::key_origins::OriginView;
use super::problem::Problem;
use super::route::Service;
use super::{blocking, pem};
use crate::enrolment::{Request, RequestStatus, Submission};
use crate::permission::{ApproveRequests, ReadRegistry, RequestCertificates};
use crate::registry::Registry;

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
    /// Alternative names wished for besides those in the certification request, each `form:value`
    /// (`dns:payroll.gov.ls`, `ip:192.0.2.1`); without any, all that are granted.
    #[serde(default)]
    names: Vec<String>,
    /// Where the key lives, as far as the applicant knows: a bad model or batch of tokens is found by it.
    #[serde(default)]
    key_origin: Option<OriginView>,
    /// The campaign that it is for, if it replaces a certificate for one.
    #[serde(default)]
    campaign: Option<String>,
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
    /// Where the key lives, as the applicant states it: who approves the request confirms it.
    key_origin: Option<OriginView>,
    /// The campaign that it replaces a certificate for.
    campaign: Option<String>,
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
    /// What the applicant proposes for the certificate and the registry does not know: nobody has vetted it.
    proposals: Vec<ProposalView>,
    /// While it waits: how surely the identity is proven by the evidence that was entered. What an officer entered may not count
    /// when the same officer decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<AssuranceView>,
}

/// A value that the applicant proposes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Proposal)]
struct ProposalView {
    /// The attribute of the subject, or the form of alternative name.
    what: String,
    /// The value, as it would stand in the certificate.
    value: String,
    /// What the profile lets applicants propose.
    pattern: String,
}

impl From<Proposal> for ProposalView {
    fn from(proposal: Proposal) -> Self {
        Self { what: proposal.what, value: proposal.value, pattern: proposal.pattern }
    }
}

/// An officer's approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
struct ApprovalView {
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// To which level the officer saw the identity proven: `low`, `substantial`, `high`; null when nothing was said.
    assurance: Option<&'static str>,
    /// What the officer noted; null also when the identity was erased.
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
    /// Why; null when the identity was erased.
    reason: Option<String>,
}

impl RequestView {
    pub(super) fn of(registry: &Registry, request: Request) -> Result<Self, Problem> {
        let remarks = registry.remarks(&request)?;
        let proposals = registry.proposals(&request)?;
        let waiting = request.status() == RequestStatus::Waiting;
        let proven = waiting.then(|| registry.proven(request.identity, None)).transpose()?;
        let approvals = request.approvals.iter().zip(remarks.notes);
        Ok(Self {
            id: request.id.to_string(),
            profile: request.profile.to_string(),
            identity: request.identity.to_string(),
            key_origin: request.key_origin.as_ref().map(OriginView::of),
            campaign: request.campaign.as_ref().map(ToString::to_string),
            status: request.status().name(),
            approvals_needed: request.approvals_needed,
            approvals: approvals
                .map(|(approval, note)| ApprovalView {
                    by: approval.by.to_string(),
                    at: approval.at,
                    assurance: approval.assurance.map(Assurance::name),
                    note,
                })
                .collect(),
            requested_by: request.requested_by.to_string(),
            requested_at: request.requested_at,
            serial: request.serial().map(ToString::to_string),
            rejection: request.rejection().map(|rejection| RejectionView {
                by: rejection.by.to_string(),
                at: rejection.at,
                reason: remarks.rejection,
            }),
            csr_sha256: request.csr_sha256,
            proposals: proposals.into_iter().map(ProposalView::from).collect(),
            assurance: proven.map(|proven| proven.carried.into()),
        })
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
    let (status, view) = blocking(&registry, move |registry| {
        let submission = Submission {
            profile: &submitted.profile,
            identity: submitted.identity.parse()?,
            csr: &pem::request_octets(&submitted.csr),
            names: &submitted.names,
            key_origin: submitted.key_origin.as_ref().map(OriginView::stated),
            campaign: submitted.campaign.as_deref(),
        };
        let request = registry.submit(&who.permit, &submission, key.as_ref())?;
        Ok((request.status(), RequestView::of(registry, request)?))
    })
    .await?;
    let status = match status {
        RequestStatus::Waiting => StatusCode::ACCEPTED,
        RequestStatus::Issued | RequestStatus::Rejected => StatusCode::CREATED,
    };
    Ok((status, Json(view)))
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
    let list = blocking(&registry, move |registry| {
        let page = registry.requests(&who.permit, status, after, size)?;
        let next = page.next.map(|id| id.to_string());
        let items = page.items.into_iter().map(|request| RequestView::of(registry, request));
        Ok(RequestList { items: items.collect::<Result<_, _>>()?, next })
    });
    Ok(Json(list.await?))
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
    let read = move |registry: &Registry| RequestView::of(registry, registry.request(&who.permit, id)?);
    Ok(Json(blocking(&registry, read).await?))
}

/// A rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reject {
    /// Why. It is kept sealed with the request.
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
    let act = move |registry: &Registry| {
        let request = registry.reject(&who.permit, id, &reject.reason)?;
        RequestView::of(registry, request)
    };
    Ok(Json(blocking(&registry, act).await?))
}
