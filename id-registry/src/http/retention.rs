//! Retention over HTTP.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::problem::Problem;
use super::route::Service;
use crate::permission::ReadRetention;
use crate::registry::Registry;
use crate::retention::Due;

/// A rule of retention, and what it reaches now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionRule)]
pub(super) struct DueView {
    /// `rejected-requests`, `approvals`, `evidence`, `deceased` or `emigrated`.
    matter: &'static str,
    /// How many days it is kept after it was decided, or after the identity was closed.
    days: u32,
    /// The act and section.
    basis: String,
    /// How many are erased at the next sweep.
    due: usize,
    /// How many are due and held back: a certificate that counts, or an open case, depends on them.
    held_back: usize,
}

impl From<Due> for DueView {
    fn from(due: Due) -> Self {
        let Due { rule, due, held_back } = due;
        Self { matter: rule.matter.name(), days: rule.days, basis: rule.basis, due, held_back }
    }
}

/// The rules of retention.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retention)]
pub(super) struct RetentionView {
    rules: Vec<DueView>,
    /// Whether everything was looked at; else the first 5000 requests and as many identities.
    complete: bool,
}

/// What is erased after which time, by which law, and what is due. Without rules everything is kept.
#[utoipa::path(get, path = "/v1/retention", tag = "privacy", operation_id = "retention",
    responses((status = 200, body = RetentionView)))]
pub(super) async fn retention(
    State(registry): Service,
    who: Authorised<ReadRetention>,
    _nothing: (),
) -> Result<Json<RetentionView>, Problem> {
    let read = move |registry: &Registry| Ok(registry.retention(&who.permit)?);
    let (dues, complete) = blocking(&registry, read).await?;
    Ok(Json(RetentionView { rules: dues.into_iter().map(DueView::from).collect(), complete }))
}
