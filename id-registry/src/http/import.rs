//! Lists of identities over HTTP, a part at a time.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::identities::IdentityEntered;
use super::input::{Body, nearest};
use super::problem::Problem;
use super::route::Service;
use crate::duplicates::NotTheSame;
use crate::identity::{FieldError, IdentityError};
use crate::import::{Batch, Mode, Outcome, Row};
use crate::permission::ImportIdentities;

/// A part of a list of identities.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// Which list: the SHA-256 of its file, 64 hexadecimal digits. The same part of the same list, sent again, enters
    /// nobody twice.
    source: String,
    /// Judge the rows and enter nobody.
    #[serde(default)]
    dry_run: bool,
    /// 1 to 500 of its rows, in the order of their numbers.
    rows: Vec<RowEntered>,
}

/// One row of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RowEntered {
    /// Where it stands in its list, from 1.
    row: u64,
    /// The identity, as for a single registration; but owner and sponsor may be named by their numbers as well, and may
    /// stand further up in the list. What does not have this form is refused with its row.
    #[schema(value_type = IdentityEntered)]
    identity: serde_json::Value,
}

impl RowEntered {
    fn into_domain(self) -> Row {
        // serde would also take a list for an object.
        let read = if self.identity.is_object() {
            let entered = IdentityEntered::deserialize(self.identity);
            entered.map_err(|error| unfit(&error.to_string())).and_then(IdentityEntered::into_domain)
        } else {
            Err(refused("it is no JSON object".to_owned()))
        };
        match read {
            Ok((entered, not_the_same)) => Row { number: self.row, entered: Ok(entered), not_the_same },
            Err(error) => Row { number: self.row, entered: Err(error), not_the_same: NotTheSame::default() },
        }
    }
}

/// Says what is wrong with a row's form, never with what it holds: serde's words about a value quote it.
fn unfit(said: &str) -> FieldError {
    let names_fields = ["unknown field", "missing field", "duplicate field"];
    if said.starts_with("unknown variant") {
        return refused("its kind is none of organisation, person, device, application and agent".to_owned());
    }
    if !names_fields.iter().any(|beginning| said.starts_with(beginning)) {
        return refused("a value is of another type than its field".to_owned());
    }
    let short: String = said.split(", expected").next().unwrap_or_default().chars().take(120).collect();
    refused(match nearest(said) {
        Some(nearest) => format!("{short}; did you mean {nearest:?}?"),
        None => short,
    })
}

fn refused(why: String) -> FieldError {
    FieldError { field: "identity", why, fits: "the fields of its kind, as /openapi.json has them" }
}

/// What became of the rows of a part.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Imported {
    /// How many were entered now.
    registered: usize,
    /// How many had been entered when the same part was sent before.
    already: usize,
    /// How many were not entered.
    refused: usize,
    /// Each row, in the order sent.
    rows: Vec<RowView>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
struct RowView {
    /// Its number.
    row: u64,
    /// `registered`, `already`, `fits` (in a dry run) or `refused`.
    outcome: &'static str,
    /// The identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// Why a row was refused: the problem that a single registration would have met. Never what the row holds.
#[derive(Debug, Serialize, ToSchema)]
struct RefusalView {
    /// The problem's code.
    code: &'static str,
    /// The field that does not fit, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// What is wrong.
    detail: String,
    /// What to do about it.
    fix: String,
}

impl RowView {
    fn of(row: u64, outcome: Outcome) -> Self {
        let view = |outcome, id| Self { row, outcome, id, refusal: None };
        match outcome {
            Outcome::Registered(id) => view("registered", Some(id.to_string())),
            Outcome::Already(id) => view("already", Some(id.to_string())),
            Outcome::Fits => view("fits", None),
            Outcome::Refused(error) => {
                let field = match &error {
                    IdentityError::Field(unfit) => Some(unfit.field),
                    IdentityError::Taken { field, .. } | IdentityError::NoSuchNumber { field } => {
                        Some(*field)
                    }
                    _ => None,
                };
                let (code, detail, fix) = Problem::from(error).told();
                Self { refusal: Some(RefusalView { code, field, detail, fix }), ..view("refused", None) }
            }
        }
    }
}

/// Enters a part of a list of identities, or tries it. Each row is judged as a single registration is and answered by
/// itself; what is entered of a part is kept whole or not at all.
#[utoipa::path(post, path = "/v1/identities/import", tag = "identities", operation_id = "import_identities",
    request_body = Import, responses((status = 200, body = Imported)))]
pub(super) async fn import(
    State(registry): Service,
    who: Authorised<ImportIdentities>,
    Body(list): Body<Import>,
) -> Result<Json<Imported>, Problem> {
    let mode = if list.dry_run { Mode::Try } else { Mode::Enter };
    let act = move |registry: &crate::Registry| {
        let numbers: Vec<u64> = list.rows.iter().map(|row| row.row).collect();
        let rows = list.rows.into_iter().map(RowEntered::into_domain).collect();
        let outcomes = registry.import_identities(&who.permit, Batch { source: list.source, rows }, mode)?;
        Ok(numbers.into_iter().zip(outcomes).map(|(row, outcome)| RowView::of(row, outcome)).collect())
    };
    let rows: Vec<RowView> = blocking(&registry, act).await?;
    let count = |wanted: &str| rows.iter().filter(|row| row.outcome == wanted).count();
    let (registered, already, refused) = (count("registered"), count("already"), count("refused"));
    Ok(Json(Imported { registered, already, refused, rows }))
}
