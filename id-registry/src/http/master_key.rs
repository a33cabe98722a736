//! The master key over HTTP.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::input::Body;
use super::problem::Problem;
use super::route::Service;
use crate::master_keys::MasterKeyState;
use crate::permission::RotateMasterKey;

/// Where the master keys of personal data stand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MasterKey)]
pub(super) struct MasterKeyView {
    /// The master key that wraps.
    current: String,
    /// How many subjects' keys each master key wraps; while a rotation runs, as when it began.
    in_use: BTreeMap<String, u64>,
    /// How many keys this rotation, or the last one since the service's start, has re-wrapped.
    rewrapped: u64,
    /// How many keys other master keys still wrap.
    left: u64,
    /// `idle`, `running` or `failed`.
    rotation: &'static str,
}

impl From<MasterKeyState> for MasterKeyView {
    fn from(state: MasterKeyState) -> Self {
        Self {
            current: state.current.0,
            in_use: state.in_use.into_iter().map(|(id, keys)| (id.0, keys)).collect(),
            rewrapped: state.rewrapped,
            left: state.left,
            rotation: state.progress.name(),
        }
    }
}

/// Which master key wraps, which others are in use, and how a rotation stands.
#[utoipa::path(get, path = "/v1/master-key", tag = "master-key", operation_id = "show_master_key",
    responses((status = 200, body = MasterKeyView)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<RotateMasterKey>,
    _nothing: (),
) -> Result<Json<MasterKeyView>, Problem> {
    let state = blocking(&registry, move |registry| Ok(registry.master_keys(&who.permit)?)).await?;
    Ok(Json(state.into()))
}

/// A rotation. It has no terms: an empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotate {}

/// Makes a new master key current and begins to re-wrap all keys under it; it goes on after the answer.
#[utoipa::path(post, path = "/v1/master-key/rotation", tag = "master-key", operation_id = "rotate_master_key",
    request_body = Rotate, responses((status = 202, body = MasterKeyView)))]
pub(super) async fn rotate(
    State(registry): Service,
    who: Authorised<RotateMasterKey>,
    Body(Rotate {}): Body<Rotate>,
) -> Result<(StatusCode, Json<MasterKeyView>), Problem> {
    let state = blocking(&registry, move |registry| Ok(registry.rotate_master_key(&who.permit)?)).await?;
    Ok((StatusCode::ACCEPTED, Json(state.into())))
}
