//! Simulating a change of a profile over HTTP.

use axum::Json;
use axum::extract::State;
use ca_core::profile::ProfileId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::input::{Body, page_size, parameter};
use super::problem::Problem;
use super::profiles::ca_named;
use super::route::Service;
use crate::enrolment::{Effect, Simulated, Simulation, Tally};
use crate::id::RequestId;
use crate::permission::ChangeProfiles;
use crate::registry::Registry;

/// From when on requests are looked at, unless something else is asked for.
const SINCE: Duration = Duration::days(30);

/// A changed profile, and over which requests it is run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Simulate {
    /// The profile's name.
    profile: String,
    /// Its TOML, as it would be.
    text: String,
    /// The CA that would issue under it, for a profile that no CA issues under yet.
    issued_by: Option<String>,
    /// Requests from this moment on; without one, of the last thirty days.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<OffsetDateTime>,
    /// Begin after what the page before ended with.
    after: Option<String>,
    /// How many requests of the profile at most: 1 to 500.
    limit: Option<usize>,
}

/// What the change would do to requests of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedEffect)]
struct EffectView {
    /// What became of the requests: `waiting`, `issued` or `rejected`.
    status: &'static str,
    /// `same`, `refused-as-before`, `admitted-now`, `refused-now`, `refused-otherwise`, `differs` or `undetermined`.
    effect: &'static str,
    /// The rule that refuses, or the part that differs.
    detail: Option<String>,
    /// How many requests.
    count: usize,
    /// Some of them.
    examples: Vec<String>,
}

/// A page of a simulation. A request whose certificate would differ in several parts counts at each.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimulationPage {
    /// How many requests of the profile were looked at.
    requests: usize,
    /// Of these, how many are of identities that were erased: nothing is known of them any more.
    erased: usize,
    effects: Vec<EffectView>,
    /// Where the next page begins; null at the end. A page may be empty and have a successor.
    next: Option<String>,
}

impl From<Simulated> for SimulationPage {
    fn from(found: Simulated) -> Self {
        let view = |((status, effect), tally): ((&'static str, Effect), Tally)| EffectView {
            status,
            effect: effect.name(),
            detail: effect.detail().map(ToOwned::to_owned),
            count: tally.count,
            examples: tally.examples.iter().map(ToString::to_string).collect(),
        };
        Self {
            requests: found.requests,
            erased: found.erased,
            effects: found.effects.into_iter().map(view).collect(),
            next: found.next.map(|id| id.to_string()),
        }
    }
}

/// Runs a changed profile over requests that were made, before it is proposed. Nothing changes.
#[utoipa::path(post, path = "/v1/profiles/simulation", tag = "profiles", operation_id = "simulate_profile",
    request_body = Simulate, responses((status = 200, body = SimulationPage)))]
pub(super) async fn simulate(
    State(registry): Service,
    who: Authorised<ChangeProfiles>,
    Body(asked): Body<Simulate>,
) -> Result<Json<SimulationPage>, Problem> {
    let profile = ProfileId(asked.profile.chars().take(100).collect());
    let issued_by = asked.issued_by.as_deref().map(ca_named).transpose()?;
    let after = parameter::<RequestId>("after", asked.after.as_deref())?;
    let size = page_size(asked.limit)?;
    let act = move |registry: &Registry| {
        let simulation = Simulation {
            profile: &profile,
            text: &asked.text,
            issued_by: issued_by.as_ref(),
            since: asked.since.unwrap_or_else(|| registry.now() - SINCE),
        };
        Ok(SimulationPage::from(registry.simulate_profile(&who.permit, &simulation, after, size)?))
    };
    Ok(Json(blocking(&registry, act).await?))
}
