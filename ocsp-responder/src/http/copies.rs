//! Copies of CRLs, CA certificates and filters, under the addresses that they have at the installation.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::caching::Validators;
use super::files::{
    BUNDLE_LIFE, BUNDLE_TYPE, CERTIFICATE_TYPE, CRL_TYPE, FILTER_LIFE, FILTER_TYPE, ca_of, indexed,
    unpublished,
};
use super::role::RoleState;
use crate::publication::{CopiedFile, Copy};

/// The addresses of copies.
pub(super) fn routes(state: RoleState) -> Router {
    Router::new()
        .route("/crl/{*path}", get(copy))
        .route("/filter/{file}", get(copy))
        .route("/ca/{file}", get(certificate))
        .route("/published", get(index))
        .with_state(state)
}

async fn index(State(state): State<RoleState>) -> Response {
    indexed(&state.copies.index(&state.held.cas()))
}

/// The certificate that the feed tells of, or what vouches for it.
async fn certificate(
    State(state): State<RoleState>,
    file: Result<Path<String>, PathRejection>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Response {
    let Some(ca) = ca_of(file, ".cer") else { return copy(State(state), uri, headers).await };
    match state.held.cas().remove(&ca) {
        Some(der) => Validators::new(&der).respond(&headers, CERTIFICATE_TYPE, der),
        None => unpublished(),
    }
}

async fn copy(State(state): State<RoleState>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let file = CopiedFile::from_path(uri.path().trim_start_matches('/'));
    let Some(copy) = file.and_then(|file| state.copies.find(&file)) else { return unpublished() };
    let now = state.answering.clock.now();
    let (content_type, expires) = match &copy.file {
        CopiedFile::Crl(_) => (CRL_TYPE, copy.until.unwrap_or(now)),
        CopiedFile::Filter(_) => (FILTER_TYPE, now + FILTER_LIFE),
        CopiedFile::Bundle(_) => (BUNDLE_TYPE, now + BUNDLE_LIFE),
    };
    let validators = validators(&copy).expiring(now, expires);
    let held = validators.not_modified(&headers, content_type);
    held.unwrap_or_else(|| (validators.headers(content_type), Bytes::from_owner(copy.octets)).into_response())
}

fn validators(copy: &Copy) -> Validators {
    let validators = Validators::of_digest(&copy.sha256);
    match copy.made {
        Some(made) => validators.modified(made),
        None => validators,
    }
}
