//! Exports over HTTP, a page at a time.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::input::{Body, page_size, parameter};
use super::problem::Problem;
use super::route::Service;
use crate::export::{Exported, Wanted};
use crate::id::IdentityId;
use crate::identity::Details;
use crate::page::Page;
use crate::permission::{ExportIdentities, ExportPersons};
use crate::registry::Registry;

/// What is to be exported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportAsked {
    /// Which export this page belongs to: 32 hexadecimal digits, drawn once for all of its pages.
    export: String,
    /// Those of this kind only.
    kind: Option<String>,
    /// Begin after this identity.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
    /// Why. It stays in the ledger for good: no personal data.
    reason: String,
}

impl ExportAsked {
    fn into_domain(self) -> Result<Wanted, Problem> {
        Ok(Wanted {
            kind: parameter("kind", self.kind.as_deref())?,
            after: parameter("after", self.after.as_deref())?,
            size: page_size(self.limit)?,
            export: self.export,
            reason: self.reason,
        })
    }
}

/// An identity as it is exported.
#[derive(Debug, Serialize, ToSchema)]
struct ExportedView {
    id: String,
    kind: &'static str,
    status: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    registered_at: OffsetDateTime,
    registered_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsor: Option<String>,
    /// What is known of it, the fields of its kind; left out of persons unless they are exported, and when it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    known: Option<Details>,
}

/// A page of an export.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExportPage {
    items: Vec<ExportedView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

impl From<Exported> for ExportedView {
    fn from(exported: Exported) -> Self {
        let Exported { record, known } = exported;
        Self {
            id: record.id.to_string(),
            kind: record.id.kind().name(),
            status: record.status.name(),
            registered_at: record.registered_at,
            registered_by: record.registered_by.to_string(),
            organisation: record.owner.map(|owner| owner.organisation.to_string()),
            sponsor: record.owner.map(|owner| owner.sponsor.to_string()),
            known,
        }
    }
}

impl From<Page<Exported, IdentityId>> for ExportPage {
    fn from(page: Page<Exported, IdentityId>) -> Self {
        let next = page.next.map(|id| id.to_string());
        Self { items: page.items.into_iter().map(ExportedView::from).collect(), next }
    }
}

/// Exports a page of identities without what is known of persons. Who asks, how many and why is in the ledger first.
#[utoipa::path(post, path = "/v1/identities/export", tag = "identities", operation_id = "export_identities",
    request_body = ExportAsked, responses((status = 200, body = ExportPage)))]
pub(super) async fn identities(
    State(registry): Service,
    who: Authorised<ExportIdentities>,
    Body(asked): Body<ExportAsked>,
) -> Result<Json<ExportPage>, Problem> {
    let wanted = asked.into_domain()?;
    let read = move |registry: &Registry| Ok(registry.export_identities(&who.permit, &wanted)?.into());
    Ok(Json(blocking(&registry, read).await?))
}

/// Exports a page of identities with what is known of persons. Each person is a look at the record besides.
#[utoipa::path(post, path = "/v1/identities/export-persons", tag = "identities", operation_id = "export_persons",
    request_body = ExportAsked, responses((status = 200, body = ExportPage)))]
pub(super) async fn persons(
    State(registry): Service,
    who: Authorised<ExportPersons>,
    Body(asked): Body<ExportAsked>,
) -> Result<Json<ExportPage>, Problem> {
    let wanted = asked.into_domain()?;
    let read = move |registry: &Registry| Ok(registry.export_persons(&who.permit, &wanted)?.into());
    Ok(Json(blocking(&registry, read).await?))
}
