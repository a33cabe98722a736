//! Authorisation by type: a handler that takes an [`Authorised`] cannot run without the permission, and a handler
//! that takes none has no permit to call the domain with.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::problem::{self as table, Problem};
use super::{PeerCertificate, blocking};
use crate::look::{CaseReference, InvalidCase};
use crate::notification::SourcePermit;
use crate::permission::{Notify, Permission, Permit};
use crate::principal::Principal;
use crate::registry::Registry;

/// A member of staff who may do `P`.
#[derive(Debug)]
pub(super) struct Authorised<P: Permission> {
    /// Who it is.
    pub(super) principal: Principal,
    /// The permit.
    pub(super) permit: Permit<P>,
}

impl<P: Permission> FromRequestParts<Arc<Registry>> for Authorised<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, registry: &Arc<Registry>) -> Result<Self, Problem> {
        let certificate = presented(parts)?;
        let principal = blocking(registry, move |registry| Ok(registry.authenticate(&certificate)?)).await?;
        let permit = principal.permit::<P>()?.in_case(case_of(&parts.headers)?);
        Ok(Self { principal, permit })
    }
}

/// An application that may notify.
#[derive(Debug)]
pub(super) struct CallingSource(pub(super) SourcePermit);

impl FromRequestParts<Arc<Registry>> for CallingSource {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, registry: &Arc<Registry>) -> Result<Self, Problem> {
        let certificate = presented(parts)?;
        let call = move |registry: &Registry| match registry.authenticate_source(&certificate)? {
            Some(permit) => Ok(Self(permit)),
            // Whoever else calls is told as everybody is.
            None => {
                let permit = registry.authenticate(&certificate)?.permit::<Notify>()?;
                Err(Problem::new(table::NOT_PERMITTED, format!("{} is no source", permit.staff())))
            }
        };
        blocking(registry, call).await
    }
}

fn presented(parts: &Parts) -> Result<Vec<u8>, Problem> {
    let presented = parts.extensions.get::<PeerCertificate>().and_then(|peer| peer.0.clone());
    presented
        .ok_or_else(|| Problem::new(table::NO_CERTIFICATE, "the connection carries no client certificate"))
}

/// The header that says for which case persons are looked at.
const CASE: &str = "npki-case";

fn case_of(headers: &HeaderMap) -> Result<Option<CaseReference>, Problem> {
    let mut given = headers.get_all(CASE).iter();
    let (Some(case), more) = (given.next(), given.next()) else { return Ok(None) };
    let read = case.to_str().ok().filter(|_| more.is_none()).ok_or(InvalidCase).and_then(str::parse);
    read.map(Some).map_err(|error| Problem::new(table::CASE_UNFIT, error.to_string()))
}
