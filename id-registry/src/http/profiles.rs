//! Changes of profiles over HTTP, and the editions that there were.

use axum::Json;
use axum::extract::State;
use ca_core::certificate::CaId;
use ca_core::profile::ProfileId;
use ca_core::profile_book::{Current, Edition, EditionState, Origin};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::input::{Asked, At, AtBoth, Body, page_size, parameter};
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::fault::Fault;
use crate::id::ProposalId;
use crate::permission::{ChangeProfiles, ReadProfiles};
use crate::profiles::{Proposal, ProposalState, ProposalStatus, Wish};
use crate::registry::Registry;

/// A proposed change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Propose {
    /// The profile's name.
    profile: String,
    /// Its TOML, as it is to be; left out where the profile is to be retired.
    text: Option<String>,
    /// The CA that is to issue under it, for a profile that no CA issues under yet.
    issued_by: Option<String>,
    /// Why. It stays for good: no personal data.
    reason: String,
}

/// A proposal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfileProposal)]
pub(super) struct ProposalView {
    /// Its identifier.
    id: String,
    /// The profile.
    profile: String,
    /// `change` or `retirement`.
    act: &'static str,
    /// SHA-256 of the text, hex: what is approved. Of a retirement, that of the text in force.
    sha256: String,
    /// The number of the edition that it was made against; null for a new profile.
    against: Option<u32>,
    /// The CA that is to issue under it, where that is not settled.
    issued_by: Option<String>,
    /// Why.
    reason: String,
    /// Who proposed it.
    proposed_by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    proposed_at: OffsetDateTime,
    /// `waiting`, `approved`, `rejected` or `withdrawn`.
    status: &'static str,
    /// Whether the profile was changed since: then it can only be rejected or withdrawn.
    stale: bool,
    /// Who decided on it.
    decided_by: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<OffsetDateTime>,
    /// The number of the edition that it became.
    edition: Option<u32>,
    /// Why it was rejected.
    rejection: Option<String>,
    /// The text; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl ProposalView {
    fn of(proposal: Proposal, current: &Current) -> Self {
        let (status, stale, act) =
            (proposal.status().name(), proposal.is_stale(current), proposal.wish.name());
        let (decided_by, decided_at, edition, rejection) = match proposal.state {
            ProposalState::Waiting => (None, None, None, None),
            ProposalState::Approved { by, at, edition } => (Some(by), Some(at), Some(edition), None),
            ProposalState::Rejected { by, at, reason } => (Some(by), Some(at), None, Some(reason)),
            ProposalState::Withdrawn { at } => (Some(proposal.proposed_by), Some(at), None, None),
        };
        let (text, issued_by) = match proposal.wish {
            Wish::Change { text, issued_by } => (Some(text), issued_by),
            Wish::Retirement => (None, None),
        };
        Self {
            id: proposal.id.to_string(),
            profile: proposal.profile.to_string(),
            act,
            sha256: proposal.sha256,
            against: proposal.against.map(|edition| edition.number),
            issued_by: issued_by.map(|ca| ca.to_string()),
            reason: proposal.reason,
            proposed_by: proposal.proposed_by.to_string(),
            proposed_at: proposal.proposed_at,
            status,
            stale,
            decided_by: decided_by.map(|by| by.to_string()),
            decided_at,
            edition,
            rejection,
            text,
        }
    }
}

fn current(registry: &Registry) -> Result<std::sync::Arc<Current>, Problem> {
    Ok(registry.profiles_in_force().map_err(Fault::from)?)
}

/// A name that no profile can have is refused where its text is read.
fn named(profile: String) -> ProfileId {
    ProfileId(profile.chars().take(100).collect())
}

/// Proposes a new profile, another text for one, or that one is retired. Another administrator approves it.
#[utoipa::path(post, path = "/v1/profile-proposals", tag = "profiles", operation_id = "propose_profile",
    request_body = Propose, responses((status = 200, body = ProposalView)))]
pub(super) async fn propose(
    State(registry): Service,
    who: Authorised<ChangeProfiles>,
    Body(asked): Body<Propose>,
) -> Result<Json<ProposalView>, Problem> {
    let profile = named(asked.profile);
    let issued_by = asked.issued_by.as_deref().map(ca_named).transpose()?;
    let wish = match (asked.text, issued_by) {
        (Some(text), issued_by) => Wish::Change { text, issued_by },
        (None, None) => Wish::Retirement,
        (None, Some(_)) => {
            return Err(Problem::new(table::JSON_UNFIT, "issued_by stands beside text only"));
        }
    };
    let act = move |registry: &Registry| {
        let proposal = registry.propose_profile(&who.permit, &profile, &wish, &asked.reason)?;
        Ok(ProposalView::of(proposal, &*current(registry)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

pub(super) fn ca_named(id: &str) -> Result<CaId, Problem> {
    let shown: String = id.chars().take(40).collect();
    CaId::new(id).map_err(|_| Problem::new(table::UNKNOWN_CA, format!("no CA is called {shown:?}")))
}

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProposalsAsked {
    /// Only those in this state: `waiting`, `approved`, `rejected`, `withdrawn`.
    status: Option<String>,
    /// Begin after what the page before ended with.
    after: Option<String>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of proposals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProposalList {
    items: Vec<ProposalView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// Proposals, in the order in which they were made.
#[utoipa::path(get, path = "/v1/profile-proposals", tag = "profiles", operation_id = "list_profile_proposals",
    params(ProposalsAsked), responses((status = 200, body = ProposalList)))]
pub(super) async fn proposals(
    State(registry): Service,
    who: Authorised<ReadProfiles>,
    Asked(asked): Asked<ProposalsAsked>,
) -> Result<Json<ProposalList>, Problem> {
    let status = parameter::<ProposalStatus>("status", asked.status.as_deref())?;
    let after = parameter::<ProposalId>("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let list = blocking(&registry, move |registry| {
        let page = registry.profile_proposals(&who.permit, status, after, size)?;
        let current = current(registry)?;
        let view = |proposal| ProposalView { text: None, ..ProposalView::of(proposal, &current) };
        let page = page.map(view);
        Ok(ProposalList { items: page.items, next: page.next.map(|id| id.to_string()) })
    });
    Ok(Json(list.await?))
}

/// One proposal, with its text.
#[utoipa::path(get, path = "/v1/profile-proposals/{id}", tag = "profiles", operation_id = "show_profile_proposal",
    params(("id" = String, Path, description = "The proposal")), responses((status = 200, body = ProposalView)))]
pub(super) async fn proposal(
    State(registry): Service,
    who: Authorised<ReadProfiles>,
    At(id): At,
) -> Result<Json<ProposalView>, Problem> {
    let id: ProposalId = id.parse()?;
    let act = move |registry: &Registry| {
        let proposal = registry.profile_proposal(&who.permit, id)?;
        Ok(ProposalView::of(proposal, &*current(registry)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveProposal {
    /// The SHA-256 of what is approved, hex, as it was shown.
    sha256: String,
}

/// Approves a proposal of another administrator, over its exact SHA-256. It is in force at once.
#[utoipa::path(post, path = "/v1/profile-proposals/{id}/approve", tag = "profiles",
    operation_id = "approve_profile_proposal", params(("id" = String, Path, description = "The proposal")),
    request_body = ApproveProposal, responses((status = 200, body = ProposalView)))]
pub(super) async fn approve(
    State(registry): Service,
    who: Authorised<ChangeProfiles>,
    (At(id), Body(approval)): (At, Body<ApproveProposal>),
) -> Result<Json<ProposalView>, Problem> {
    let id: ProposalId = id.parse()?;
    let act = move |registry: &Registry| {
        let proposal = registry.approve_profile(&who.permit, id, &approval.sha256)?;
        Ok(ProposalView::of(proposal, &*current(registry)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// A rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectProposal {
    /// Why. It stays for good: no personal data.
    reason: String,
}

/// Rejects a proposal of another administrator.
#[utoipa::path(post, path = "/v1/profile-proposals/{id}/reject", tag = "profiles",
    operation_id = "reject_profile_proposal", params(("id" = String, Path, description = "The proposal")),
    request_body = RejectProposal, responses((status = 200, body = ProposalView)))]
pub(super) async fn reject(
    State(registry): Service,
    who: Authorised<ChangeProfiles>,
    (At(id), Body(rejection)): (At, Body<RejectProposal>),
) -> Result<Json<ProposalView>, Problem> {
    let id: ProposalId = id.parse()?;
    let act = move |registry: &Registry| {
        let proposal = registry.reject_profile(&who.permit, id, &rejection.reason)?;
        Ok(ProposalView::of(proposal, &*current(registry)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// Withdraws a proposal of one's own.
#[utoipa::path(post, path = "/v1/profile-proposals/{id}/withdraw", tag = "profiles",
    operation_id = "withdraw_profile_proposal", params(("id" = String, Path, description = "The proposal")),
    responses((status = 200, body = ProposalView)))]
pub(super) async fn withdraw(
    State(registry): Service,
    who: Authorised<ChangeProfiles>,
    At(id): At,
) -> Result<Json<ProposalView>, Problem> {
    let id: ProposalId = id.parse()?;
    let act = move |registry: &Registry| {
        let proposal = registry.withdraw_profile(&who.permit, id)?;
        Ok(ProposalView::of(proposal, &*current(registry)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}

/// An edition of a profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfileEdition)]
pub(super) struct EditionView {
    /// The profile.
    profile: String,
    /// Counted from 1.
    number: u32,
    /// `in-force` from then on, or `retired`.
    state: &'static str,
    /// SHA-256 of its text, hex.
    sha256: String,
    /// The CA that issues under it, where the hierarchy does not say.
    issued_by: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    since: OffsetDateTime,
    /// `founding`, `import` or `change`.
    origin: &'static str,
    /// The proposal that it was.
    proposal: Option<String>,
    /// Who proposed it.
    proposed_by: Option<String>,
    /// Who approved it.
    approved_by: Option<String>,
    /// Why.
    reason: Option<String>,
    /// The ledger's event of it.
    event: String,
    /// Its TOML, to the octet; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl From<Edition> for EditionView {
    fn from(edition: Edition) -> Self {
        let (origin, word) = match edition.origin {
            Origin::Founding => ("founding", None),
            Origin::Import => ("import", None),
            Origin::Change(word) => ("change", Some(word)),
        };
        Self {
            profile: edition.profile.to_string(),
            number: edition.number,
            state: match edition.state {
                EditionState::InForce => "in-force",
                EditionState::Retired => "retired",
            },
            sha256: edition.sha256,
            issued_by: edition.issued_by.map(|ca| ca.to_string()),
            since: edition.since,
            origin,
            proposal: word.as_ref().map(|word| word.proposal.clone()),
            proposed_by: word.as_ref().map(|word| word.proposed_by.to_string()),
            approved_by: word.as_ref().map(|word| word.approved_by.to_string()),
            reason: word.map(|word| word.reason),
            event: edition.event.to_string(),
            text: Some(edition.text),
        }
    }
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EditionsAsked {
    /// Begin after this number.
    after: Option<u32>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
}

/// A page of editions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EditionList {
    items: Vec<EditionView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// The editions of a profile, the oldest first.
#[utoipa::path(get, path = "/v1/profiles/{id}/editions", tag = "profiles", operation_id = "list_profile_editions",
    params(("id" = String, Path, description = "The profile"), EditionsAsked),
    responses((status = 200, body = EditionList)))]
pub(super) async fn editions(
    State(registry): Service,
    who: Authorised<ReadProfiles>,
    (At(id), Asked(asked)): (At, Asked<EditionsAsked>),
) -> Result<Json<EditionList>, Problem> {
    let (profile, size) = (named(id), page_size(asked.limit)?);
    let act =
        move |registry: &Registry| Ok(registry.profile_editions(&who.permit, &profile, asked.after, size)?);
    let page = blocking(&registry, act).await?;
    let page = page.map(|edition| EditionView { text: None, ..EditionView::from(edition) });
    Ok(Json(EditionList { items: page.items, next: page.next.map(|number| number.to_string()) }))
}

/// One edition of a profile, by its number, or `newest`.
#[utoipa::path(get, path = "/v1/profiles/{id}/editions/{number}", tag = "profiles",
    operation_id = "show_profile_edition",
    params(("id" = String, Path, description = "The profile"),
        ("number" = String, Path, description = "The edition's number, or newest")),
    responses((status = 200, body = EditionView)))]
pub(super) async fn edition(
    State(registry): Service,
    who: Authorised<ReadProfiles>,
    AtBoth(id, number): AtBoth,
) -> Result<Json<EditionView>, Problem> {
    let profile = named(id);
    let number = match number.as_str() {
        "newest" => None,
        digits => Some(digits.parse().map_err(|_| {
            let shown: String = digits.chars().take(20).collect();
            Problem::new(table::UNKNOWN_EDITION, format!("{shown:?} is no number of an edition"))
        })?),
    };
    let act = move |registry: &Registry| Ok(registry.profile_edition(&who.permit, &profile, number)?);
    Ok(Json(EditionView::from(blocking(&registry, act).await?)))
}
