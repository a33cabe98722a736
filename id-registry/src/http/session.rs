//! What staff sees of itself and of the profiles.

use axum::Json;
use axum::extract::State;
use ca_core::profile::Profile;
use serde::Serialize;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::problem::Problem;
use super::route::Service;
use crate::fault::Fault;
use crate::permission::SignedIn;

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WhoAmI {
    /// The identifier.
    id: String,
    /// The name.
    name: String,
    /// The roles: one.
    roles: Vec<&'static str>,
    /// The organisation, for an agency operator.
    organisation: Option<String>,
}

/// Who one is to this service.
#[utoipa::path(get, path = "/v1/whoami", tag = "session", responses((status = 200, body = WhoAmI)))]
pub(super) async fn whoami(
    _service: Service,
    who: Authorised<SignedIn>,
    _nothing: (),
) -> Result<Json<WhoAmI>, Problem> {
    let principal = who.principal;
    Ok(Json(WhoAmI {
        id: principal.id().to_string(),
        name: principal.name().to_owned(),
        roles: vec![principal.role().name()],
        organisation: principal.role().organisation().map(|id| id.to_string()),
    }))
}

/// The profiles.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProfileList {
    items: Vec<ProfileView>,
}

/// A profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
struct ProfileView {
    /// Its name.
    id: String,
    /// What it is for.
    title: String,
    /// The kind of identity it is for; null for the installation's own.
    identity_kind: Option<String>,
    /// How many officers must approve.
    approvals: u8,
    /// How long its certificates are valid, in days.
    validity_days: i64,
    /// The keys it admits.
    keys: Vec<String>,
}

impl From<&Profile> for ProfileView {
    fn from(profile: &Profile) -> Self {
        Self {
            id: profile.id.to_string(),
            title: profile.title.clone(),
            identity_kind: profile.vetting.identity_kind.clone(),
            approvals: profile.vetting.approvals,
            validity_days: profile.validity.whole_days(),
            keys: profile.keys.names(),
        }
    }
}

/// The profiles that certificates are issued under.
#[utoipa::path(get, path = "/v1/profiles", tag = "session", responses((status = 200, body = ProfileList)))]
pub(super) async fn profiles(
    State(registry): Service,
    _who: Authorised<SignedIn>,
    _nothing: (),
) -> Result<Json<ProfileList>, Problem> {
    let current =
        blocking(&registry, |registry| Ok(registry.profiles_in_force().map_err(Fault::from)?)).await?;
    Ok(Json(ProfileList { items: current.profiles().iter().map(ProfileView::from).collect() }))
}
