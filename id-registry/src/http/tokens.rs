//! Lost tokens over HTTP.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::certificates::serial_number;
use super::input::{At, Body, word};
use super::lives::{Noted, StepView};
use super::problem::Problem;
use super::route::Service;
use crate::identity::FieldError;
use crate::key_origin::{MakersName, OriginKind};
use crate::life::token::InToken;
use crate::permission::ChangeIdentities;
use crate::registry::Registry;

/// A token that is lost, and what is in it: certificates whose keys are known to come from such a token, and those named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoseToken {
    /// `tee`, `strongbox`, `smart-card`, `hsm` or `software`.
    kind: Option<String>,
    /// Its model.
    model: Option<String>,
    /// Its batch.
    batch: Option<String>,
    /// Its firmware.
    firmware: Option<String>,
    /// Serial numbers of certificates that are in it.
    #[serde(default)]
    serials: Vec<String>,
    /// Whether all that the identity has is in it.
    #[serde(default)]
    all: bool,
    /// Whether those are elsewhere of whose keys nobody knows where they are, and that are not named.
    #[serde(default)]
    others_elsewhere: bool,
    /// Whether it was stolen: then all of it is revoked as keyCompromise. With nothing said of what is in it, what is on hold
    /// for its loss is.
    #[serde(default)]
    stolen: bool,
    /// What is known of it: a police report's number. It is kept sealed with the identity.
    note: String,
}

impl LoseToken {
    fn token(&self) -> Result<InToken, Problem> {
        let name = |field: &'static str, text: &Option<String>| -> Result<Option<MakersName>, FieldError> {
            text.as_deref().map(|text| MakersName::new(field, text)).transpose()
        };
        Ok(InToken {
            kind: self.kind.as_deref().map(|kind| word::<OriginKind>("kind", kind)).transpose()?,
            model: name("model", &self.model)?,
            batch: name("batch", &self.batch)?,
            firmware: name("firmware", &self.firmware)?,
            certificates: self.serials.iter().map(|text| serial_number(text)).collect::<Result<_, _>>()?,
            all: self.all,
            others_elsewhere: self.others_elsewhere,
        })
    }
}

/// Enters that a token of an identity is lost or stolen: every certificate in it is on hold, or revoked.
#[utoipa::path(post, path = "/v1/identities/{id}/lose-token", tag = "lives", operation_id = "lose_token",
    params(("id" = String, Path, description = "The identity")), request_body = LoseToken,
    responses((status = 200, body = StepView)))]
pub(super) async fn lose(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(asked)): (At, Body<LoseToken>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let token = asked.token()?;
    let act = move |registry: &Registry| {
        Ok(registry.lose_token(&who.permit, id, &token, asked.stolen, &asked.note)?)
    };
    Ok(Json(blocking(&registry, act).await?.into()))
}

/// Enters that a lost token is found, by an officer who did not enter its loss: what is on hold for it is released.
#[utoipa::path(post, path = "/v1/identities/{id}/find-token", tag = "lives", operation_id = "find_token",
    params(("id" = String, Path, description = "The identity")), request_body = Noted,
    responses((status = 200, body = StepView)))]
pub(super) async fn find(
    State(registry): Service,
    who: Authorised<ChangeIdentities>,
    (At(id), Body(noted)): (At, Body<Noted>),
) -> Result<Json<StepView>, Problem> {
    let id = id.parse()?;
    let act = move |registry: &Registry| Ok(registry.find_token(&who.permit, id, &noted.note)?);
    Ok(Json(blocking(&registry, act).await?.into()))
}
