//! What was done with what is known of a person, over HTTP: in the form of `findUsage` of Estonia's data tracker,
//! version 3.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::input::{Asked, At, moment};
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::permission::ReadUsage;
use crate::usage::{Processing, Usage, UsageWanted};

/// The kinds of entries that a registry has: it asks nobody, and reports nothing that others told it.
const INTERNAL: &str = "INTERNAL_PROCESSING";
const RESPONSE: &str = "DATA_RESPONSE";

/// Which entries to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct UsageAsked {
    /// `INTERNAL_PROCESSING` or `DATA_RESPONSE` alone; of the other kinds a registry has no entries.
    processing_type: Option<String>,
    /// `true`: those too that came of work on many at once.
    include_bulk_processing: Option<bool>,
    /// Not before this moment, RFC 3339.
    period_start: Option<String>,
    /// Before this moment, RFC 3339.
    period_end: Option<String>,
    /// How many at most: 1 to 10 000, 1 000 when it is left out.
    limit: Option<usize>,
    /// How many are left out before the first.
    offset: Option<usize>,
}

/// What was done, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FindUsageResponse)]
pub(super) struct UsageList {
    /// How many entries there are.
    total_usages: usize,
    /// How many of them are here.
    returned_usages: usize,
    /// Handed to others.
    data_responses: Vec<ResponseView>,
    /// Done within the registry.
    internal_processings: Vec<InternalView>,
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsageCommon)]
struct UsageView {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    log_time: OffsetDateTime,
    /// What was done and why, in words.
    purpose: String,
    /// It came of work on many at once.
    bulk_processing: bool,
    /// The law that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_basis: Option<String>,
    /// The event of the ledger.
    query_id: String,
    /// The case, or the work that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    query_group_id: Option<String>,
    /// Whose member of staff did it, or who received it.
    initiator_org: OrganizationView,
    /// Who did it; left out where npki did it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    initiator_person: Option<PersonView>,
}

/// What was handed to others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTransfer)]
struct ResponseView {
    #[serde(flatten)]
    usage: UsageView,
    /// Who answered.
    target: OrganizationView,
}

/// What was done within the registry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageProcessing)]
struct InternalView {
    #[serde(flatten)]
    usage: UsageView,
    /// Where the data is from.
    source: OrganizationView,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
struct OrganizationView {
    /// `GOV`: the public sector of the country.
    r#type: &'static str,
    /// Its name.
    name: String,
    /// The system.
    #[serde(skip_serializing_if = "Option::is_none")]
    system_name: Option<&'static str>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Person)]
struct PersonView {
    /// The member of staff; the registry knows who that is.
    alternative_code: String,
}

impl OrganizationView {
    const fn named(name: String) -> Self {
        Self { r#type: "GOV", name, system_name: None }
    }

    fn registry(name: &str) -> Self {
        Self { system_name: Some("npki"), ..Self::named(name.to_owned()) }
    }
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            log_time: usage.at,
            purpose: usage.said,
            bulk_processing: usage.bulk,
            legal_basis: usage.legal_basis,
            query_id: usage.event,
            query_group_id: usage.case,
            initiator_org: OrganizationView::named(usage.receiver.unwrap_or(usage.organisation)),
            initiator_person: usage.staff.map(|id| PersonView { alternative_code: id.to_string() }),
        }
    }
}

impl UsageAsked {
    fn wanted(&self) -> Result<UsageWanted, Problem> {
        let processing = match self.processing_type.as_deref() {
            None => None,
            Some(INTERNAL) => Some(Processing::Internal),
            Some(RESPONSE) => Some(Processing::Response),
            Some(_) => {
                let choose = format!("processingType: it is {INTERNAL} or {RESPONSE}");
                return Err(Problem::new(table::QUERY_UNFIT, choose));
            }
        };
        Ok(UsageWanted {
            since: moment("periodStart", self.period_start.as_deref())?,
            until: moment("periodEnd", self.period_end.as_deref())?,
            processing,
            bulk: self.include_bulk_processing.unwrap_or(false),
        })
    }

    /// How many are left out, and how many shown.
    fn window(&self) -> Result<(usize, usize), Problem> {
        match self.limit.unwrap_or(1_000) {
            limit @ 1..=10_000 => Ok((self.offset.unwrap_or(0), limit)),
            _ => Err(Problem::new(table::QUERY_UNFIT, "limit: it is 1 to 10 000")),
        }
    }
}

/// What was done with what is known of a person, the newest first: who looked, what was issued, what was handed on, and
/// why. Asking is a look at the person too.
#[utoipa::path(get, path = "/v1/identities/{id}/usage", tag = "identities", operation_id = "find_usage",
    params(("id" = String, Path, description = "The person"), UsageAsked), responses((status = 200, body = UsageList)))]
pub(super) async fn find(
    State(registry): Service,
    who: Authorised<ReadUsage>,
    (At(id), Asked(asked)): (At, Asked<UsageAsked>),
) -> Result<Json<UsageList>, Problem> {
    let id = id.parse()?;
    let (wanted, (offset, limit)) = (asked.wanted()?, asked.window()?);
    let own = registry.settings().organisation.clone();
    let found = blocking(&registry, move |registry| Ok(registry.usage(&who.permit, id, &wanted)?)).await?;
    let total_usages = found.len();
    let (mut data_responses, mut internal_processings) = (Vec::new(), Vec::new());
    for usage in found.into_iter().skip(offset).take(limit) {
        let registry = OrganizationView::registry(&own);
        match usage.processing {
            Processing::Response => {
                data_responses.push(ResponseView { usage: usage.into(), target: registry })
            }
            Processing::Internal => {
                internal_processings.push(InternalView { usage: usage.into(), source: registry });
            }
        }
    }
    let returned_usages = data_responses.len() + internal_processings.len();
    Ok(Json(UsageList { total_usages, returned_usages, data_responses, internal_processings }))
}
