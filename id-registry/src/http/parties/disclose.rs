//! What a party is told of a person.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::authorised::Authorised;
use crate::http::blocking;
use crate::http::input::Body;
use crate::http::problem::Problem;
use crate::http::route::Service;
use crate::look::CaseReference;
use crate::party::{Asked, Disclosed, Named};
use crate::permission::ReceiveAttributes;
use crate::registry::Registry;

/// What an agency needs to know of a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Disclose {
    /// The person, by identifier or by the pseudonym in the agency's sector.
    person: String,
    /// For which of the agency's purposes.
    purpose: String,
    /// What is needed, and no more: all of it is told, or nothing.
    attributes: Vec<String>,
}

/// What the agency is told.
#[derive(Serialize, ToSchema)]
#[schema(as = Disclosure)]
pub(in crate::http) struct DisclosureView {
    /// The person, as it was asked for.
    person: String,
    /// The agency.
    receiver: String,
    purpose: String,
    legal_basis: String,
    /// The agency's case, as the header named it.
    case: String,
    /// Each attribute that was asked for; null where nothing is known.
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Value>,
    /// The ledger's event of it.
    event: String,
}

/// Tells the agency that the caller works for what one of its purposes admits of a person. It is in the ledger, as an event on
/// the person, before the answer leaves; so is an attempt to learn more.
#[utoipa::path(post, path = "/v1/disclosures", tag = "relying parties", operation_id = "disclose_attributes",
    request_body = Disclose, responses((status = 200, body = DisclosureView)))]
pub(in crate::http) async fn disclose(
    State(registry): Service,
    who: Authorised<ReceiveAttributes>,
    Body(asked): Body<Disclose>,
) -> Result<Json<DisclosureView>, Problem> {
    let person: Named = asked.person.parse()?;
    let act = move |registry: &Registry| {
        let wanted = Asked { person: &person, purpose: &asked.purpose, attributes: &asked.attributes };
        let Disclosed { event, party, purpose, attributes } = registry.disclose(&who.permit, &wanted)?;
        Ok(DisclosureView {
            person: person.to_string(),
            receiver: party.to_string(),
            purpose: purpose.name,
            legal_basis: purpose.legal_basis,
            case: who.permit.case().map_or("", CaseReference::as_str).to_owned(),
            attributes: attributes.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
            event: event.to_string(),
        })
    };
    Ok(Json(blocking(&registry, act).await?))
}
