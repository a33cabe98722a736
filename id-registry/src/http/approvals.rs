//! Approvals over HTTP: what is to be signed, what was signed, and the proof that speaks without us.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::input::{At, Body};
use super::problem::Problem;
use super::requests::RequestView;
use super::route::Service;
use super::{blocking, pem};
use crate::enrolment::{Matter, Proof, ToApprove};
use crate::permission::{ApproveRequests, ReadRegistry};
use crate::registry::Registry;

/// What an approval is to state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToApprove)]
pub(super) struct ToApproveView {
    /// What is approved, to be taken over as it is: the request with all that its certificate will hold.
    #[schema(value_type = Object)]
    matter: Matter,
    /// Who approves.
    by: String,
    /// When, by the registry's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Why somebody else than the caller must approve it; null when nothing stands against it.
    hindrance: Option<String>,
}

/// What an approval of this request is to state, as everything stands now. For a person it is a look at the record.
#[utoipa::path(get, path = "/v1/requests/{id}/approval", tag = "requests", operation_id = "prepare_approval",
    params(("id" = String, Path, description = "The request")), responses((status = 200, body = ToApproveView)))]
pub(super) async fn prepare(
    State(registry): Service,
    who: Authorised<ApproveRequests>,
    At(id): At,
) -> Result<Json<ToApproveView>, Problem> {
    let id = id.parse()?;
    let prepare = move |registry: &Registry| {
        let ToApprove { matter, hindrance } = registry.to_approve(&who.permit, id)?;
        let hindrance = hindrance.map(|error| error.to_string());
        Ok(ToApproveView { matter, by: who.permit.staff().to_string(), at: registry.now(), hindrance })
    };
    Ok(Json(blocking(&registry, prepare).await?))
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approve {
    /// The statement `{"act": "approve-request", "matter", "by", "at", "assurance", "note"}` (the last two may be left out;
    /// `matter`, `by` and `at` are those of `/v1/requests/{id}/approval`), signed by the key that the officer signs in with:
    /// a compact JSON Web Signature of type `npki-approval+jws` with the officer's certificate, and no other, in `x5c`.
    /// It is kept sealed with the request.
    statement: String,
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
    let act = move |registry: &Registry| {
        RequestView::of(registry, registry.approve(&who.permit, id, &approve.statement)?)
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// What proves how a request was approved, to anybody who has the root's certificate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApprovalProof)]
pub(super) struct ProofView {
    /// The request.
    request: String,
    /// The certification request, PEM.
    csr: String,
    /// What each officer signed, in the order of the approvals: compact JSON Web Signatures.
    statements: Vec<String>,
    /// The certificate that was issued, PEM.
    certificate: Option<String>,
    /// The certificates of the CAs of this installation, PEM.
    authorities: Vec<String>,
}

impl From<Proof> for ProofView {
    fn from(proof: Proof) -> Self {
        let certificate = |der: &Vec<u8>| pem::certificate(der);
        Self {
            request: proof.request.to_string(),
            csr: pem::certification_request(&proof.csr),
            statements: proof.statements,
            certificate: proof.certificate.as_ref().map(certificate),
            authorities: proof.authorities.iter().map(certificate).collect(),
        }
    }
}

/// What proves how a request was approved. For a person it is a look at the record.
#[utoipa::path(get, path = "/v1/requests/{id}/proof", tag = "requests", operation_id = "show_proof",
    params(("id" = String, Path, description = "The request")), responses((status = 200, body = ProofView)))]
pub(super) async fn proof(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<ProofView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.proof_of(&who.permit, id)?.into());
    Ok(Json(blocking(&registry, read).await?))
}
