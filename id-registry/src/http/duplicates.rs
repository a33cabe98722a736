//! Persons who may be registered twice, over HTTP.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::input::At;
use super::problem::Problem;
use super::route::Service;
use crate::duplicates::{Candidate, Duplicates};
use crate::identity::{Details, Identity};
use crate::permission::ReadRegistry;
use crate::registry::Registry;

/// Somebody who may be the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Candidate)]
pub(super) struct CandidateView {
    /// Who.
    id: String,
    /// How much they are alike, 0 to 100.
    score: u8,
    /// What agrees: `surname`, `given-name`, `names-exchanged`, `birth-date`, `birth-date-with-day-and-month-exchanged`,
    /// `birth-date-but-one-digit`, `birth-month`, `birth-year`.
    agree: Vec<&'static str>,
}

impl CandidateView {
    pub(super) fn of(candidate: &Candidate) -> Self {
        Self { id: candidate.id.to_string(), score: candidate.score, agree: candidate.agree.clone() }
    }
}

/// Somebody who may be the same person, and what is known to compare them by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicate)]
struct DuplicateView {
    #[serde(flatten)]
    candidate: CandidateView,
    /// `active`, `suspended` or `closed`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
}

impl DuplicateView {
    fn of((candidate, identity): (Candidate, Identity)) -> Self {
        let view = Self {
            candidate: CandidateView::of(&candidate),
            status: identity.record.status.name(),
            surname: None,
            given_name: None,
            birth_date: None,
        };
        match identity.details {
            Some(Details::Person { surname, given_name, further, .. }) => Self {
                surname: Some(surname),
                given_name: Some(given_name),
                birth_date: further.birth_date,
                ..view
            },
            _ => view,
        }
    }
}

/// Who may be the same as a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicates)]
pub(super) struct DuplicatesView {
    /// Those most alike first.
    items: Vec<DuplicateView>,
    /// More persons share the name than were compared or are shown: a birth date tells them apart.
    cut: bool,
}

/// Who may be the same as a person that is registered. Each that is shown is a look at that person's record in the ledger.
#[utoipa::path(get, path = "/v1/identities/{id}/duplicates", tag = "identities", operation_id = "list_duplicates",
    params(("id" = String, Path, description = "The person")), responses((status = 200, body = DuplicatesView)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<DuplicatesView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.duplicates(&who.permit, id)?);
    let Duplicates { items, cut } = blocking(&registry, read).await?;
    Ok(Json(DuplicatesView { items: items.into_iter().map(DuplicateView::of).collect(), cut }))
}
