//! Evidence over HTTP: what identities were proven by, and which level follows from it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ca_core::profile::Assurance;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::input::{At, Body};
use super::problem::Problem;
use super::route::Service;
use crate::evidence::{Carried, Evidence, NewEvidence, Proofing, Proven};
use crate::permission::{ReadRegistry, RegisterIdentities};
use crate::registry::Registry;

/// An item of evidence that the caller has checked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceEntered {
    /// A kind that the installation's rules name: `birth-certificate`, `passport`, `chiefs-letter`.
    kind: String,
    /// Who issued it. It is kept sealed.
    issuer: String,
    /// Its number. It is kept sealed.
    reference: Option<String>,
    /// When it was issued: `2026-11-29`.
    issued_on: Option<String>,
    /// The last day on which it is valid.
    expires_on: Option<String>,
    /// How it was checked: `in-person`, with the person there, or `remote`.
    how: String,
    /// SHA-256 of a scan, 64 hexadecimal digits. The scan itself is kept elsewhere.
    scan_sha256: Option<String>,
}

impl From<EvidenceEntered> for NewEvidence {
    fn from(entered: EvidenceEntered) -> Self {
        Self {
            kind: entered.kind,
            issuer: entered.issuer,
            reference: entered.reference,
            issued_on: entered.issued_on,
            expires_on: entered.expires_on,
            how: entered.how,
            scan_sha256: entered.scan_sha256,
        }
    }
}

/// An item of evidence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
pub(super) struct EvidenceView {
    /// The ledger's event by which it was entered.
    id: String,
    kind: String,
    /// Who issued it; null when the identity was erased.
    issuer: Option<String>,
    /// Its number; null also when the identity was erased.
    reference: Option<String>,
    issued_on: Option<String>,
    expires_on: Option<String>,
    /// `in-person` or `remote`.
    how: &'static str,
    scan_sha256: Option<String>,
    checked_by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    checked_at: OffsetDateTime,
}

impl From<Evidence> for EvidenceView {
    fn from(item: Evidence) -> Self {
        Self {
            id: item.id,
            kind: item.kind,
            issuer: item.issuer,
            reference: item.reference,
            issued_on: item.issued_on.map(|day| day.to_string()),
            expires_on: item.expires_on.map(|day| day.to_string()),
            how: item.how.name(),
            scan_sha256: item.scan_sha256,
            checked_by: item.checked_by.to_string(),
            checked_at: item.checked_at,
        }
    }
}

/// How surely an identity is proven by the evidence there is, today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assurance)]
pub(super) struct AssuranceView {
    /// `low`, `substantial` or `high` (Regulation (EU) 910/2014 article 8); null when the evidence carries none.
    level: Option<&'static str>,
    /// `baseline` or `extended`, the levels of identity proofing of ETSI TS 119 461; null below them.
    proofing: Option<&'static str>,
    /// The same as an object identifier.
    proofing_oid: Option<&'static str>,
    /// How many items of evidence count.
    counted: usize,
    /// Why others do not.
    left_out: Vec<String>,
}

impl From<Carried> for AssuranceView {
    fn from(carried: Carried) -> Self {
        Self {
            level: carried.level.map(Assurance::name),
            proofing: carried.proofing.map(Proofing::name),
            proofing_oid: carried.proofing.map(Proofing::oid),
            counted: carried.counted,
            left_out: carried.left_out,
        }
    }
}

/// What an identity was proven by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvidenceList)]
pub(super) struct ProvenView {
    /// All items, the oldest first.
    items: Vec<EvidenceView>,
    /// What they carry today.
    assurance: AssuranceView,
}

/// Enters an item of evidence that the caller has checked. It stays; what lapses does not count any more.
#[utoipa::path(post, path = "/v1/identities/{id}/evidence", tag = "evidence", operation_id = "enter_evidence",
    params(("id" = String, Path, description = "The identity")), request_body = EvidenceEntered,
    responses((status = 201, body = EvidenceView)))]
pub(super) async fn enter(
    State(registry): Service,
    who: Authorised<RegisterIdentities>,
    (At(id), Body(entered)): (At, Body<EvidenceEntered>),
) -> Result<(StatusCode, Json<EvidenceView>), Problem> {
    let (id, new) = (id.parse()?, entered.into());
    let act = move |registry: &Registry| Ok(registry.enter_evidence(&who.permit, id, &new)?);
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// What an identity was proven by, and the level that follows from it. It is a look at a person's record in the ledger.
#[utoipa::path(get, path = "/v1/identities/{id}/evidence", tag = "evidence", operation_id = "list_evidence",
    params(("id" = String, Path, description = "The identity")), responses((status = 200, body = ProvenView)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<ProvenView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.evidence(&who.permit, id)?);
    let Proven { items, carried } = blocking(&registry, read).await?;
    Ok(Json(ProvenView {
        items: items.into_iter().map(EvidenceView::from).collect(),
        assurance: carried.into(),
    }))
}
