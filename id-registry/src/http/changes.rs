//! Changes of what is known of identities over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::identities::IdentityView;
use super::input::{Asked, At, Body, page_size, parameter, word};
use super::problem::Problem;
use super::route::Service;
use crate::life::change::{
    ChangeAsked, ChangeReason, Confirmed, FieldChange, NewFacts, OpenChange, ProposedChange,
};
use crate::permission::{ChangeIdentities, ReadRegistry};
use crate::registry::Registry;

/// The facts that a change gives; what is left out stays. An empty text, or an empty list, takes a fact away where an
/// identity can be without it. Which of them an identity may have depends on its kind.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFacts)]
pub(super) struct FactsView {
    surname: Option<String>,
    given_name: Option<String>,
    legal_name: Option<String>,
    identifier: Option<String>,
    locality: Option<String>,
    asset_tag: Option<String>,
    hardware_module: Option<String>,
    name: Option<String>,
    environment: Option<String>,
    version: Option<String>,
    purpose: Option<String>,
    dns_names: Option<Vec<String>>,
    ip_addresses: Option<Vec<String>>,
    email_addresses: Option<Vec<String>>,
    uris: Option<Vec<String>>,
    permanent_identifier: Option<String>,
    user_principal_name: Option<String>,
    registered_id: Option<String>,
    member_class: Option<String>,
    member_code: Option<String>,
    server_code: Option<String>,
    birth_date: Option<String>,
    surname_latin: Option<String>,
    given_name_latin: Option<String>,
}

impl std::fmt::Debug for FactsView {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FactsView").finish_non_exhaustive()
    }
}

impl From<FactsView> for NewFacts {
    fn from(view: FactsView) -> Self {
        Self {
            surname: view.surname,
            given_name: view.given_name,
            legal_name: view.legal_name,
            identifier: view.identifier,
            locality: view.locality,
            asset_tag: view.asset_tag,
            hardware_module: view.hardware_module,
            name: view.name,
            environment: view.environment,
            version: view.version,
            purpose: view.purpose,
            dns_names: view.dns_names,
            ip_addresses: view.ip_addresses,
            email_addresses: view.email_addresses,
            uris: view.uris,
            permanent_identifier: view.permanent_identifier,
            user_principal_name: view.user_principal_name,
            registered_id: view.registered_id,
            member_class: view.member_class,
            member_code: view.member_code,
            server_code: view.server_code,
            birth_date: view.birth_date,
            surname_latin: view.surname_latin,
            given_name_latin: view.given_name_latin,
        }
    }
}

/// A change that is proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeChange {
    /// The facts it gives.
    facts: FactsView,
    /// `marriage`, `divorce`, `court`, `renamed`, `upgraded`, `moved`, `correction` or `identity-theft`.
    reason: String,
    /// How many days certificates that say what was known before stay, 1 to 90; without it they end at once.
    #[schema(minimum = 1, maximum = 90)]
    replace_within_days: Option<u16>,
    /// On what grounds. It is kept sealed with the identity.
    note: String,
}

/// One field, before and after.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub(super) struct FieldChangeView {
    /// Its name.
    field: String,
    /// What was known; null when nothing was.
    before: Value,
    /// What is known from then on; null when nothing is.
    after: Value,
}

impl From<FieldChange> for FieldChangeView {
    fn from(change: FieldChange) -> Self {
        Self { field: change.field, before: change.before, after: change.after }
    }
}

/// A change that waits for another officer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityChange)]
pub(super) struct ChangeView {
    /// Its name: the ledger's event that proposed it.
    change: String,
    /// Whose facts it changes.
    identity: String,
    /// Why.
    reason: &'static str,
    /// How many days certificates that say what was known before stay; null when they end at once.
    replace_within_days: Option<u16>,
    /// The names of the fields that are given.
    fields: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    proposed_at: OffsetDateTime,
    /// The officer who proposed it.
    proposed_by: String,
    /// What would change; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<FieldChangeView>>,
    /// On what grounds; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<ProposedChange> for ChangeView {
    fn from(proposed: ProposedChange) -> Self {
        Self {
            change: proposed.id.to_string(),
            identity: proposed.identity.to_string(),
            reason: proposed.reason.name(),
            replace_within_days: proposed.replace_within,
            fields: proposed.fields,
            proposed_at: proposed.at,
            proposed_by: proposed.by.to_string(),
            changes: None,
            note: None,
        }
    }
}

impl From<OpenChange> for ChangeView {
    fn from(open: OpenChange) -> Self {
        let changes = Some(open.changes.into_iter().map(FieldChangeView::from).collect());
        Self { changes, note: open.note, ..Self::from(open.proposed) }
    }
}

/// Proposes a change of what is known of an identity: another officer confirms it.
#[utoipa::path(post, path = "/v1/identities/{id}/changes", tag = "changes", operation_id = "propose_change",
    params(("id" = String, Path, description = "The identity")), request_body = ProposeChange,
    responses((status = 201, body = ChangeView)))]
pub(super) async fn propose(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<ProposeChange>),
) -> Result<(StatusCode, Json<ChangeView>), Problem> {
    let id = id.parse()?;
    let reason = word::<ChangeReason>("reason", &asked.reason)?;
    let act = move |registry: &Registry| {
        let facts = asked.facts.into();
        let (replace_within, note) = (asked.replace_within_days, asked.note.as_str());
        let change = ChangeAsked { facts: &facts, reason, replace_within, note };
        Ok(registry.propose_change(&who.permit, id, &change)?)
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?.into())))
}

/// Which changes to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesAsked {
    /// Begin after this identity.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of changes that wait.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityChangeList)]
pub(super) struct ChangeList {
    items: Vec<ChangeView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Changes that wait for another officer, in the order of the identities; without what they change.
#[utoipa::path(get, path = "/v1/identity-changes", tag = "changes", operation_id = "list_changes",
    params(ChangesAsked), responses((status = 200, body = ChangeList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    Asked(asked): Asked<ChangesAsked>,
) -> Result<Json<ChangeList>, Problem> {
    let after = parameter("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let read = move |registry: &Registry| Ok(registry.waiting_changes(&who.permit, after, size)?);
    let page = blocking(&registry, read).await?;
    let next = page.next.map(|id| id.to_string());
    Ok(Json(ChangeList { items: page.items.into_iter().map(ChangeView::from).collect(), next }))
}

/// The change of an identity that waits. A look at a person's is in the ledger before the answer leaves.
#[utoipa::path(get, path = "/v1/identities/{id}/changes", tag = "changes", operation_id = "show_change",
    params(("id" = String, Path, description = "The identity")), responses((status = 200, body = ChangeView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<ChangeView>, Problem> {
    let id = id.parse()?;
    let read = move |registry: &Registry| Ok(registry.open_change(&who.permit, id)?);
    Ok(Json(blocking(&registry, read).await?.into()))
}

/// A decision on a change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideChange {
    /// The change, as it was shown: nobody confirms what they have not seen.
    change: String,
    /// What was seen, or why not. It is kept sealed with the identity.
    note: String,
}

/// A certificate that is to be replaced.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ToReplace {
    /// Its serial number.
    serial: String,
    /// Until when: then it is revoked.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    until: OffsetDateTime,
}

/// What a confirmed change did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfirmedChange)]
pub(super) struct ConfirmedView {
    /// The identity, as it is known now.
    identity: IdentityView,
    /// How many certificates were revoked.
    revoked: usize,
    /// Certificates that stay until they are replaced.
    to_replace: Vec<ToReplace>,
    /// Certificates of CAs whose keys are elsewhere: they are to be revoked there.
    beyond_reach: Vec<String>,
}

impl From<Confirmed> for ConfirmedView {
    fn from(confirmed: Confirmed) -> Self {
        let to_replace = confirmed.to_replace.into_iter();
        Self {
            identity: confirmed.identity.into(),
            revoked: confirmed.touched.revoked,
            to_replace: to_replace
                .map(|(serial, until)| ToReplace { serial: serial.to_string(), until })
                .collect(),
            beyond_reach: confirmed.touched.beyond_reach.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Confirms a change that another officer proposed: certificates that say what was known before end.
#[utoipa::path(post, path = "/v1/identities/{id}/changes/confirm", tag = "changes", operation_id = "confirm_change",
    params(("id" = String, Path, description = "The identity")), request_body = DecideChange,
    responses((status = 200, body = ConfirmedView)))]
pub(super) async fn confirm(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(decided)): (At, Body<DecideChange>),
) -> Result<Json<ConfirmedView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| {
        Ok(registry.confirm_change(&who.permit, id, &decided.change, &decided.note)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Takes a change back, or rejects it.
#[utoipa::path(post, path = "/v1/identities/{id}/changes/drop", tag = "changes", operation_id = "drop_change",
    params(("id" = String, Path, description = "The identity")), request_body = DecideChange,
    responses((status = 200, body = ChangeView)))]
pub(super) async fn drop(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(decided)): (At, Body<DecideChange>),
) -> Result<Json<ChangeView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| {
        Ok(registry.drop_change(&who.permit, id, &decided.change, &decided.note)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}
