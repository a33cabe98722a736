//! Statistics over HTTP.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::problem::Problem;
use super::route::Service;
use crate::permission::ReadStatistics;
use crate::registry::Registry;
use crate::statistics::{Group, Statistics};

/// A whole and its parts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsGroup)]
pub(super) struct GroupView {
    /// Of what: `identities`, a kind of identity, `certificates`, a profile, `requests`.
    of: String,
    /// What the cells tell apart: `kind`, `status`, `year of birth`, `assurance`, `profile`, `state`, `outcome`.
    by: String,
    /// The sum of the cells; null where it is left out.
    total: Option<u64>,
    /// How many; null where it is left out: it is small, or would give away one that is.
    cells: BTreeMap<String, Option<u64>>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self { of: group.of, by: group.by, total: group.total, cells: group.cells }
    }
}

/// Statistics.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statistics)]
pub(super) struct StatisticsView {
    /// When the count began: what came later may be in it.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    begun_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    ended_at: OffsetDateTime,
    /// Numbers below it, and above nothing, are not told.
    threshold: u64,
    groups: Vec<GroupView>,
}

impl From<Statistics> for StatisticsView {
    fn from(counted: Statistics) -> Self {
        Self {
            begun_at: counted.begun_at,
            ended_at: counted.ended_at,
            threshold: counted.threshold,
            groups: counted.groups.into_iter().map(GroupView::from).collect(),
        }
    }
}

/// How many there are of what. Small numbers are left out, and what would give them away. The service counts once a day by itself.
#[utoipa::path(get, path = "/v1/statistics", tag = "privacy", operation_id = "statistics",
    responses((status = 200, body = StatisticsView)))]
pub(super) async fn statistics(
    State(registry): Service,
    who: Authorised<ReadStatistics>,
    _nothing: (),
) -> Result<Json<StatisticsView>, Problem> {
    let read = move |registry: &Registry| Ok(registry.statistics(&who.permit)?);
    Ok(Json(blocking(&registry, read).await?.into()))
}
